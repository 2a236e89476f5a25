"""Fitting Optimus' loss model (Peng et al., EuroSys '18, Eq. 1) to a training's losses.

The paper solves non-negative least squares on 1 / (l - β2) = β0 k + β1, its released code runs
`curve_fit`. The first goes wrong where the loss nears β2, because a small error of l is then a large
one of its inverse; so each point is weighted by (l - β2)², which undoes that to first order, β2 is
tried on a grid, and a bounded `curve_fit` on the losses themselves finishes. The solver sees steps as
a fraction of the training and losses as a fraction of the largest, so that no result depends on a unit.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit, nnls
from scipy.stats import t as student

from compute import ComputeError
from compute.core.loss_curve import LossCurve
from compute.fitting.uncertainty import covariance, inflated_variance

LEAST_POINTS = 3  # as many as there are coefficients
LEVEL = 0.95
# a bounded solver stops this close to 0 where it means 0: of the losses' range (β2), of β1 (β0 times all steps)
ZERO = 1e-6


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A fitted curve with its 95 % intervals of β0, β1, β2, RMSE in normalised loss, and number of points.

    An interval is None where its coefficient is not identified. A coefficient is identified when its
    interval reaches at most half its value to either side, or for β2, whose true value may be 0, a
    twentieth of the losses' range. Where the model bends otherwise than the data, residuals of
    neighbouring points are correlated; intervals are widened for that, as for a first-order autoregressive
    process. They do not include the differences between seeds.
    """

    curve: LossCurve
    intervals: tuple[tuple[float, float] | None, ...]
    rmse: float
    points: int
    method: str

    @property
    def identified(self) -> bool:
        return None not in self.intervals


def check_points(loss) -> None:
    """Raise ComputeError for data points that no loss model can be fitted to; the message says why."""
    loss = np.asarray(loss, dtype=float)
    if len(loss) < LEAST_POINTS:
        raise ComputeError(
            f"a loss model has three coefficients and cannot be fitted to {len(loss)} points; train for longer"
        )
    usable = np.isfinite(loss) & (loss > 0)
    if not usable.all():
        raise ComputeError(f"a loss model needs finite losses above 0, not {loss[~usable][0]:g}")


def fit(step, loss, *, unit: float = 1.0, asymptote: bool = True) -> Fit:
    """Fit Eq. 1 to points (k, l), both of shape (points,), after division of l by `unit`.

    Without an `asymptote` β2 is held at 0 and has no interval. Raises ComputeError for fewer than three
    points, or for losses that are not finite or not above 0.
    """
    k, l = np.asarray(step, dtype=float), np.asarray(loss, dtype=float) / unit
    check_points(l)
    span, largest = max(k[-1], 1.0), float(l.max())
    k, l = k / span, l / largest
    start = _start(k, l, asymptote)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OptimizeWarning)  # of curve_fit's own covariance, which is not used
        try:
            values, _ = curve_fit(
                model, k, l, p0=start, bounds=(0, np.inf), x_scale=np.maximum(start, 1e-3), max_nfev=5000
            )
            method, finished = "weighted NNLS, then curve_fit", True
        except RuntimeError:
            values, method, finished = start, "weighted NNLS", False
    residuals = model(k, *values) - l
    variance = inflated_variance(residuals, len(values)) if finished else np.inf
    spread = float(np.ptp(l))
    found = intervals(values, covariance(slopes(k, values), variance), len(l), spread)
    if not asymptote:
        values, found = np.append(values, 0.0), [*found, None]
    beta0, beta1, beta2 = map(float, values)
    beta0 = beta0 if beta0 > ZERO * beta1 else 0.0
    beta2 = beta2 if beta2 > ZERO * spread else 0.0
    units = (1 / (span * largest), 1 / largest, largest)
    return Fit(
        curve=LossCurve(beta0=beta0 * units[0], beta1=beta1 * units[1], beta2=beta2 * units[2], unit=unit),
        intervals=tuple(None if i is None else (i[0] * u, i[1] * u) for i, u in zip(found, units, strict=True)),
        rmse=float(np.sqrt(np.mean(residuals**2))) * largest,
        points=len(l),
        method=method,
    )


def model(k, beta0, beta1, beta2=0.0):
    """Eq. 1 as the solver sees it."""
    return 1 / (beta0 * k + beta1 + 1e-12) + beta2


def slopes(k: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The derivatives (points, coefficients) of Eq. 1 with respect to its coefficients; two of them without an
    asymptote.
    """
    inverse = values[0] * k + values[1] + 1e-12
    return np.stack([-k / inverse**2, -1 / inverse**2, np.ones_like(k)][: len(values)], axis=1)


def _start(k: np.ndarray, l: np.ndarray, asymptote: bool) -> np.ndarray:
    """The best weighted NNLS solution over a grid of β2, by squared error of the losses.

    (β0, β1) alone without an asymptote.
    """
    best, least = None, np.inf
    for beta2 in np.append(0.0, l.min() * (1 - np.geomspace(1e-3, 1, 40))) if asymptote else (0.0,):
        above = l - beta2
        weight = above**2
        (beta0, beta1), _ = nnls(np.stack([weight * k, weight], axis=1), weight / above)
        error = np.sum((model(k, beta0, beta1, beta2) - l) ** 2)
        if error < least:
            best, least = np.array([beta0, max(beta1, 1e-9), beta2]), error
    return best if asymptote else best[:2]


def intervals(values: np.ndarray, variances: np.ndarray, count: int, spread: float) -> list[tuple[float, float] | None]:
    """The 95 % intervals of coefficients from their covariance `variances`, None where one is not identified.

    `count` points determine them; `spread` is the range of the losses.
    """
    if count <= len(values) or not np.isfinite(variances).all():
        return [None] * len(values)
    half = student.ppf((1 + LEVEL) / 2, count - len(values)) * np.sqrt(np.diag(variances))
    widest = np.maximum(values / 2, [0.0, 0.0, spread / 20][: len(values)])
    return [
        (float(max(0.0, v - h)), float(v + h)) if h <= w and w > 0 else None
        for v, h, w in zip(values, half, widest, strict=True)
    ]
