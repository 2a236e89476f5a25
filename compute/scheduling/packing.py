"""Where the baselines' tasks go (section 6.1): spread by load, as Kubernetes does for DRF, or packed, by Tetris."""

from collections.abc import Iterable, Sequence

import numpy as np

from compute.scheduling.jobs import Request
from compute.scheduling.placement import Placement


def place_balanced(requests: Sequence[Request], counts, capacity) -> list[Placement | None]:
    """Each task on the least loaded machine that holds it.

    `counts` (jobs, 2) go on machines of `capacity` (machines, resources). The jobs take turns, a worker
    with its parameter server at a time, which go both or not at all. The load of a machine is the mean
    share of its resources that is taken. A task that fits nowhere is left out; None for a job that is
    left without either kind.
    """
    capacity, counts = np.asarray(capacity, dtype=float), np.asarray(counts, dtype=int).tolist()
    turns = sorted((nth, job) for job, given in enumerate(counts) for nth in range(max(given)))
    return _place(requests, counts, capacity, turns, -1 / capacity)


def place_packed(requests: Sequence[Request], counts, capacity, order: Iterable[int]) -> list[Placement | None]:
    """Each task on the machine with the least room that holds it; job by job in the `order` given.

    Otherwise as `place_balanced`. The room of a machine is the sum of what is free there, in shares of
    the largest machine.
    """
    capacity, counts = np.asarray(capacity, dtype=float), np.asarray(counts, dtype=int).tolist()
    turns = [(nth, job) for job in order for nth in range(max(counts[job]))]
    return _place(requests, counts, capacity, turns, np.tile(1 / capacity.max(axis=0), (len(capacity), 1)))


def _place(
    requests: Sequence[Request], counts, capacity, turns: Iterable[tuple[int, int]], weights
) -> list[Placement | None]:
    """Place task by task where the weighted sum of what is free is least among the machines that hold it."""
    free, rank = np.array(np.transpose(capacity), order="C"), (capacity * weights).sum(axis=1)
    on: list[dict[int, list[int]]] = [{} for _ in requests]
    full: set = set()

    def find(task: tuple[float, ...]) -> int | None:
        room = free[0] >= task[0] - 1e-9
        for amount, there in zip(task[1:], free[1:], strict=True):
            room &= there >= amount - 1e-9
        machine = int(np.argmin(np.where(room, rank, np.inf)))
        return machine if room[machine] else None

    def occupy(machine: int, task: tuple[float, ...], sign: int) -> None:
        for i, amount in enumerate(task):
            free[i, machine] -= sign * amount
            rank[machine] -= sign * amount * weights[machine, i]

    for nth, job in turns:
        p, w = counts[job]
        tasks = [(0, requests[job].server)] * (nth < p) + [(1, requests[job].worker)] * (nth < w)
        wanted = tuple(task for _, task in tasks)
        if wanted in full or (len(tasks) < 2 and not on[job]):
            continue
        put = []
        for kind, task in tasks:
            if (machine := find(task)) is None:
                # nothing is ever given back, so that it will not fit later either
                full.add(wanted)
                for where, _, earlier in put:
                    occupy(where, earlier, -1)
                break
            occupy(machine, task, 1)
            put.append((machine, kind, task))
        else:
            for machine, kind, _ in put:
                on[job].setdefault(machine, [0, 0])[kind] += 1
    return [tuple((machine, *tasks) for machine, tasks in sorted(one.items())) or None for one in on]
