"""The jobs of Optimus' evaluation (section 6.1) as the experiment `schedule` draws them, from published facts."""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from compute.optimus.speeds import FACTS, published
from compute.scheduling import arrivals
from compute.scheduling.evaluation import Evaluation
from compute.scheduling.jobs import Job
from compute.scheduling.workload import Network, draw


@dataclass(frozen=True, kw_only=True)
class World:
    """What a simulation assumes: how many jobs there are, how they arrive and train, and how long they are.

    `mode` is mixed, synchronous or asynchronous; `speeds`, `containers` and `epochs` as in
    `Evaluation.networks`. `load` multiplies the jobs' durations, `checkpoint` the seconds of a restart. The
    errors are fractions.
    """

    jobs: int
    arrivals: str = "uniform"
    mode: str = "mixed"
    speeds: str = "table2"
    containers: str = "code"
    epochs: str = "curve"
    load: float = 1.0
    checkpoint: float = 1.0
    epochs_error: float = field(default_factory=lambda: evaluation().number("optimus_convergence_error_percent") / 100)
    speed_error: float = field(default_factory=lambda: evaluation().number("optimus_speed_error_percent") / 100)


@cache
def evaluation() -> Evaluation:
    """The evaluation's setting from the published facts."""
    with open(FACTS / "optimus_jobs.csv", encoding="utf-8", newline="") as file:
        jobs = {(row["network"], row["quantity"]): float(row["value"]) for row in csv.DictReader(file)}
    return Evaluation(published=published(), jobs=jobs)


@cache
def networks(world: World) -> tuple[Network, ...]:
    """The nine networks of Table 1."""
    return evaluation().networks(speeds=world.speeds, containers=world.containers, epochs=world.epochs)


def jobs(world: World, seed: int, duration: float) -> tuple[Job, ...]:
    """The jobs of an experiment, the same for the same seed; `duration` is the factor on how long they take."""
    rng, facts = np.random.default_rng(seed), evaluation()
    return draw(
        rng,
        networks(world),
        _arrivals(world, rng),
        curve=facts.curve(),
        thresholds=facts.thresholds(),
        patience=facts.patience(),
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
    facts = evaluation()
    span, interval_s = facts.number("optimus_arrivals_seconds"), facts.interval_s()
    per_interval = world.jobs * interval_s / span
    if world.arrivals == "uniform":
        return arrivals.uniform(rng, world.jobs, span)
    if world.arrivals == "poisson":
        return arrivals.poisson(rng, per_interval, span, interval_s)
    span = 3600 * facts.number("optimus_trace_hours")
    return arrivals.bursty(rng, round(per_interval * span / interval_s), span, interval_s)
