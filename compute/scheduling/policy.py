"""A scheduler put together from the parts of Optimus, DRF and Tetris, and its decision at the start of an interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from compute.scheduling import baselines
from compute.scheduling.allocation import allocate
from compute.scheduling.assignment import default_load, paa_load
from compute.scheduling.jobs import Request
from compute.scheduling.packing import place_balanced, place_packed
from compute.scheduling.placement import Placement, place_evenly

SCHEDULERS = ("optimus", "drf", "tetris")
# besides the paper's three: the cluster divided by the number of jobs, and tasks placed as DRF's
EQUAL = "equal"


def evenly(servers: int) -> float:
    """The fullest parameter server's parameters over the mean where they are spread evenly: 1."""
    return 1.0


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Whose `allocation` and whose `placement`, and how the parameters are spread over the parameter servers.

    `largest` gives, for a number of parameter servers, the parameters of the fullest over the mean.
    `young_factor` multiplies the gains of jobs with less than `young` of their training done; `turn` is
    how many pairs a job takes in a round of Tetris; with `shrink`, a job that Optimus' placement finds no
    room for runs with fewer tasks, else it is paused (unless no job at all would run).
    """

    allocation: str
    placement: str
    largest: Callable[[int], float] = evenly
    young_factor: float = 1.0
    young: float = 0.2
    turn: int = 1
    shrink: bool = True

    def __post_init__(self):
        for name, known in (("allocation", (*SCHEDULERS, EQUAL)), ("placement", SCHEDULERS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(known)}")
        if self.turn < 1:
            raise ValueError(f"turn is {self.turn}; it must be at least 1")


def policies(**changes) -> dict[str, Policy]:
    """The paper's three schedulers, with `changes` for all.

    Optimus assigns parameters to servers by PAA, the others as MXNet does.
    """
    return {
        name: Policy(
            **{
                "allocation": name,
                "placement": name,
                "largest": paa_load if name == "optimus" else default_load,
                **changes,
            }
        )
        for name in SCHEDULERS
    }


def equal_shares() -> Policy:
    """The cluster divided by the number of jobs, tasks placed and parameters assigned as DRF's."""
    return Policy(allocation=EQUAL, placement="drf", largest=default_load)


def decide(requests: Sequence[Request], capacity, policy: Policy) -> list[Placement | None]:
    """Where each job's tasks run on free machines of `capacity` (machines, resources); None for a job that waits."""
    total = np.sum(capacity, axis=0)
    if policy.allocation == "optimus":
        counts = allocate(requests, total, policy.young_factor)
    elif policy.allocation == "drf":
        counts = baselines.drf(requests, total)
    elif policy.allocation == EQUAL:
        counts = baselines.equal(requests, total)
    else:
        counts = baselines.tetris(requests, total, policy.turn)
    if policy.placement == "drf":
        return place_balanced(requests, counts, capacity)
    if policy.placement == "tetris":
        return place_packed(requests, counts, capacity, baselines.shortest_first(requests))
    placed = place_evenly(requests, counts, capacity, policy.shrink)
    return placed if policy.shrink or any(placed) else place_evenly(requests, counts, capacity, True)
