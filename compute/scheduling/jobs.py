"""What a scheduler works with: the cluster, a job, and the scheduler's view of a job."""

import math
from dataclasses import dataclass

import numpy as np

from compute.core.speed import AsynchronousSpeed, SynchronousSpeed

RESOURCES = ("cpu", "memory_gb")

Speed = SynchronousSpeed | AsynchronousSpeed


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Machines by group: how many, and the amount of each of `RESOURCES` that one of them has."""

    groups: tuple[tuple[int, tuple[float, ...]], ...]

    def __post_init__(self):
        for count, amounts in self.groups:
            if count < 1 or len(amounts) != len(RESOURCES) or not all(math.isfinite(a) and a > 0 for a in amounts):
                wanted = f"1 or more × {' and '.join(RESOURCES)} above 0"
                raise ValueError(f"a group of machines is {count} × {amounts}; it must be {wanted}")

    @property
    def capacity(self) -> np.ndarray:
        """Shape (machines, resources)."""
        return np.concatenate([np.tile(np.asarray(amounts, dtype=float), (count, 1)) for count, amounts in self.groups])


@dataclass(frozen=True, kw_only=True)
class Job:
    """A training of `steps` steps that arrives at `arrival_s`; a task takes the resources `worker` or `server`."""

    network: str
    arrival_s: float
    steps: float
    speed: Speed
    worker: tuple[float, ...]
    server: tuple[float, ...]

    def __post_init__(self):
        if not (math.isfinite(self.steps) and self.steps > 0):
            raise ValueError(f"steps is {self.steps}; a job has a finite number of steps, above 0")
        _check_tasks(self)

    @property
    def mode(self) -> str:
        """How its workers train: synchronous or asynchronous."""
        return "synchronous" if isinstance(self.speed, SynchronousSpeed) else "asynchronous"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A job as a scheduler sees it at a decision: the steps that it seems to need, and the speed that it seems to have.

    `young` says that its predictions rest on little training yet.
    """

    steps_left: float
    speed: Speed
    worker: tuple[float, ...]
    server: tuple[float, ...]
    young: bool = False

    def __post_init__(self):
        if not (math.isfinite(self.steps_left) and self.steps_left > 0):
            raise ValueError(f"steps_left is {self.steps_left}; it must be a finite number above 0")
        _check_tasks(self)

    def seconds_left(self, servers, workers) -> np.ndarray:
        """Remaining seconds with so many tasks, numbers or arrays: Q / f(p, w) of section 4.1."""
        return self.steps_left / self.speed.steps_per_s(servers, workers)

    @property
    def pair(self) -> np.ndarray:
        """Resources of one worker and one parameter server together, shape (resources,)."""
        return np.add(self.worker, self.server)


def _check_tasks(one: Job | Request) -> None:
    for name in ("worker", "server"):
        amounts = getattr(one, name)
        if len(amounts) != len(RESOURCES) or not all(math.isfinite(a) and a >= 0 for a in amounts) or not any(amounts):
            raise ValueError(f"{name} takes {amounts}; it must be {' and '.join(RESOURCES)}, at least 0 and not all 0")
