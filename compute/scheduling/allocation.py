"""Optimus' allocation (section 4.1): parameter servers and workers, one at a time by marginal gain (Eq. 9)."""

import heapq
from collections.abc import Sequence

import numpy as np

from compute.scheduling.jobs import Request

SERVER, WORKER = 0, 1
BLOCK = 16


def allocate(requests: Sequence[Request], capacity, young_factor: float = 1.0) -> np.ndarray:
    """Parameter servers and workers of each job, shape (jobs, 2); zeros for a job that has to wait.

    Every job first gets one of each, in the order given, while both fit into `capacity` (resources,), the
    cluster's total. Then the task with the largest gain is added again and again: the drop of its job's
    remaining time, divided by the share that the task takes of its dominant resource. It ends when no
    task fits or none gains. The gains of young jobs are multiplied by `young_factor`. As the shares are
    of the cluster's capacity, resources of different units can be compared.
    """
    total = np.asarray(capacity, dtype=float)
    left = total.tolist()
    counts = [[0, 0] for _ in requests]
    tasks = [(request.server, request.worker) for request in requests]
    shares = [
        tuple(max(amount / whole for amount, whole in zip(task, total, strict=True)) for task in pair) for pair in tasks
    ]
    times = [_Times(request) for request in requests]
    factors = [young_factor if request.young else 1.0 for request in requests]

    def push(job: int) -> None:
        best, chosen, drops = 0.0, None, times[job].drops(*counts[job])
        for kind in (SERVER, WORKER):
            gain = factors[job] * drops[kind] / shares[job][kind]
            if gain > best and fits(tasks[job][kind], left):
                best, chosen = gain, kind
        if chosen is not None:
            heapq.heappush(heap, (-best, job, chosen))

    heap: list = []
    for job, request in enumerate(requests):
        if fits(request.pair, left):
            take(request.pair, left)
            counts[job] = [1, 1]
    for job, given in enumerate(counts):
        if given[SERVER]:
            push(job)
    while heap:
        _, job, kind = heapq.heappop(heap)
        if fits(tasks[job][kind], left):
            take(tasks[job][kind], left)
            counts[job][kind] += 1
        push(job)
    return np.array(counts, dtype=int).reshape(-1, 2)


def gains(request: Request, servers: int, workers: int, capacity) -> tuple[float, float]:
    """The gains of one more parameter server and of one more worker (Eq. 9), seconds over the task's dominant share."""
    now = float(request.seconds_left(servers, workers))
    then = float(request.seconds_left(servers + 1, workers)), float(request.seconds_left(servers, workers + 1))
    share = [float(np.max(np.divide(task, capacity))) for task in (request.server, request.worker)]
    return (now - then[0]) / share[0], (now - then[1]) / share[1]


def fits(task, left) -> bool:
    """Whether the amounts of a task are left; a rounding error's worth may lack."""
    return all(amount <= there + 1e-9 for amount, there in zip(task, left, strict=True))


def take(task, left: list[float]) -> None:
    """Take the amounts of a task from what is left, in place."""
    for i, amount in enumerate(task):
        left[i] -= amount


class _Times:
    """Remaining seconds of a job by numbers of tasks, evaluated a block of numbers at a time as the numbers grow."""

    def __init__(self, request: Request):
        self.request, self.first, self.block = request, (1, 1), None

    def drops(self, servers: int, workers: int) -> tuple[float, float]:
        """By how many seconds one more parameter server and one more worker would shorten the job."""
        i, j = servers - self.first[0], workers - self.first[1]
        if self.block is None or i + 1 > BLOCK or j + 1 > BLOCK:
            self.first, i, j, ahead = (servers, workers), 0, 0, np.arange(BLOCK + 1)
            self.block = self.request.seconds_left((servers + ahead)[:, None], (workers + ahead)[None, :]).tolist()
        now = self.block[i][j]
        return now - self.block[i + 1][j], now - self.block[i][j + 1]
