"""A discrete-time simulation of a cluster under a scheduler: who gets what in each interval, and when jobs end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from compute.scheduling.jobs import Cluster, Job, Request
from compute.scheduling.placement import Placement, place_evenly
from compute.scheduling.policy import Policy, decide
from compute.scheduling.running import placed_speed, restart_s

ROUNDING_S = 1e-6
TIMELINE = ("interval", "job", "machine", "servers", "workers", "start_s", "end_s")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a simulation takes beside jobs, cluster and scheduler.

    A job's epochs are estimated wrong by `epochs_error` of them at its start, each coefficient of its
    speed by `speed_error`, up or down at random by `seed`; both errors shrink in proportion to what is
    left of the job. `checkpoint_s` is lost when a job's tasks change. A simulation of more than
    `most_intervals` intervals is given up.
    """

    interval_s: float = 600.0
    checkpoint_s: float = 0.0
    epochs_error: float = 0.0
    speed_error: float = 0.0
    seed: int = 0
    most_intervals: int | None = None

    def __post_init__(self):
        if not 0 <= self.checkpoint_s < self.interval_s:
            raise ValueError(f"checkpoint_s is {self.checkpoint_s}; it must be 0 to {self.interval_s}, the interval")
        for name in ("epochs_error", "speed_error"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; it is a fraction, at least 0 and below 1 (20 % is 0.2)"
                )


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What became of the jobs, as arrays (jobs,), and who had what when, as a dict of equally long arrays.

    `running_s` is a job's time on machines, of which `restarting_s` went into checkpoints and restarts.
    `timeline` has a row for each job and machine in each interval, with the columns `TIMELINE`.
    """

    arrival_s: np.ndarray
    start_s: np.ndarray
    finish_s: np.ndarray
    running_s: np.ndarray
    restarting_s: np.ndarray
    timeline: dict[str, np.ndarray]

    @property
    def jct_s(self) -> float:
        """Mean job completion time: from a job's arrival to its end."""
        return float(np.mean(self.finish_s - self.arrival_s))

    @property
    def makespan_s(self) -> float:
        """From the first arrival to the last end."""
        return float(self.finish_s.max() - self.arrival_s.min())

    @property
    def restarting_share(self) -> float:
        """The share of the jobs' running time that went into checkpoints and restarts."""
        return float(self.restarting_s.sum() / self.running_s.sum())


def simulate(jobs: Sequence[Job], cluster: Cluster, policy: Policy, setting: Setting = Setting()) -> Schedule:
    """Run the jobs on the cluster until the last has ended.

    At the start of each interval the scheduler decides anew, for all jobs that have arrived, in the order
    of `jobs`. A job that ends within an interval leaves its tasks' room empty until the next. Raises
    ValueError for no jobs, for a job that not even the empty cluster can hold as the policy places, and
    for jobs that take more intervals than the setting allows.
    """
    capacity = cluster.capacity
    _check(jobs, capacity)
    count, interval, decisions = len(jobs), -1, 0
    arrival, left = np.array([job.arrival_s for job in jobs]), [float(job.steps) for job in jobs]
    estimates = Estimates(jobs, setting)
    start, finish = np.full(count, np.nan), np.full(count, np.nan)
    running, restarting = np.zeros(count), np.zeros(count)
    last: list[Placement | None] = [None] * count
    speeds: dict[tuple[int, Placement], float] = {}
    rows: list[tuple] = []
    while np.isnan(finish).any():
        unfinished = np.isnan(finish)
        interval = max(interval + 1, int(np.ceil(arrival[unfinished].min() / setting.interval_s)))
        decisions += 1
        if setting.most_intervals is not None and decisions > setting.most_intervals:
            raise ValueError(
                f"{unfinished.sum()} of {count} jobs are not done after {setting.most_intervals} intervals of "
                f"{setting.interval_s:g} s; make the jobs smaller, or the cluster or the interval larger"
            )
        begin = interval * setting.interval_s
        active = np.flatnonzero(unfinished & (arrival <= begin)).tolist()
        requests = [estimates.request(job, left[job], policy.young) for job in active]
        placements = decide(requests, capacity, policy)
        if len(active) == unfinished.sum() and not any(placements):
            raise ValueError(f"{jobs[active[0]].network} finds no place in the empty cluster; its tasks are too large")
        for job, placement in zip(active, placements, strict=True):
            if placement is None:
                last[job] = last[job] and ()
                continue
            if (job, placement) not in speeds:
                speeds[job, placement] = placed_speed(
                    jobs[job].speed, placement, policy.largest(sum(one[1] for one in placement))
                )
            speed, lost = speeds[job, placement], restart_s(last[job], placement, setting.checkpoint_s)
            needs = lost + left[job] / speed
            took = min(needs, setting.interval_s)
            if last[job] is None:
                start[job] = begin
            if needs <= setting.interval_s + ROUNDING_S:
                finish[job] = begin + took
            left[job] -= speed * (took - lost)
            running[job] += took
            restarting[job] += lost
            last[job] = placement
            rows += [(interval, job, *here, begin, begin + took) for here in placement]
    timeline = {name: np.array(column) for name, column in zip(TIMELINE, zip(*rows, strict=True), strict=True)}
    return Schedule(
        arrival_s=arrival, start_s=start, finish_s=finish, running_s=running, restarting_s=restarting, timeline=timeline
    )


class Estimates:
    """Jobs as a scheduler sees them: wrong by the setting's errors, in directions drawn once for each job."""

    def __init__(self, jobs: Sequence[Job], setting: Setting):
        rng = np.random.default_rng(setting.seed)
        self.jobs, self.setting = jobs, setting
        self.epochs = (rng.choice((-1.0, 1.0), size=len(jobs)) * setting.epochs_error).tolist()
        self.theta = (rng.choice((-1.0, 1.0), size=(len(jobs), 5)) * setting.speed_error).tolist()

    def request(self, job: int, left: float, young: float) -> Request:
        """The request of a job with `left` steps to go; it is young below the share `young` of its training.

        With x the share that is done, the steps in all seem to be 1 ± e (1 - x) times what they are, and
        each coefficient of the speed too; what seems to be left is then 1 ± e times what is.
        """
        one = self.jobs[job]
        ahead, speed = left / one.steps, one.speed
        if self.setting.speed_error:
            speed = replace(
                speed, theta=tuple(t * (1 + e * ahead) for t, e in zip(speed.theta, self.theta[job], strict=False))
            )
        return Request(
            steps_left=left * (1 + self.epochs[job]),
            speed=speed,
            worker=one.worker,
            server=one.server,
            young=1 - ahead < young,
        )


def _check(jobs: Sequence[Job], capacity: np.ndarray) -> None:
    if not jobs:
        raise ValueError("there are no jobs to run")
    for worker, server in {(job.worker, job.server) for job in jobs}:
        one = next(job for job in jobs if (job.worker, job.server) == (worker, server))
        request = Request(steps_left=1, speed=one.speed, worker=worker, server=server)
        if place_evenly([request], [[1, 1]], capacity, shrink=False) == [None]:
            raise ValueError(
                f"a worker of {one.network} takes {worker}, a server {server}: no machines of the cluster hold both"
            )
