"""The sandbox: who gets what when, for a reader's jobs on a reader's machines."""

import pandas as pd
import streamlit as st

from pages.parts.data import cached_query, missing
from pages.parts.figure import escaped, figure
from pages.parts.linked_table import linked_table
from pages.parts.origin import Origin, published
from pages.sections.scheduler import charts
from store.optimus import sandbox
from store.settings import SANDBOX_INTERVALS, SANDBOX_JOBS, SANDBOX_MACHINES

# thousand examples of the default jobs, one for each network
EXAMPLES = (0.5, 1.0, 0.5, 0.5, 0.5, 1.0, 1.5, 1.5, 1.0)
EVERY_MIN = 10.0
JOBS = ["network", "training", "examples", "threshold", "arrival"]
MACHINES = ["machines", "cores", "memory_gb"]
WORKS = published("Peng 2018, §6.1, Tables 1 and 2", "Optimus code", "DL2 code")
INTRODUCTION = (
    "Optimus gives each worker and parameter server to the job whose remaining time it shortens most. Edit the jobs "
    "and the machines, and compare it with fair shares (DRF), packing short jobs first (Tetris), and equal shares."
)


def show() -> None:
    """The tables to edit, totals of each scheduler, the timeline of one, and each job's completion time."""
    networks = cached_query(sandbox.networks)
    if networks.empty:
        missing("The published facts could not be read.", "python -m store build")
        return
    st.markdown(INTRODUCTION)
    jobs, machines = _tables(networks)
    left, right = st.columns(2)
    error = left.slider(
        "Error of the scheduler's predictions (%)",
        0,
        90,
        20,
        step=10,
        key="error",
        bind="query-params",
        help="Each job's epochs and each coefficient of its speed are estimated wrong by so much at its start, up or "
        "down at random; the error shrinks as the job goes on.",
    )
    interval = right.slider("Scheduling interval (minutes)", 5, 60, 10, step=5, key="interval", bind="query-params")
    if jobs.empty or machines.empty:
        st.info("Add at least one job and one machine.", icon=":material/edit:")
        return
    try:
        found = cached_query(
            sandbox.outcome,
            tuple(jobs.itertuples(index=False, name=None)),
            tuple(machines.itertuples(index=False, name=None)),
            error,
            interval,
        )
    except ValueError as problem:
        st.warning(escaped(str(problem)), icon=":material/report:")
        return
    _totals(found)
    _timeline(found, len(jobs))


