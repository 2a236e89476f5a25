"""Optimus' training-speed models: steps per second of a job on p servers and w workers.

Peng et al., EuroSys '18, section 3.2.

Asynchronous, Eq. 3: f(p, w) = w / (θ0 + θ1 w/p + θ2 w + θ3 p).
Synchronous, Eq. 4: f(p, w) = 1 / (θ0 M/w + θ1 + θ2 w/p + θ3 w + θ4 p), M the images of a step over all workers.
The terms of Eq. 4 are, in this order, the forward pass, the backward pass, the exchange of gradients
and parameters, and the connections of workers and of servers; each is in seconds. Eq. 2 says where the exchange
comes from: a server sends and receives its share of the network, size ÷ p, with w workers at its link's bandwidth.

Beside them stands the ring all-reduce, which needs no servers: every worker sends and receives
2 (w − 1)/w times the network's size, however many workers there are.
"""

import math
from dataclasses import dataclass

import numpy as np

MODES = ("synchronous", "asynchronous")
PARAMETER_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class SynchronousSpeed:
    """Eq. 4 with θ0 in seconds an image, θ1 to θ4 in seconds, and `batch` M in images a step."""

    theta: tuple[float, float, float, float, float]
    batch: float

    def __post_init__(self):
        _check(self.theta, 5)
        if not (math.isfinite(self.batch) and self.batch > 0):
            raise ValueError(f"batch is {self.batch}; it is the number of images of a step over all workers, above 0")

    def terms(self, servers, workers) -> np.ndarray:
        """Seconds of each term of a step, shape (5, …), in the order of the module's docstring."""
        p, w = _counts(servers, workers)
        t = self.theta
        return np.stack(np.broadcast_arrays(t[0] * self.batch / w, t[1] + 0 * w, t[2] * w / p, t[3] * w, t[4] * p))

    def steps_per_s(self, servers, workers) -> np.ndarray:
        """Steps per second; every step trains M images."""
        return 1 / self.terms(servers, workers).sum(axis=0)

    def standalone_step_s(self) -> float:
        """Seconds of a step of one worker without servers: it computes, and exchanges nothing."""
        return self.theta[0] * self.batch + self.theta[1]

    def balanced_workers(self, servers: float) -> float:
        """The number of workers, not rounded, that makes a step shortest: √(θ0 M / (θ2/p + θ3)).

        There the terms that fall with w equal those that rise with it. Infinite where none rises.
        """
        rising = self.theta[2] / servers + self.theta[3]
        return math.sqrt(self.theta[0] * self.batch / rising) if rising else math.inf


@dataclass(frozen=True, kw_only=True)
class Network:
    """What workers exchange, and over which link: `parameters_millions`, of 4 bytes each, and `link_gbps`."""

    parameters_millions: float
    link_gbps: float

    def __post_init__(self):
        for name in ("parameters_millions", "link_gbps"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}; it must be a finite number above 0")

    @property
    def exchange_s(self) -> float:
        """Seconds to send the network once and receive it once over the link."""
        return 2 * PARAMETER_BYTES * 1e6 * self.parameters_millions / (1e9 / 8 * self.link_gbps)


def by_size_and_link(network: Network, *, images_per_s: float, batch: float) -> SynchronousSpeed:
    """Eq. 4 from Eq. 2: computing at a worker's throughput in proportion to its images, exchange by size and link.

    It has no fixed part of a step and no cost of connections, and so is the best that can be hoped for.
    """
    return SynchronousSpeed(theta=(1 / images_per_s, 0.0, network.exchange_s, 0.0, 0.0), batch=batch)


@dataclass(frozen=True, kw_only=True)
class AllReduceSpeed:
    """Steps of `batch` images with a ring all-reduce between workers of `images_per_s` each."""

    network: Network
    images_per_s: float
    batch: float

    def __post_init__(self):
        for name in ("images_per_s", "batch"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}; it must be a finite number above 0")

    def steps_per_s(self, servers, workers) -> np.ndarray:
        """Steps per second; there are no servers, and their number changes nothing."""
        w = np.asarray(workers, dtype=float) + 0 * np.asarray(servers, dtype=float)
        return 1 / (self.batch / self.images_per_s / w + self.network.exchange_s * (w - 1) / w)

    def standalone_step_s(self) -> float:
        """Seconds of a step of one worker, which exchanges nothing."""
        return self.batch / self.images_per_s


@dataclass(frozen=True, kw_only=True)
class AsynchronousSpeed:
    """Eq. 3 with θ in seconds; a step is one worker's, of the worker's own mini-batch."""

    theta: tuple[float, float, float, float]

    def __post_init__(self):
        _check(self.theta, 4)

    def steps_per_s(self, servers, workers) -> np.ndarray:
        """Steps per second of all workers together."""
        p, w = _counts(servers, workers)
        t = self.theta
        return w / (t[0] + t[1] * w / p + t[2] * w + t[3] * p)


def _check(theta: tuple, count: int) -> None:
    if len(theta) != count or not all(math.isfinite(t) and t >= 0 for t in theta) or not any(theta):
        raise ValueError(f"theta is {theta}; it must be {count} finite numbers of at least 0, not all 0")


def _counts(servers, workers) -> tuple[np.ndarray, np.ndarray]:
    p, w = np.asarray(servers, dtype=float), np.asarray(workers, dtype=float)
    if not ((p >= 1).all() and (w >= 1).all()):
        raise ValueError("there must be at least one server and one worker")
    return p, w
