"""What a reader's own jobs get on a reader's own cluster, under each scheduler: simulations on published speeds."""

from dataclasses import dataclass

import pandas as pd

from compute.scheduling.evaluation import Evaluation
from compute.scheduling.jobs import Cluster
from compute.scheduling.policy import equal_shares, policies
from compute.scheduling.simulate import Schedule, Setting, simulate
from compute.scheduling.workload import MODES as MODES
from compute.scheduling.workload import epochs_to_converge, training
from store.reader import Reader
from store.settings import SANDBOX_INTERVALS

# the schedulers as the page names them, Optimus first: the others are compared with it
NAMES = {"optimus": "Optimus", "drf": "DRF", "tetris": "Tetris", "equal": "equal shares"}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Simulations of the same jobs under each scheduler.

    `totals` has a row for each scheduler: mean completion time, makespan (hours), their ratios to
    Optimus', and the percentage of running time that went into restarts. `jobs` has one for each job and
    scheduler: arrival, start, end, completion time (hours). `bars` has one for each time in which a
    scheduler leaves a job's tasks as they are (servers, workers, machines, start, end; `kind` is tasks),
    and one from a job's arrival to its end of `kind` waiting, to be drawn behind those.
    """

    totals: pd.DataFrame
    jobs: pd.DataFrame
    bars: pd.DataFrame


def evaluation(reader: Reader) -> Evaluation:
    """The published facts of Optimus' evaluation."""
    if "evaluation" not in reader.memo:
        facts = reader.df("SELECT key, value FROM published")
        # in the order of the paper's Table 1
        jobs = reader.df("SELECT network, quantity, value FROM optimus_jobs ORDER BY rowid")
        reader.memo["evaluation"] = Evaluation(
            published=dict(zip(facts["key"], facts["value"], strict=True)),
            jobs={(row.network, row.quantity): row.value for row in jobs.itertuples()},
        )
    return reader.memo["evaluation"]


def networks(reader: Reader) -> pd.DataFrame:
    """The networks that a job can train: parameters in millions, seconds of a step of one worker with one server."""
    facts = evaluation(reader)
    return pd.DataFrame(
        {
            "network": one.name,
            "parameters_millions": facts.jobs[one.name, "parameters"],
            "step_s": one.step_s(),
            "images_of_a_step": one.synchronous.batch,
        }
        for one in facts.networks()
    )


def machines(reader: Reader) -> pd.DataFrame:
    """The paper's testbed: rows of machines, cores, memory_gb."""
    groups = evaluation(reader).cluster().groups
    return pd.DataFrame([(count, *amounts) for count, amounts in groups], columns=["machines", "cores", "memory_gb"])


def tasks(reader: Reader) -> pd.DataFrame:
    """What a worker and a parameter server take: rows of task, cores, memory_gb."""
    facts = evaluation(reader)
    rows = [(name, *facts.task(f"code_{name}")) for name in ("worker", "server")]
    return pd.DataFrame(rows, columns=["task", "cores", "memory_gb"])


def outcome(
    reader: Reader,
    jobs: tuple[tuple[str, str, float, float, float], ...],
    machines: tuple[tuple[float, float, float], ...],
    error_percent: float,
    interval_min: float,
) -> Outcome:
    """What becomes of the jobs under each scheduler.

    `jobs` are (network, mode, thousand examples, convergence threshold in percent, arrival in minutes),
    `machines` (how many, cores, GB). Estimated epochs and speeds are off by `error_percent` at a job's
    start. Raises ValueError, with a message that says what to do, for jobs that no machine holds or that
    take too many intervals.
    """
    facts = evaluation(reader)
    known = {network.name: network for network in facts.networks()}
    trainings = [
        training(
            known[name],
            mode=mode,
            epochs=epochs_to_converge(facts.curve(), threshold / 100, facts.patience()),
            epoch_steps=1000 * examples / known[name].synchronous.batch,
            arrival_s=60 * arrival,
        )
        for name, mode, examples, threshold, arrival in jobs
    ]
    cluster = Cluster(groups=tuple((int(count), (float(cores), float(gb))) for count, cores, gb in machines))
    interval_s = 60.0 * interval_min
    setting = Setting(
        interval_s=interval_s,
        # the paper's share of an interval
        checkpoint_s=interval_s * facts.checkpoint_s() / facts.interval_s(),
        epochs_error=error_percent / 100,
        speed_error=error_percent / 100,
        most_intervals=SANDBOX_INTERVALS,
    )
    schedulers = {**policies(), "equal": equal_shares()}
    found = {NAMES[name]: simulate(trainings, cluster, policy, setting) for name, policy in schedulers.items()}
    labels = [f"{i} {job.network}" for i, job in enumerate(trainings, start=1)]
    return Outcome(
        totals=_totals(found),
        jobs=pd.concat([_jobs(schedule, labels).assign(scheduler=name) for name, schedule in found.items()]),
        bars=pd.concat([_bars(schedule, labels).assign(scheduler=name) for name, schedule in found.items()]),
    )


def _totals(found: dict[str, Schedule]) -> pd.DataFrame:
    first = next(iter(found.values()))
    return pd.DataFrame(
        {
            "scheduler": name,
            "jct_h": one.jct_s / 3600,
            "makespan_h": one.makespan_s / 3600,
            "jct_ratio": one.jct_s / first.jct_s,
            "makespan_ratio": one.makespan_s / first.makespan_s,
            "restarting_percent": 100 * one.restarting_share,
        }
        for name, one in found.items()
    )


def _jobs(schedule: Schedule, labels: list[str]) -> pd.DataFrame:
    hours = {
        f"{name}_h": getattr(schedule, f"{source}_s") / 3600
        for name, source in (("arrival", "arrival"), ("start", "start"), ("end", "finish"))
    }
    rows = pd.DataFrame({"job": labels, **hours})
    return rows.assign(jct_h=rows["end_h"] - rows["arrival_h"])


def _bars(schedule: Schedule, labels: list[str]) -> pd.DataFrame:
    """The timeline summed over machines, with intervals that follow each other and hold the same tasks as one."""
    rows = pd.DataFrame(schedule.timeline)
    rows = rows.groupby(["job", "interval"], as_index=False).agg(
        servers=("servers", "sum"),
        workers=("workers", "sum"),
        machines=("machine", "nunique"),
        start_s=("start_s", "min"),
        end_s=("end_s", "max"),
    )
    same = ["job", "servers", "workers", "machines"]
    before = rows.shift()
    new = (rows[same] != before[same]).any(axis=1) | (rows["interval"] != before["interval"] + 1)
    rows = rows.groupby([new.cumsum(), *same], as_index=False).agg(start_s=("start_s", "min"), end_s=("end_s", "max"))
    tasks = pd.DataFrame(
        {
            "job": [labels[job] for job in rows["job"]],
            "kind": "tasks",
            "servers": rows["servers"],
            "workers": rows["workers"],
            "machines": rows["machines"],
            "start_h": rows["start_s"] / 3600,
            "end_h": rows["end_s"] / 3600,
        }
    )
    waiting = pd.DataFrame(
        {
            "job": labels,
            "kind": "waiting",
            "start_h": schedule.arrival_s / 3600,
            "end_h": schedule.finish_s / 3600,
        }
    )
    return pd.concat([waiting, tasks], ignore_index=True)
