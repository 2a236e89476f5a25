"""The jobs and the cluster of Optimus' evaluation (section 6.1), from published facts, else from assumptions.

The paper gives a speed model for ResNet-50 alone (Table 2). Another network's computing terms are
ResNet-50's times the ratio of their steps on one worker, which later code by the first author lists
for seven of the nine; its exchange is ResNet-50's times the ratio of their parameters (Table 1).
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from compute.core.loss_curve import LossCurve
from compute.core.speed import AsynchronousSpeed, SynchronousSpeed
from compute.optimus.speeds import FACTS, published
from compute.scheduling import arrivals
from compute.scheduling.jobs import Cluster, Job
from compute.scheduling.running import scaled
from compute.scheduling.workload import Network, draw

# networks that the later code does not have: one like it in kind and size, or else the median of the others' steps
LIKE = {"KAGGLE": "ResNext-110", "DeepSpeech2": "ResNet-50"}
LIKE_ALL = "ResNet-50"
MB_PER_MILLION = 4.0


@dataclass(frozen=True, kw_only=True)
class World:
    """What a simulation assumes: how many jobs there are, how they arrive and train, and how long they are.

    `mode` is mixed, synchronous or asynchronous; `speeds` table2 or later, `containers` code or figure,
    `epochs` curve or later: the paper's own figures or those of the authors' code. `load` multiplies
    the jobs' durations, `checkpoint` the seconds of a restart. The errors are fractions.
    """

    jobs: int
    arrivals: str = "uniform"
    mode: str = "mixed"
    speeds: str = "table2"
    containers: str = "code"
    epochs: str = "curve"
    load: float = 1.0
    checkpoint: float = 1.0
    epochs_error: float = field(default_factory=lambda: number("optimus_convergence_error_percent") / 100)
    speed_error: float = field(default_factory=lambda: number("optimus_speed_error_percent") / 100)


def number(key: str) -> float:
    """A published number by its key."""
    return float(_published()[key])


def cluster() -> Cluster:
    """The testbed's machines; their GPUs are left out, as workers of the paper's speed models run on CPU cores."""
    kinds = ("cpu", "gpu")
    machine = {
        kind: tuple(number(f"optimus_testbed_{kind}_server_{what}") for what in ("cores", "memory_gb"))
        for kind in kinds
    }
    return Cluster(groups=tuple((int(number(f"optimus_testbed_{kind}_servers")), machine[kind]) for kind in kinds))


def task(name: str) -> tuple[float, float]:
    """CPU cores and GB of a task: `code_worker` or `code_server` of the authors' code, or `container` of Fig. 4."""
    cores = "cpu_cores" if name == "container" else "cores"
    return number(f"optimus_{name}_{cores}"), number(f"optimus_{name}_memory_gb")


def interval_s() -> float:
    """The seconds of a scheduling interval."""
    return 60 * number("optimus_scheduling_interval_min")


def checkpoint_s() -> float:
    """Seconds of a checkpoint and restart: the paper's share of the makespan, if tasks change in every interval."""
    return interval_s() * number("optimus_scaling_overhead_percent") / 100


@cache
def networks(world: World) -> tuple[Network, ...]:
    """The nine networks of Table 1."""
    table = _jobs()
    return tuple(_network(name, table, world) for name in dict.fromkeys(network for network, _ in table))


def jobs(world: World, seed: int, duration: float) -> tuple[Job, ...]:
    """The jobs of an experiment, the same for the same seed; `duration` is the factor on how long they take."""
    rng = np.random.default_rng(seed)
    return draw(
        rng,
        networks(world),
        _arrivals(world, rng),
        curve=LossCurve(**{f"beta{i}": number(f"optimus_seq2seq_beta{i}") for i in range(3)}),
        thresholds=tuple(
            float(percent) / 100 for percent in _published()["optimus_convergence_threshold_percent"].split(" to ")
        ),
        patience=int(number("optimus_code_little_change_epochs")),
        duration=duration * world.load,
        mode=None if world.mode == "mixed" else world.mode,
    )


def duration_for(jct_s: float, mean_jct_s: Callable[[float], float], steps: int = 12) -> float:
    """The factor on the jobs' durations at which `mean_jct_s`, which rises with it, is `jct_s`; by bisection."""
    low, high = 1e-4, 10.0
    for _ in range(steps):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if mean_jct_s(middle) > jct_s else (middle, high)
    return (low * high) ** 0.5


def _arrivals(world: World, rng: np.random.Generator) -> np.ndarray:
    span = number("optimus_arrivals_seconds")
    per_interval = world.jobs * interval_s() / span
    if world.arrivals == "uniform":
        return arrivals.uniform(rng, world.jobs, span)
    if world.arrivals == "poisson":
        return arrivals.poisson(rng, per_interval, span, interval_s())
    span = 3600 * number("optimus_trace_hours")
    return arrivals.bursty(rng, round(per_interval * span / interval_s()), span, interval_s())


def _network(name: str, table: dict, world: World) -> Network:
    like = LIKE.get(name, name)
    step, reference = table[like, "step"], table[LIKE_ALL, "step"]
    epoch = table.get((name, "epoch")) or table[name, "examples"] / number("optimus_code_batch_resnext110")
    synchronous, asynchronous = _resnet50(world, table)
    if world.speeds == "table2":
        times = {"compute": step / reference, "transfer": table[name, "parameters"] / table[LIKE_ALL, "parameters"]}
    else:
        size = table.get((name, "size")) or MB_PER_MILLION * table[name, "parameters"]
        exchange = size / table[like, "bandwidth"] / (table[LIKE_ALL, "size"] / table[LIKE_ALL, "bandwidth"])
        times = {"compute": step / reference, "transfer": exchange}
    kinds = {"worker": "code_worker", "server": "code_server"}
    if world.containers == "figure":
        kinds = dict.fromkeys(kinds, "container")
    return Network(
        name=name,
        synchronous=scaled(synchronous, **times),
        asynchronous=scaled(asynchronous, **times),
        epoch_steps=epoch,
        epochs=table[like, "epochs"] if world.epochs == "later" else None,
        **{kind: task(name) for kind, name in kinds.items()},
    )


def _resnet50(world: World, table: dict) -> tuple[SynchronousSpeed, AsynchronousSpeed]:
    """Table 2's models of ResNet-50, or the later code's step and exchange, otherwise in Table 2's proportions."""
    theta = [number(f"optimus_sync_theta{i}") for i in range(5)]
    synchronous = SynchronousSpeed(theta=tuple(theta), batch=number("optimus_m_implied"))
    asynchronous = AsynchronousSpeed(theta=tuple(number(f"optimus_async_theta{i}") for i in range(4)))
    if world.speeds == "table2":
        return synchronous, asynchronous
    step, exchange = table[LIKE_ALL, "step"], 2 * table[LIKE_ALL, "size"] / table[LIKE_ALL, "bandwidth"]
    local = theta[0] * synchronous.batch + theta[1]
    return (
        scaled(synchronous, compute=step / local, connections=step / local, transfer=exchange / theta[2]),
        scaled(
            asynchronous,
            compute=step / asynchronous.theta[0],
            connections=step / local,
            transfer=exchange / asynchronous.theta[1],
        ),
    )


@cache
def _published() -> dict[str, str]:
    return published()


@cache
def _jobs() -> dict[tuple[str, str], float]:
    with open(FACTS / "optimus_jobs.csv", encoding="utf-8", newline="") as file:
        return {(row["network"], row["quantity"]): float(row["value"]) for row in csv.DictReader(file)}
