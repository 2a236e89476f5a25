"""Where tasks go: Optimus' placement (section 4.2), and the transfer time of a placement (appendix).

A placement is a tuple of (machine, servers, workers), one entry for each machine that runs something of the job.
"""

import heapq
from collections.abc import Sequence

import numpy as np

from compute.scheduling.jobs import Request

Placement = tuple[tuple[int, int, int], ...]


def transfer_s(placement: Placement, size: float, server_bandwidth: float, worker_bandwidth: float) -> float:
    """Seconds to exchange a model of `size` (in the bandwidths' unit times s) between workers and parameter servers.

    The largest, over the machines, of (S/p)(w - w_k)/B where parameter servers run and (S/p)(p - p_k)/b
    where workers run: what does not run on the same machine goes over the network (appendix).
    """
    p, w = sum(one[1] for one in placement), sum(one[2] for one in placement)
    here = [(w - workers) / server_bandwidth for _, servers, workers in placement if servers]
    there = [(p - servers) / worker_bandwidth for _, servers, workers in placement if workers]
    return size / p * max(here + there)


def place_evenly(requests: Sequence[Request], counts, capacity, shrink: bool = True) -> list[Placement | None]:
    """Optimus' placement of the tasks of each job; None for a job that is paused.

    `counts` (jobs, 2) go on machines of `capacity` (machines, resources). Jobs with the smallest demand
    come first. Each takes the smallest k for which the k machines with the most free CPU hold it with
    its parameter servers and its workers spread evenly (numbers that k does not divide differ by one).
    A job that fits on no such k is paused; with `shrink` it is placed with the most tasks that fit
    instead, in about the same proportion, and paused if that is none of a kind: on unequal machines a
    large job may fit on no k at all, not even in an empty cluster.
    """
    free = np.array(capacity, dtype=float).tolist()
    heap = [(-amounts[0], machine) for machine, amounts in enumerate(free)]
    heapq.heapify(heap)
    total = np.sum(capacity, axis=0)
    counts = np.asarray(counts, dtype=int).tolist()
    demand = [
        max(np.add(np.multiply(p, r.server), np.multiply(w, r.worker)) / total)
        for r, (p, w) in zip(requests, counts, strict=True)
    ]
    placed: list[Placement | None] = [None] * len(requests)
    for job in sorted(range(len(requests)), key=demand.__getitem__):
        p, w = counts[job]
        if p and w:
            machines: list[int] = []
            found = _spread(requests[job], p, w, machines, heap, free)
            if found is None and shrink:
                found = _largest_spread(requests[job], p, w, machines, heap, free)
            placed[job] = found
            for machine, servers, workers in found or ():
                _occupy(free[machine], requests[job], servers, workers)
            for machine in machines:
                heapq.heappush(heap, (-free[machine][0], machine))
    return placed


def even(count: int, over: int) -> list[int]:
    """`count` tasks spread evenly over so many machines, the larger numbers first."""
    least, more = divmod(count, over)
    return [least + 1] * more + [least] * (over - more)


def _spread(request: Request, p: int, w: int, machines: list[int], heap: list, free: list) -> Placement | None:
    """The even placement on the fewest machines, which move from the heap to the end of `machines` as needed."""
    for k in range(1, p + w + 1):
        if k > len(machines):
            if not heap:
                return None
            machines.append(heapq.heappop(heap)[1])
        # the machines with one parameter server more are not those with one worker more
        servers, workers = even(p, k), even(w, k)[::-1]
        if all(_holds(free[machines[i]], request, servers[i], workers[i]) for i in range(k - 1, -1, -1)):
            return tuple((machines[i], servers[i], workers[i]) for i in range(k) if servers[i] or workers[i])
    return None


def _largest_spread(request: Request, p: int, w: int, machines: list[int], heap: list, free: list) -> Placement | None:
    """The even placement of as many of the tasks as fit, found by bisection over their number."""
    found, low, high = None, 2, p + w - 1
    while low <= high:
        tasks = (low + high) // 2
        servers = min(max(1, round(p * tasks / (p + w))), tasks - 1)
        here = _spread(request, servers, tasks - servers, machines, heap, free)
        if here is None:
            high = tasks - 1
        else:
            found, low = here, tasks + 1
    return found


def _holds(free: list[float], request: Request, servers: int, workers: int) -> bool:
    return all(
        servers * s + workers * w <= there + 1e-9
        for s, w, there in zip(request.server, request.worker, free, strict=True)
    )


def _occupy(free: list[float], request: Request, servers: int, workers: int) -> None:
    for i, (s, w) in enumerate(zip(request.server, request.worker, strict=True)):
        free[i] -= servers * s + workers * w
