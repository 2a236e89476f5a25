"""Plans of a training: hours and costs against workers and servers, and the Pareto front (question 4.3)."""

from dataclasses import dataclass

import numpy as np

from compute.core.speed import AllReduceSpeed, AsynchronousSpeed, SynchronousSpeed

SERVERS, WORKERS = (1, 2, 4, 8), tuple(range(1, 41))
COMPARED_SERVERS = (2, 4)  # the two curves that question 4.3 asks for
# the work whose throughputs the computing time of a GPU type is fitted to; a type that it lacks cannot be planned
THROUGHPUT_SOURCE = "CIFAR course runs"


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Plans side by side, arrays of shape (plans,): servers (0: a GPU that works by itself), workers, hours."""

    servers: np.ndarray
    workers: np.ndarray
    hours: np.ndarray


def plan(
    speed: SynchronousSpeed | AsynchronousSpeed | AllReduceSpeed,
    *,
    images: float,
    batch: float,
    servers: tuple[int, ...] = SERVERS,
    standalone: bool = False,
) -> Grid:
    """The hours of training `images` images in steps of `batch`, for every number of servers and of WORKERS.

    With `standalone` the synchronous model's single worker without servers comes first.
    Raises ValueError for `standalone` with an asynchronous model, which has no such worker.
    """
    p, w = (grid.ravel() for grid in np.meshgrid(servers, WORKERS, indexing="ij"))
    hours = images / batch / speed.steps_per_s(p, w) / 3600
    if standalone:
        if isinstance(speed, AsynchronousSpeed):
            raise ValueError("a worker by itself has no servers; the asynchronous model does not say how long it takes")
        p, w = np.append(0, p), np.append(1, w)
        hours = np.append(images / batch * speed.standalone_step_s() / 3600, hours)
    return Grid(servers=p, workers=w, hours=hours)


def fastest(servers, hours) -> np.ndarray:
    """For each plan whether no other with as many servers takes fewer hours; shape (plans,)."""
    hours = np.asarray(hours, dtype=float)
    counts, which = np.unique(np.asarray(servers), return_inverse=True)
    least = np.full(len(counts), np.inf)
    np.minimum.at(least, which, hours)
    return hours <= least[which]


def cost_usd(hours, workers, servers, *, gpu_usd_per_h, server_usd_per_h=0.0) -> np.ndarray:
    """The price in USD of `hours` hours of workers with one GPU each and of parameter servers."""
    return np.asarray(hours) * (np.asarray(workers) * gpu_usd_per_h + np.asarray(servers) * server_usd_per_h)


def pareto_front(hours, usd) -> np.ndarray:
    """For each plan whether none is at least as fast and as cheap, of equal ones for the first; shape (plans,)."""
    hours, usd = np.asarray(hours, dtype=float), np.asarray(usd, dtype=float)
    order = np.lexsort((usd, hours))
    before = np.append(np.inf, np.minimum.accumulate(usd[order])[:-1]) if len(order) else np.empty(0)
    front = np.zeros(len(order), dtype=bool)
    front[order] = usd[order] < before
    return front


def least_within(values, limits, limit: float) -> int | None:
    """The index of the least of `values` among those whose `limits` are at most `limit`; None where none is."""
    values, allowed = np.asarray(values, dtype=float), np.asarray(limits, dtype=float) <= limit
    return int(np.argmin(np.where(allowed, values, np.inf))) if allowed.any() else None
