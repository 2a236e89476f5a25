"""How many tasks DRF and Tetris, which Optimus is compared with (section 6.1), and equal shares give to each job.

All give a job as many parameter servers as workers.
"""

import heapq
from collections.abc import Sequence

import numpy as np

from compute.scheduling.allocation import fits, take
from compute.scheduling.jobs import Request


def drf(requests: Sequence[Request], capacity) -> np.ndarray:
    """Parameter servers and workers of each job by work-conserving dominant-resource fairness, shape (jobs, 2).

    A worker with its parameter server goes, again and again, to the job with the smallest dominant share
    (of equal ones the first), until nothing fits into `capacity` (resources,), the cluster's total. A job
    whose pair does not fit leaves the others to go on.
    """
    total = np.asarray(capacity, dtype=float)
    left, pairs = total.tolist(), [0] * len(requests)
    shares = [float(np.max(request.pair / total)) for request in requests]
    heap = [(0.0, job) for job in range(len(requests))]
    while heap:
        _, job = heapq.heappop(heap)
        if fits(requests[job].pair, left):
            take(requests[job].pair, left)
            pairs[job] += 1
            heapq.heappush(heap, (shares[job] * pairs[job], job))
    return np.array([pairs, pairs], dtype=int).T


def equal(requests: Sequence[Request], capacity) -> np.ndarray:
    """Parameter servers and workers of each job by equal shares of the cluster, shape (jobs, 2).

    Each job takes as many pairs of a worker and its parameter server as its share, `capacity` over the
    number of jobs, holds. What is left of a share stays empty. Where shares are too small for a pair,
    the jobs take one pair each, in the order given, while there is room.
    """
    total = np.asarray(capacity, dtype=float)
    left, pairs = total.tolist(), []
    for request in requests:
        wanted = max(1, int(np.min((total / len(requests) + 1e-9) / np.maximum(request.pair, 1e-15))))
        here = wanted if fits(wanted * request.pair, left) else int(fits(request.pair, left))
        take(here * request.pair, left)
        pairs.append(here)
    return np.array([pairs, pairs], dtype=int).T


def tetris(requests: Sequence[Request], capacity, turn: int = 1) -> np.ndarray:
    """Parameter servers and workers of each job by Tetris, shape (jobs, 2).

    In rounds, until nothing fits, each job takes up to `turn` pairs of a worker and its parameter server.
    In a round the next is the job with the best score among those whose pair fits: its alignment with
    what is left (the product of the shares of the cluster that the pair takes and those that are left),
    less its remaining work (its remaining seconds with one pair, times the shares), the two brought to
    the same mean over the jobs. Short and small jobs come first, so that they alone get tasks where there
    are not enough for all, and the last ones where they cannot be divided; a large `turn` gives everything
    to the first ones.
    """
    if not requests:
        return np.zeros((0, 2), dtype=int)
    shares = np.array([request.pair for request in requests]) / np.asarray(capacity, dtype=float)
    work = np.array([float(request.seconds_left(1, 1)) for request in requests]) * shares.sum(axis=1)
    dislike = work * (shares.sum(axis=1).mean() / work.mean())
    left, pairs, waiting = (
        np.ones(shares.shape[1]),
        np.zeros(len(requests), dtype=int),
        np.ones(len(requests), dtype=bool),
    )
    while (fit := (shares <= left + 1e-12).all(axis=1)).any():
        if not (fit & waiting).any():
            waiting[:] = True
        best = int(np.argmax(np.where(fit & waiting, shares @ left - dislike, -np.inf)))
        times = min(turn, int(np.min((left + 1e-12) / np.maximum(shares[best], 1e-15))))
        pairs[best] += times
        left -= times * shares[best]
        waiting[best] = False
    return np.stack([pairs, pairs], axis=1)


def shortest_first(requests: Sequence[Request]) -> np.ndarray:
    """The jobs' numbers by remaining seconds with one worker and one parameter server, shortest first."""
    return np.argsort([float(request.seconds_left(1, 1)) for request in requests], kind="stable")
