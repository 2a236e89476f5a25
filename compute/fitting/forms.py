"""Forms of a loss curve that are compared on a reader's training, each fitted by least squares.

Eq. 1 of Optimus is one of them; the mean of the last tenth of the points is what any other has to beat. All
take steps as a fraction x of the piece that they are fitted to, and losses as a fraction of the largest.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit, nnls
from scipy.stats import t as student

from compute.fitting import calibrate
from compute.fitting.uncertainty import covariance, inflated_variance

EQ1, POWER, EXPONENTIAL, MEAN = "Eq. 1", "power law", "exponential", "mean of the last tenth"
LAST = 0.1  # of the points make the mean
LEAST_LAST = 3  # but so many at least
EARLIEST = 1e-4  # x at which a power law is taken for smaller ones, as it is infinite at 0


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form of loss curve: `loss(x, *parameters)`, its `slopes(x, parameters)` (points, parameters), and how
    `parameters` are found from points (x, l).
    """

    formula: str
    loss: Callable
    slopes: Callable
    parameters: Callable


def _eq1(x, beta0, beta1, beta2):
    return 1 / (beta0 * x + beta1 + 1e-12) + beta2


def _fit_eq1(x: np.ndarray, l: np.ndarray) -> np.ndarray:
    curve = calibrate.fit(x, l).curve
    return np.array([curve.beta0, curve.beta1, curve.beta2])


def _power(x, scale, exponent, asymptote):
    return scale * np.maximum(x, EARLIEST) ** -exponent + asymptote


def _power_slopes(x, parameters):
    scale, exponent, _ = parameters
    x = np.maximum(x, EARLIEST)
    return np.stack([x**-exponent, -scale * np.log(x) * x**-exponent, np.ones_like(x)], axis=1)


def _exponential(x, scale, rate, asymptote):
    return scale * np.exp(-rate * x) + asymptote


def _exponential_slopes(x, parameters):
    scale, rate, _ = parameters
    falling = np.exp(-rate * x)
    return np.stack([falling, -scale * x * falling, np.ones_like(x)], axis=1)


def _fit_falling(loss: Callable, grid: np.ndarray) -> Callable:
    """The least-squares fit of scale · g(x, shape) + asymptote: `shape` is tried on a grid, `curve_fit` finishes."""

    def fit(x: np.ndarray, l: np.ndarray) -> np.ndarray:
        best, least = None, np.inf
        for shape in grid:
            (scale, asymptote), error = nnls(np.stack([loss(x, 1, shape, 0), np.ones_like(x)], axis=1), l)
            if error < least:
                best, least = np.array([scale, shape, asymptote]), error
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)  # of its own covariance, which is not used
            try:
                bounds, scales = ((0, grid[0] / 10, 0), np.inf), np.maximum(best, 1e-3)
                return curve_fit(loss, x, l, p0=best, bounds=bounds, x_scale=scales, max_nfev=2000)[0]
            except RuntimeError:
                return best

    return fit


FORMS = {
    EQ1: Form(
        formula="1 / (β0 k + β1) + β2", loss=_eq1, slopes=lambda x, p: calibrate.slopes(x, p), parameters=_fit_eq1
    ),
    POWER: Form(
        formula="a k^(−b) + c",
        loss=_power,
        slopes=_power_slopes,
        parameters=_fit_falling(_power, np.geomspace(0.02, 3, 25)),
    ),
    EXPONENTIAL: Form(
        formula="a exp(−b k) + c",
        loss=_exponential,
        slopes=_exponential_slopes,
        parameters=_fit_falling(_exponential, np.geomspace(0.1, 100, 30)),
    ),
    MEAN: Form(
        formula="c",
        loss=lambda x, level: level + 0 * x,
        slopes=lambda x, _: np.ones((len(x), 1)),
        parameters=lambda x, l: np.array([l.mean()]),
    ),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """A form fitted to points of a piece; k counts steps from the piece's start, `end` is that of its last point.

    `variances` is the parameters' covariance, `point_sd` the standard deviation of a point about the curve and
    `freedom` the points less the parameters; parameters and variances are of x = k / end and of the loss over `scale`.
    """

    form: str
    parameters: np.ndarray
    variances: np.ndarray
    point_sd: float
    freedom: int
    end: float
    scale: float
    rmse: float

    def loss(self, k) -> np.ndarray:
        """The loss after k steps of the piece."""
        return self.scale * FORMS[self.form].loss(np.asarray(k, dtype=float) / self.end, *self.parameters)

    def band(self, k, *, level: float = calibrate.LEVEL, of_points: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """Low and high bounds of the loss after k ≥ `end` steps; of a point with its noise, or else of the curve.

        No bound is below 0, and none is above the curve's value at `end` by more than the noise, as no form rises.
        """
        k = np.atleast_1d(np.asarray(k, dtype=float))
        x, wide = k / self.end, student.ppf((1 + level) / 2, max(self.freedom, 1))
        noise = self.point_sd**2 if of_points else 0.0
        middle = self.loss(k)
        if np.isfinite(self.variances).all():
            slopes = FORMS[self.form].slopes(x, self.parameters)
            of_curve = np.maximum(np.einsum("ij,jk,ik->i", slopes, self.variances, slopes), 0) * self.scale**2
        else:
            of_curve = np.full(len(k), np.inf)
        half = wide * np.sqrt(of_curve + noise)
        ceiling = self.loss(self.end) + wide * self.point_sd
        return np.maximum(middle - half, 0), np.minimum(middle + half, np.maximum(ceiling, middle))


def fit_form(form: str, k, l) -> Fitted:
    """Fit a form to points (k, l), both of shape (points,), k rising from above 0.

    Raises ComputeError for fewer than three points, or for losses that are not finite or not above 0.
    """
    k, l = np.asarray(k, dtype=float), np.asarray(l, dtype=float)
    calibrate.check_points(l)
    end, scale = float(k[-1]), float(l.max())
    if form == MEAN:
        last = max(LEAST_LAST, round(LAST * len(k)))
        k, l = k[-last:], l[-last:]
    x, l = k / end, l / scale
    found = FORMS[form]
    parameters = found.parameters(x, l)
    residuals = l - found.loss(x, *parameters)
    freedom = len(x) - len(parameters)
    variance = inflated_variance(residuals, len(parameters))
    return Fitted(
        form=form,
        parameters=parameters,
        variances=covariance(found.slopes(x, parameters), variance) if freedom > 0 else _open(parameters),
        point_sd=float(np.sqrt(residuals @ residuals / max(freedom, 1))) * scale,
        freedom=freedom,
        end=end,
        scale=scale,
        rmse=float(np.sqrt(np.mean(residuals**2))) * scale,
    )


def _open(parameters: np.ndarray) -> np.ndarray:
    return np.full((len(parameters), len(parameters)), np.inf)
