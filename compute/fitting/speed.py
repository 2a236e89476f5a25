"""Optimus' speed models fitted to measured points (servers, workers, steps/s), and which point to measure next.

The time of a step is linear in θ (Eqs. 3 and 4 of Peng et al., EuroSys '18), with no θ below 0: non-negative
least squares, as in the paper's section 3.2, here with each point weighted by its speed, so that it is the
relative error of the step's time that is made small.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from compute.core.speed import MODES, AsynchronousSpeed, SynchronousSpeed

LEVEL = 0.95
LEAST_POINTS = 2
# what stands for no knowledge beside the design's own scale, so that a direction without data is the widest
PRIOR = 1e-9


@dataclass(frozen=True, kw_only=True)
class SpeedFit:
    """A fitted speed model with θ's 95 % intervals, and its mean absolute error of the step's time in percent.

    An interval is None where the points leave the coefficient open.
    """

    model: SynchronousSpeed | AsynchronousSpeed
    intervals: tuple[tuple[float, float] | None, ...]
    error_percent: float
    points: int


@dataclass(frozen=True, kw_only=True)
class NextPoint:
    """Where to measure next, for which θ (its place), and by how many percent its interval gets narrower."""

    servers: int
    workers: int
    theta: int
    narrower_percent: float


def fit(servers, workers, steps_per_s, *, mode: str, batch: float | None = None) -> SpeedFit:
    """Fit θ to points, all of shape (points,); `batch` is M in images, of the synchronous model.

    Raises ValueError with what to do for points that cannot be used.
    """
    from scipy.optimize import nnls

    design, speed = _checked(servers, workers, steps_per_s, mode, batch)
    weighted = design * speed[:, None]
    scale = np.linalg.norm(weighted, axis=0)
    theta = nnls(weighted / scale, np.ones(len(speed)))[0] / scale
    model: SynchronousSpeed | AsynchronousSpeed
    if mode == MODES[0]:
        t0, t1, t2, t3, t4 = map(float, theta)
        model = SynchronousSpeed(theta=(t0, t1, t2, t3, t4), batch=float(batch or 1))
    else:
        t0, t1, t2, t3 = map(float, theta)
        model = AsynchronousSpeed(theta=(t0, t1, t2, t3))
    off = weighted @ theta - 1
    return SpeedFit(
        model=model,
        intervals=_intervals(weighted, theta, off),
        error_percent=float(100 * np.mean(np.abs(off))),
        points=len(speed),
    )


def next_point(
    servers, workers, steps_per_s, *, mode: str, batch: float | None = None, most_servers: int, most_workers: int
) -> NextPoint:
    """The point (up to so many servers and workers) that narrows the widest interval most.

    Intervals of different θ are compared by the share of a step's time that they leave open.
    """
    design, speed = _checked(servers, workers, steps_per_s, mode, batch)
    weighted = design * speed[:, None]
    share = weighted.mean(axis=0)
    known = weighted.T @ weighted + PRIOR * np.diag(share**2)
    before = np.diag(np.linalg.inv(known)) * share**2
    widest = int(np.argmax(before))
    model = fit(servers, workers, steps_per_s, mode=mode, batch=batch).model
    places = np.array(list(itertools.product(range(1, most_servers + 1), range(1, most_workers + 1))))
    new = _design(places[:, 0], places[:, 1], mode, batch)
    new *= model.steps_per_s(places[:, 0], places[:, 1])[:, None]
    after = [np.linalg.inv(known + np.outer(row, row))[widest, widest] * share[widest] ** 2 for row in new]
    best = int(np.argmin(after))
    return NextPoint(
        servers=int(places[best, 0]),
        workers=int(places[best, 1]),
        theta=widest,
        narrower_percent=float(100 * (1 - math.sqrt(after[best] / before[widest]))),
    )


def _design(servers: np.ndarray, workers: np.ndarray, mode: str, batch: float | None) -> np.ndarray:
    """What each θ is multiplied with in the time of a step, shape (points, θ)."""
    p, w = np.asarray(servers, dtype=float), np.asarray(workers, dtype=float)
    one = np.ones_like(p)
    columns = [(batch or 1) / w, one, w / p, w, p] if mode == MODES[0] else [one / w, one / p, one, p / w]
    return np.stack(columns, axis=1)


def _checked(servers, workers, steps_per_s, mode: str, batch: float | None) -> tuple[np.ndarray, np.ndarray]:
    p, w, speed = (np.asarray(values, dtype=float) for values in (servers, workers, steps_per_s))
    if len(speed) < LEAST_POINTS:
        raise ValueError(f"there are {len(speed)} points; measure {LEAST_POINTS} at least")
    if not (np.isfinite(speed).all() and (speed > 0).all()):
        raise ValueError("a speed is missing or not above 0; every point needs its steps per second")
    if not ((p >= 1).all() and (w >= 1).all()):
        raise ValueError("every point needs at least one server and one worker")
    if mode == MODES[0] and not (batch and math.isfinite(batch) and batch > 0):
        raise ValueError("the synchronous model needs the images of a step over all workers, above 0")
    return _design(p, w, mode, batch), speed


def _intervals(weighted: np.ndarray, theta: np.ndarray, off: np.ndarray) -> tuple[tuple[float, float] | None, ...]:
    from scipy.stats import t as student

    free = len(off) - len(theta)
    scale = np.linalg.norm(weighted, axis=0)
    if free < 1 or np.linalg.matrix_rank(weighted / scale) < len(theta):
        return (None,) * len(theta)
    inverse = np.linalg.inv((weighted / scale).T @ (weighted / scale)) / np.outer(scale, scale)
    half = student.ppf((1 + LEVEL) / 2, free) * np.sqrt(np.diag(inverse) * (off @ off) / free)
    return tuple((max(0.0, float(t - h)), float(t + h)) for t, h in zip(theta, half, strict=True))
