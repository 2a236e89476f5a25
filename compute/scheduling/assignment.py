"""Which parameter server holds which parameters (section 5.3): Optimus' PAA and MXNet's default rule.

A result is a pair of arrays (servers,): parameters on each, and requests to each, one for each block or slice
that it holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

SMALL = 0.01
BIG = 1_000_000
DRAWS = 64
MOST_SERVERS = 64


@dataclass(frozen=True, kw_only=True)
class Balance:
    """Table 3's measures of an assignment, and `largest`, the parameters of the fullest server over the mean."""

    size_difference: float
    request_difference: float
    requests: float
    largest: float


def paa(blocks: Sequence[int], servers: int) -> tuple[np.ndarray, np.ndarray]:
    """Parameters and requests of each server by Optimus' parameter assignment, see `paa_parts`."""
    sizes, requests = np.zeros(servers), np.zeros(servers, dtype=int)
    for _, server, parameters in paa_parts(blocks, servers):
        _give(sizes, requests, server, parameters)
    return sizes, requests


def paa_parts(blocks: Sequence[int], servers: int) -> list[tuple[int, int, float]]:
    """The block, the server and the parameters of each whole block or slice, by Optimus' parameter assignment.

    Blocks come largest first. One below 1 % of the average size of a server goes where the fewest
    requests are; one up to the average to the server with the least room that still holds it (and, if
    none does, to the one with the fewest parameters); a larger one is cut into slices of the average,
    the last smaller, each of which goes where the fewest parameters are. A block's slices are in order.
    """
    sizes, requests, parts = np.zeros(servers), np.zeros(servers, dtype=int), []
    average = sum(blocks) / servers
    for number in sorted(range(len(blocks)), key=lambda i: -blocks[i]):
        block, slices = blocks[number], [float(blocks[number])]
        if block > average:
            whole, rest = divmod(block, average)
            slices = [average] * int(whole) + [rest] * (rest > 0)
        for part in slices:
            if block > average:
                server = int(np.argmin(sizes))
            elif block < SMALL * average:
                server = int(np.argmin(requests))
            else:
                room = average - sizes
                holds = room >= block
                server = int(np.argmin(np.where(holds, room, np.inf)) if holds.any() else np.argmin(sizes))
            _give(sizes, requests, server, part)
            parts.append((number, server, part))
    return parts


def by_key(blocks: Sequence[int], keys: Sequence[int], servers: int) -> tuple[np.ndarray, np.ndarray]:
    """Parameters and requests of each server by MXNet's default rule.

    A block below 10⁶ parameters goes to the server keys[i] modulo `servers`, a larger one is cut evenly over all.
    """
    sizes = np.asarray(blocks, dtype=float)
    small = sizes < BIG
    at = np.asarray(keys)[small] % servers
    parameters = np.bincount(at, weights=sizes[small], minlength=servers) + sizes[~small].sum() / servers
    return parameters, np.bincount(at, minlength=servers) + int((~small).sum())


def balance(sizes: np.ndarray, requests: np.ndarray) -> Balance:
    """The measures of an assignment."""
    return Balance(
        size_difference=float(np.ptp(sizes)),
        request_difference=float(np.ptp(requests)),
        requests=float(requests.sum()),
        largest=float(sizes.max() / sizes.mean()),
    )


@cache
def expected(rule: str, blocks: tuple[int, ...], servers: int) -> Balance:
    """The measures of `paa`, or their means over random keys of `default`; the same on every call."""
    if rule == "paa":
        return balance(*paa(blocks, servers))
    keys = np.random.default_rng(0).integers(0, servers, size=(DRAWS, len(blocks)))
    found = [balance(*by_key(blocks, draw, servers)) for draw in keys]
    return Balance(
        **{name: float(np.mean([getattr(one, name) for one in found])) for name in Balance.__dataclass_fields__}
    )


def paa_load(servers: int) -> float:
    """The fullest parameter server's parameters over the mean under PAA, for ResNet-50's blocks."""
    return expected("paa", resnet50_blocks(), min(servers, MOST_SERVERS)).largest


def default_load(servers: int) -> float:
    """The same under MXNet's default rule."""
    return expected("default", resnet50_blocks(), min(servers, MOST_SERVERS)).largest


def resnet50_blocks() -> tuple[int, ...]:
    """Parameters of the 157 blocks of ResNet-50 as MXNet builds it for ImageNet.

    Batch normalisation comes before the convolutions (He et al. 2016), and before the first of them too.
    """
    # batch normalisation of the images, the first convolution and its batch normalisation
    blocks, before = [3, 3, 7 * 7 * 3 * 64, 64, 64], 64
    for units, inner in ((3, 64), (4, 128), (6, 256), (3, 512)):
        for unit in range(units):
            outer = 4 * inner
            blocks += [before, before, before * inner, inner, inner, 9 * inner * inner, inner, inner, inner * outer]
            blocks += [before * outer] * (unit == 0)
            before = outer
    return (*blocks, before, before, before * 1000, 1000)


def _give(sizes: np.ndarray, requests: np.ndarray, server: int, parameters: float) -> None:
    sizes[server] += parameters
    requests[server] += 1
