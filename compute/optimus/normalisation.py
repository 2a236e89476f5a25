"""What losses are divided by before they are modelled, and how well a depth is predicted from others with each.

The paper divides by the largest loss, which the noise of the first steps decides; ln(classes), the loss of a guess,
is the same for all trainings on a data set.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compute.fitting import calibrate

LARGEST, GUESS = "largest loss", "ln(classes)"
LEAST_DEPTHS = 3  # that a straight line is drawn through, to have one more than it needs


@dataclass(frozen=True, kw_only=True, eq=False)
class DepthPoints:
    """The data points (k in epochs, l) of a network's piece of constant learning rate."""

    depth: int
    classes: int
    k: np.ndarray
    l: np.ndarray


def units(points: DepthPoints) -> dict[str, float]:
    """What losses are divided by, by name."""
    return {LARGEST: float(points.l.max()), GUESS: math.log(points.classes)}


def depth_errors(others: Sequence[DepthPoints], target: DepthPoints) -> dict[str, float]:
    """By unit the mean absolute error, in percent, of the target's curve as predicted from other depths.

    Each coefficient of Eq. 1 is a straight line in the depth, and at least 0. The target's own unit is taken as known,
    as the paper's normalised curve is compared with a normalised one.
    """
    depths, errors = [other.depth for other in others], {}
    for name, unit in units(target).items():
        curves = [calibrate.fit(other.k, other.l, unit=units(other)[name]).curve for other in others]
        found = np.array([(curve.beta0, curve.beta1, curve.beta2) for curve in curves])
        slopes, starts = np.polyfit(depths, found, 1)
        beta = np.maximum(slopes * target.depth + starts, 0)
        errors[name] = float(100 * np.mean(np.abs(calibrate.model(target.k, *beta) * unit / target.l - 1)))
    return errors