def _tables(networks: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    names, trainings = networks["network"].tolist(), list(sandbox.MODES)
    default = pd.DataFrame(
        {
            "network": names,
            "training": [trainings[i % 2] for i in range(len(names))],
            "examples": EXAMPLES[: len(names)],
            "threshold": 2.0,
            "arrival": [EVERY_MIN * i for i in range(len(names))],
        }
    )
    number = st.column_config.NumberColumn
    left, right = st.columns([3, 2])
    with left:
        st.markdown("**Jobs**")
        jobs = linked_table(
            "jobs",
            default,
            lambda rows: _usable_jobs(rows, names, trainings),
            alt_text="Jobs: network, training, data, convergence threshold, arrival",
            columns={
                "network": st.column_config.SelectboxColumn("Network", options=names, required=True),
                "training": st.column_config.SelectboxColumn("Training", options=trainings, required=True),
                "examples": number("Data (1,000s)", help="Thousand examples of an epoch", min_value=0.01, default=1.0),
                "threshold": number(
                    "Target (%)",
                    help="The job has converged when its loss falls by less than so many percent of its first loss an "
                    "epoch: the less, the longer it trains",
                    min_value=0.1,
                    max_value=10.0,
                    default=2.0,
                ),
                "arrival": number("Arrival (min)", min_value=0.0, default=0.0),
            },
        )
    with right:
        st.markdown("**Machines**")
        machines = linked_table(
            "machines",
            cached_query(sandbox.machines),
            _usable_machines,
            alt_text="Machines: how many, cores, memory",
            columns={
                "machines": number("Machines", min_value=1, step=1, default=1),
                "cores": number("Cores", min_value=1.0, default=16.0),
                "memory_gb": number("Memory (GB)", min_value=1.0, default=64.0),
            },
        )
        tasks = "; ".join(
            f"a {row.task} takes {row.cores:g} cores and {row.memory_gb:g} GB"
            for row in cached_query(sandbox.tasks).itertuples()
        )
        st.caption(
            f"At first the paper's testbed. {tasks[0].upper()}{tasks[1:]}, as in the authors' code. Up to "
            f"{SANDBOX_JOBS} jobs, {SANDBOX_MACHINES} machines and {SANDBOX_INTERVALS} intervals. The link holds both "
            "tables."
        )
    return jobs, machines


def _usable_jobs(rows: pd.DataFrame, names: list[str], trainings: list[str]) -> pd.DataFrame:
    rows = rows.dropna()
    within = (
        rows["network"].isin(names)
        & rows["training"].isin(trainings)
        & rows["examples"].between(0.01, 1e4)
        & rows["threshold"].between(0.1, 10)
        & rows["arrival"].between(0, 1e4)
    )
    return rows[within].astype(dict.fromkeys(JOBS[2:], float)).head(SANDBOX_JOBS)


def _usable_machines(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.dropna()
    rows = rows[
        rows["machines"].between(1, SANDBOX_MACHINES) & rows[MACHINES[1:]].map(lambda x: 1 <= x <= 1e4).all(axis=1)
    ]
    rows = rows.astype({"machines": int})
    return rows[rows["machines"].cumsum() <= SANDBOX_MACHINES]


def _totals(found: sandbox.Outcome) -> None:
    rows = found.totals
    best = rows.sort_values("jct_h").iloc[0]
    others = ", ".join(
        f"{row.scheduler} {row.jct_ratio:.2f}" for row in rows.iloc[1:].sort_values("jct_ratio").itertuples()
    )
    figure(
        rows,
        title=f"Jobs are done soonest under {best['scheduler']}, after {best['jct_h']:.2f} h on average; "
        f"times Optimus': {others}",
        alt_text="Mean completion time and makespan under each scheduler",
        origins=[Origin("modelled", None, "simulated for these jobs and machines"), *WORKS],
        caption="One simulation each, with the same errors. Speeds are Table 2's, in proportion to a network's "
        "computing and parameters, on CPU cores; epochs follow from the only loss curve that the paper prints. DRF and "
        "equal shares differ in what is left over: DRF hands it out in turns, equal shares leave it empty.",
        columns={
            "scheduler": "Scheduler",
            "jct_h": st.column_config.NumberColumn("Mean completion (h)", format="%.2f"),
            "makespan_h": st.column_config.NumberColumn("Makespan (h)", format="%.2f"),
            "jct_ratio": st.column_config.NumberColumn("Completion ÷ Optimus'", format="%.2f"),
            "makespan_ratio": st.column_config.NumberColumn("Makespan ÷ Optimus'", format="%.2f"),
            "restarting_percent": st.column_config.NumberColumn("Restarts (% of time)", format="%.1f"),
        },
    )


def _timeline(found: sandbox.Outcome, jobs: int) -> None:
    names = list(sandbox.NAMES.values())
    chosen = st.segmented_control(
        "Who gets what under", names, default=names[0], required=True, key="scheduler", bind="query-params"
    )
    chosen = chosen if chosen in names else names[0]
    bars = found.bars[found.bars["scheduler"] == chosen]
    most = bars.loc[bars["workers"].idxmax()]
    left, right = st.columns([3, 2])
    with left:
        figure(
            charts.timeline(jobs, float(found.totals["makespan_h"].max() + found.jobs["arrival_h"].min())),
            title=f"{chosen} gives {most['job']} up to {most['workers']:.0f} workers and {most['servers']:.0f} servers "
            "at once",
            alt_text="Tasks of each job over time",
            origins=[Origin("modelled", None, f"simulated under {chosen}"), *WORKS],
            caption="A bar lasts while a job's tasks stay as they are; the dotted line is the time that it waits. The "
            "axis is the same for all schedulers.",
            data=bars,
        )
    with right:
        figure(
            charts.completion(jobs),
            title="Completion time of each job",
            alt_text="Completion time of each job under each scheduler",
            origins=[Origin("modelled", None, "simulated for these jobs and machines"), *WORKS],
            caption="Hours from a job's arrival to its end.",
            data=found.jobs,
        )
