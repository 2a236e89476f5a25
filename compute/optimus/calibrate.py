"""Fitting Optimus' loss model (Peng et al., EuroSys '18, Eq. 1) to a training's losses.

The paper solves non-negative least squares on 1 / (l - β2) = β0 k + β1, its released code runs
`curve_fit`. The first goes wrong where the loss nears β2, because a small error of l is then a large
one of its inverse; so each point is weighted by (l - β2)², which undoes that to first order, β2 is
tried on a grid, and a bounded `curve_fit` on the losses themselves finishes.
"""

import math
import warnings
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit, nnls
from scipy.stats import t as student

from compute import ComputeError
from compute.core.loss_curve import LossCurve, block_means, without_outliers

POINTS = 1000  # at the most; longer trainings are averaged over blocks of steps
WINDOW_EPOCHS = 5  # of the paper's outlier rule
LEVEL = 0.95
ALIKE = 0.95  # the most that the autocorrelation of residuals is taken for
NOTHING = 1e-6  # of the losses' range (β2), of β1 (β0 over the whole training): a bounded solver stops that close to 0 and means 0


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fitted curve with its 95 % intervals of β0, β1, β2 (None: not identified), RMSE in normalised loss, and number of points.

    A coefficient is identified when its interval reaches at most half its value to either side, or for
    β2, whose true value may be 0, a twentieth of the losses' range. Residuals of neighbouring points
    are alike where the model bends otherwise than the data; intervals are widened for that, as for a
    first-order autoregressive process, but they know nothing of what another seed would have given.
    """

    curve: LossCurve
    intervals: tuple[tuple[float, float] | None, ...]
    rmse: float
    points: int
    method: str

    @property
    def identified(self) -> bool:
        return None not in self.intervals


def fit(step, loss, *, unit: float = 1.0, floor: bool = True) -> Fit:
    """Fit Eq. 1 to points (k, l), both of shape (points,), after division of l by `unit`; without a `floor`, β2 is held at 0.

    A β2 that was held has no interval. Raises ComputeError for fewer than three points, or for losses that are not finite or not above 0.
    """
    k, l = np.asarray(step, dtype=float), np.asarray(loss, dtype=float) / unit
    if len(l) < 3:
        raise ComputeError(f"a loss model has three coefficients and cannot be fitted to {len(l)} points; train for longer")
    if not (np.isfinite(l).all() and (l > 0).all()):
        raise ComputeError("a loss model needs finite losses above 0")
    span = max(k[-1], 1.0)  # the solver sees steps as a fraction of the training
    start = _start(k / span, l, floor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OptimizeWarning)  # of curve_fit's own covariance, which is not used
        try:
            values, _ = curve_fit(_model, k / span, l, p0=start, bounds=(0, np.inf), x_scale=np.maximum(start, 1e-3), max_nfev=5000)
            method = "weighted NNLS, then curve_fit"
        except RuntimeError:
            values, method = start, "weighted NNLS"
    residuals = _model(k / span, *values) - l
    scale = np.array([1 / span, 1.0, 1.0])
    covariance = _covariance(k / span, values, residuals) if method.endswith("curve_fit") else np.full((len(values),) * 2, np.inf)
    intervals = _intervals(values, covariance, len(l), float(np.ptp(l)))
    if not floor:
        values, intervals = np.append(values, 0.0), [*intervals, None]
    beta0 = float(values[0] / span) if values[0] > NOTHING * values[1] else 0.0
    beta2 = float(values[2]) if values[2] > NOTHING * np.ptp(l) else 0.0
    curve = LossCurve(beta0=beta0, beta1=float(values[1]), beta2=beta2, unit=unit)
    intervals = tuple(None if pair is None else (pair[0] * s, pair[1] * s) for pair, s in zip(intervals, scale, strict=True))
    return Fit(curve=curve, intervals=intervals, rmse=float(np.sqrt(np.mean(residuals**2))), points=len(l), method=method)


def block_of(steps: int) -> int:
    """Steps that are averaged into one data point of a training of so many."""
    return max(1, math.ceil(steps / POINTS))


def points_of(
    losses, steps_per_epoch: int, *, outliers: bool = True, unit: float | None = None, block: int | None = None
) -> tuple[np.ndarray, np.ndarray, float]:
    """Data points of a training: (k, l, unit) after averaging, the outlier rule and the choice of the unit.

    `losses` (steps,) holds one loss a step. With `unit` None the largest data point is the unit, as in
    the paper; 1.0 leaves the losses as they are. `block` steps make a point (None: `block_of` these
    losses); pieces of a training take that of the whole, so that all are as noisy and can be compared.
    """
    block = block or block_of(len(losses))
    k, l = block_means(losses, block)
    if outliers:
        l = without_outliers(l, max(1, WINDOW_EPOCHS * steps_per_epoch // block))
    return k, l, float(l.max()) if unit is None else unit


def _model(k, beta0, beta1, beta2=0.0):
    return 1 / (beta0 * k + beta1 + 1e-12) + beta2


def _covariance(k: np.ndarray, values: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """The coefficients' covariance, 3 x 3, or 2 x 2 without a floor; infinite where the data leave a combination of them open.

    `curve_fit` has one as well, but drops directions that the data say nothing of: on a flat loss, where
    only 1 / β1 + β2 is known, it calls both of them certain.
    """
    below = values[0] * k + values[1] + 1e-12
    slopes = np.stack([-k / below**2, -1 / below**2, np.ones_like(k)][: len(values)], axis=1)
    length = np.maximum(np.linalg.norm(slopes, axis=0), 1e-300)
    _, singular, directions = np.linalg.svd(slopes / length, full_matrices=False)
    if len(k) <= len(values) or singular[-1] <= 1e-8 * singular[0]:
        return np.full((len(values),) * 2, np.inf)
    alike = float(np.clip(residuals[1:] @ residuals[:-1] / max(residuals @ residuals, 1e-300), 0, ALIKE))
    variance = (residuals @ residuals) / (len(k) - len(values)) * (1 + alike) / (1 - alike)
    return (directions.T / singular**2) @ directions / np.outer(length, length) * variance


def _start(k: np.ndarray, l: np.ndarray, floor: bool) -> np.ndarray:
    """The best weighted NNLS solution over a grid of β2, by squared error of the losses; (β0, β1) alone without a floor."""
    best, least = None, np.inf
    for beta2 in np.append(0.0, l.min() * (1 - np.geomspace(1e-3, 1, 40))) if floor else (0.0,):
        above = l - beta2
        weight = above**2
        (beta0, beta1), _ = nnls(np.stack([weight * k, weight], axis=1), weight / above)
        error = np.sum((_model(k, beta0, beta1, beta2) - l) ** 2)
        if error < least:
            best, least = np.array([beta0, max(beta1, 1e-9), beta2]), error
    return best if floor else best[:2]


def _intervals(values: np.ndarray, covariance: np.ndarray, count: int, spread: float) -> list[tuple[float, float] | None]:
    if count <= len(values) or not np.isfinite(covariance).all():
        return [None] * len(values)
    half = student.ppf((1 + LEVEL) / 2, count - len(values)) * np.sqrt(np.diag(covariance))
    widest = np.maximum(values / 2, [0.0, 0.0, spread / 20][: len(values)])
    return [(float(max(0.0, v - h)), float(v + h)) if h <= w and w > 0 else None for v, h, w in zip(values, half, widest, strict=True)]
