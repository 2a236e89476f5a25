"""Optimus' training-loss model, its restart at learning-rate drops, and the data points that it is fitted to.

Peng et al., EuroSys '18, section 3.1 (Eq. 1, data preprocessing) and section 7 (restart).

l = 1 / (β0 k + β1) + β2, with k the number of steps and all β at least 0: with a fixed learning rate
SGD converges at O(1/k). Where the learning rate drops, the training is taken as a new job and the
model begins anew, with k counted from the drop.
"""

import math
from dataclasses import dataclass

import numpy as np

MOST_POINTS = 1000  # data points of a training; the steps of a longer one are averaged
OUTLIER_WINDOW_EPOCHS = 5  # of the paper's outlier rule


@dataclass(frozen=True, kw_only=True)
class LossCurve:
    """β0 (1/loss per step), β1 (1/loss) and β2 (loss) of Eq. 1.

    Losses are `unit` times the model's value, `unit` 1 for losses that were not normalised.
    """

    beta0: float
    beta1: float
    beta2: float
    unit: float = 1.0

    def __post_init__(self):
        for name in ("beta0", "beta1", "beta2"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}; Eq. 1 wants a finite number of at least 0")
        if not (math.isfinite(self.unit) and self.unit > 0):
            raise ValueError(f"unit is {self.unit}; it is the loss that was divided by, above 0")

    def loss(self, step) -> np.ndarray:
        """The loss after `step` steps (a number or an array, at least 0); infinite where β0 k + β1 is 0."""
        with np.errstate(divide="ignore"):
            return self.unit * (1 / (self.beta0 * np.asarray(step, dtype=float) + self.beta1) + self.beta2)

    def step_at(self, loss: float) -> float:
        """The number of steps until the loss has come down to `loss`, at least 0; infinite where it never does."""
        above = loss / self.unit - self.beta2
        if above <= 0:
            return math.inf
        if self.beta0 == 0:
            return 0.0 if 1 / above <= self.beta1 else math.inf
        return max(0.0, (1 / above - self.beta1) / self.beta0)


@dataclass(frozen=True, kw_only=True)
class PiecewiseCurve:
    """Curves of one training between its learning-rate drops; `starts` are the steps at which they begin, from 0."""

    starts: tuple[int, ...]
    curves: tuple[LossCurve, ...]

    def __post_init__(self):
        rising = list(self.starts) == sorted(set(self.starts)) and self.starts[:1] == (0,)
        if len(self.starts) != len(self.curves) or not rising:
            raise ValueError(
                f"starts are {self.starts} for {len(self.curves)} curves; there must be one for each, rising from 0"
            )

    def loss(self, step) -> np.ndarray:
        """The loss after `step` steps of the whole training.

        The last step before a drop still belongs to the curve before it.
        """
        step = np.asarray(step, dtype=float)
        which = np.clip(np.searchsorted(self.starts, step, side="left") - 1, 0, None)
        pieces = [
            curve.loss(np.maximum(step - start, 0)) for start, curve in zip(self.starts, self.curves, strict=True)
        ]
        return np.choose(which, pieces)


def without_outliers(loss, window: int) -> np.ndarray:
    """The losses with outliers replaced by the mean of their two neighbours (section 3.1, data preprocessing).

    A point is an outlier when it lies below the least of the `window` points after it or above the
    largest of the `window` points before it; the paper's window is five epochs. Shape (points,).
    """
    loss = np.asarray(loss, dtype=float)
    count = len(loss)
    low = np.array([loss[i + 1 : i + 1 + window].min(initial=np.inf) for i in range(count)])
    high = np.array([loss[max(0, i - window) : i].max(initial=-np.inf) for i in range(count)])
    inner = np.arange(count)
    inner = (inner > 0) & (inner < count - 1)
    clean, bad = loss.copy(), inner & ((loss < low) | (loss > high))
    at = np.flatnonzero(bad)
    clean[at] = (loss[at - 1] + loss[at + 1]) / 2
    return clean


def block_means(loss, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Means over consecutive blocks of `block` steps, and the mean step number of each block, counted from 1.

    The paper averages losses into data points where there are many steps; what does not fill the last
    block makes a shorter one.
    """
    loss = np.asarray(loss, dtype=float)
    edges = np.arange(0, len(loss), block)
    sizes = np.diff(np.append(edges, len(loss)))
    return edges + (sizes + 1) / 2, np.add.reduceat(loss, edges) / sizes


def block_of(steps: int) -> int:
    """The number of steps that are averaged into one data point of a training of `steps` steps."""
    return max(1, math.ceil(steps / MOST_POINTS))


def data_points(
    losses, steps_per_epoch: int, *, block: int, outliers_replaced: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """The data points (k, l) that Eq. 1 is fitted to, each of shape (points,), of losses (steps,), one a step.

    `block` steps make a point: `block_of` the whole training, also for a segment of it, so that the points
    of all segments are equally noisy.
    """
    k, l = block_means(losses, block)
    if outliers_replaced:
        l = without_outliers(l, max(1, OUTLIER_WINDOW_EPOCHS * steps_per_epoch // block))
    return k, l
