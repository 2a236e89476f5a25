"""What a fitted curve says of the steps that are still to come, and what it will take to know it."""

from dataclasses import dataclass

import numpy as np

from compute.core.loss_curve import LossCurve
from compute.fitting import calibrate
from compute.fitting.forms import FORMS, Fitted, fit_form
from compute.fitting.uncertainty import covariance, inflated_variance

HELD_OUT = 0.3  # the later part of a piece, that forms are compared on
LEAST_HELD_OUT = 10  # points that a comparison needs
FARTHEST = 20.0  # a forecast of more than so many times the steps of the piece counts as never
GRID = 4000


@dataclass(frozen=True, kw_only=True)
class Until:
    """Further steps until a loss is reached: as the curve says, and at the low and the high bound of its band.

    None stands for never, or for more than FARTHEST times the steps so far.
    """

    steps: float | None
    earliest: float | None
    latest: float | None


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """A form's errors on the later part of a piece, fitted to the part before it.

    `rmse` in loss; `end_percent` of the mean over the last third of the later part.
    """

    form: str
    rmse: float
    end_percent: float


def until(fitted: Fitted, target: float) -> Until:
    """Steps beyond the last point until the loss has come down to `target`."""
    ahead = np.append(0.0, np.geomspace(1e-4, FARTHEST - 1, GRID)) * fitted.end
    low, high = fitted.band(fitted.end + ahead, of_points=False)
    reached = [_first(ahead, values - target) for values in (fitted.loss(fitted.end + ahead), low, high)]
    return Until(steps=reached[0], earliest=reached[1], latest=reached[2])


def _first(ahead: np.ndarray, above: np.ndarray) -> float | None:
    """The first place at which `above` is 0 or less, interpolated; None where it never is."""
    found = np.flatnonzero(above <= 0)
    if not len(found):
        return None
    at = int(found[0])
    if at == 0:
        return 0.0
    share = above[at - 1] / (above[at - 1] - above[at])
    return float(ahead[at - 1] + share * (ahead[at] - ahead[at - 1]))


def held_out(k: np.ndarray, l: np.ndarray) -> list[HeldOut]:
    """The errors of every form on the last HELD_OUT of the steps, best first; none where there are too few points."""
    seen = k <= k[0] + (1 - HELD_OUT) * (k[-1] - k[0])
    if len(k) < LEAST_HELD_OUT or seen.sum() < calibrate.LEAST_POINTS + 1:
        return []
    later, end = ~seen, k > k[-1] - HELD_OUT / 3 * (k[-1] - k[0])
    rows = []
    for form in FORMS:
        said = fit_form(form, k[seen], l[seen]).loss
        rmse = float(np.sqrt(np.mean((said(k[later]) - l[later]) ** 2)))
        rows.append(HeldOut(form=form, rmse=rmse, end_percent=float(100 * (said(k[end]).mean() / l[end].mean() - 1))))
    return sorted(rows, key=lambda row: row.rmse)


def steps_to_identify(k: np.ndarray, l: np.ndarray, curve: LossCurve) -> float | None:
    """Further steps of the same kind until all coefficients of Eq. 1 are identified; 0 where they are.

    It takes the fitted curve for the true one and further points to be as dense and as noisy as those so far, and
    asks when the intervals would be narrow enough. None where that takes more than FARTHEST times the steps so far, as
    for a loss that does not move.
    """
    largest, span = float(l.max()), float(k[-1])
    values = np.array([curve.beta0 * span * largest, curve.beta1 * largest, curve.beta2 / largest])
    x = k / span
    residuals = l / largest - calibrate.model(x, *values)
    variance = inflated_variance(residuals, len(values))
    if not np.isfinite(variance):
        return None

    def identified(times: float) -> bool:
        count = max(len(x), round(len(x) * times))
        longer = np.concatenate([x, np.linspace(1, times, count - len(x) + 1)[1:]])
        said = calibrate.model(longer, *values)
        spread = max(float(np.ptp(l)) / largest, float(np.ptp(said)))
        found = covariance(calibrate.slopes(longer, values), variance)
        return None not in calibrate.intervals(values, found, len(longer), spread)

    every = np.append(1.0, np.geomspace(1.02, FARTHEST, 60))
    enough = next((times for times in every if identified(times)), None)
    return None if enough is None else float((enough - 1) * span)
