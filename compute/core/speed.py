"""Optimus' training-speed models: steps per second of a job on p servers and w workers.

Peng et al., EuroSys '18, section 3.2.

Asynchronous, Eq. 3: f(p, w) = w / (θ0 + θ1 w/p + θ2 w + θ3 p).
Synchronous, Eq. 4: f(p, w) = 1 / (θ0 M/w + θ1 + θ2 w/p + θ3 w + θ4 p), M the images of a step over all workers.
The terms of Eq. 4 are, in this order, the forward pass, the backward pass, the exchange of gradients
and parameters, and the connections of workers and of servers; each is in seconds.
"""

import math
from dataclasses import dataclass

import numpy as np

MODES = ("synchronous", "asynchronous")


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
