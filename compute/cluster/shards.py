"""Which slice of a network's parameters each parameter server holds, balanced by Optimus' PAA (section 5.3)."""

from collections.abc import Sequence

import numpy as np

from compute.scheduling.assignment import paa_parts


def shards(sizes: Sequence[int], servers: int) -> list[np.ndarray]:
    """For each server the places of its parameters in the vector of all, ascending; every place is held once.

    `sizes` are the parameters of each block (weight or bias), in the vector's order. Slices are cut at
    whole parameters, so that a server may hold one more or less than `paa` says.
    """
    begins, taken = np.concatenate([[0], np.cumsum(sizes)]), np.zeros(len(sizes))
    held: list[list[np.ndarray]] = [[] for _ in range(servers)]
    for block, server, part in paa_parts(sizes, servers):
        start, end = round(taken[block]), round(taken[block] + part)
        taken[block] += part
        held[server].append(np.arange(begins[block] + start, begins[block] + end))
    return [np.sort(np.concatenate(one)) if one else np.empty(0, dtype=int) for one in held]
