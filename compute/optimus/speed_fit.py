"""Eqs. 3 and 4 of Optimus fitted to measured speeds by non-negative least squares, and by how much they miss.

As in section 3.2 of the paper. Both are linear in θ once turned around: 1/f for synchronous training, w/f
for asynchronous training.
"""

from collections.abc import Iterable

import numpy as np
from scipy.optimize import nnls

from compute.core.speed import MODES, AsynchronousSpeed, SynchronousSpeed

Speed = SynchronousSpeed | AsynchronousSpeed
POINTS = (5, 8, 10, 15, 20, 25, 50, 100)
DRAWS = 200


def fit(mode: str, servers, workers, steps_per_s, batch: float = 1.0) -> Speed:
    """The speed model whose turned-around equation is nearest to the measured points, with all θ at least 0.

    `servers`, `workers` and `steps_per_s` are arrays (points,); `batch` is M of synchronous training.
    """
    p, w, speed = (np.asarray(values, dtype=float) for values in (servers, workers, steps_per_s))
    if mode == MODES[0]:
        theta, _ = nnls(np.stack([batch / w, np.ones_like(w), w / p, w, p], axis=1), 1 / speed)
        return SynchronousSpeed(theta=tuple(theta.tolist()), batch=batch)
    theta, _ = nnls(np.stack([np.ones_like(w), w / p, w, p], axis=1), w / speed)
    return AsynchronousSpeed(theta=tuple(theta.tolist()))


def error_percent(model: Speed, servers, workers, steps_per_s) -> float:
    """Mean absolute error of the modelled speed at points (points,), in percent of the measured one."""
    speed = np.asarray(steps_per_s, dtype=float)
    return float(100 * np.mean(np.abs(model.steps_per_s(servers, workers) / speed - 1)))


def held_out_errors(mode: str, servers, workers, steps_per_s, batch: float = 1.0, points: Iterable[int] = POINTS):
    """Errors on the points that were not used, by the number of points that were (the paper's Fig. 8).

    Rows of points, median, low, high: the quartiles of the error in percent over 200 random choices of
    points. Numbers of points that leave none out have no row.
    """
    p, w, speed = (np.asarray(values, dtype=float) for values in (servers, workers, steps_per_s))
    rng, rows = np.random.default_rng(0), []
    for count in points:
        if count >= len(p):
            continue
        errors = []
        for _ in range(DRAWS):
            order = rng.permutation(len(p))
            used, rest = order[:count], order[count:]
            model = fit(mode, p[used], w[used], speed[used], batch)
            errors.append(error_percent(model, p[rest], w[rest], speed[rest]))
        low, median, high = np.percentile(errors, (25, 50, 75)).tolist()
        rows.append({"points": count, "median_percent": median, "low_percent": low, "high_percent": high})
    return rows


def theta_intervals(mode: str, servers, workers, steps_per_s, batch: float = 1.0) -> list[tuple[float, float]]:
    """95 % intervals of each θ, from fits to 200 resamples of the points with replacement."""
    p, w, speed = (np.asarray(values, dtype=float) for values in (servers, workers, steps_per_s))
    rng = np.random.default_rng(0)
    found = []
    for _ in range(DRAWS):
        chosen = rng.integers(len(p), size=len(p))
        found.append(fit(mode, p[chosen], w[chosen], speed[chosen], batch).theta)
    low, high = np.percentile(np.array(found), (2.5, 97.5), axis=0)
    return list(zip(low.tolist(), high.tolist(), strict=True))
