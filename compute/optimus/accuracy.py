"""From predicted losses to epochs until an accuracy, by the relation that trainings showed (question 4.2).

The relation of an epoch's training loss and its accuracy only falls (isotonic regression). It is learnt
from epochs of every learning rate, so that it holds before a drop and after it alike.
"""

import math

import numpy as np
from sklearn.isotonic import IsotonicRegression

from compute.core.loss_curve import PiecewiseCurve
from compute.core.targets import first_epoch
from compute.core.vocabulary import ACCURACIES
from compute.optimus.trainings import Training

TARGETS = tuple(round(0.30 + 0.01 * i, 2) for i in range(66))  # accuracies, 30 to 95 %

# a training whose depth was left out, and by epoch its real over its predicted loss, shape (epochs,)
ErrorRatio = tuple[Training, np.ndarray]


def by_epoch(curve: PiecewiseCurve, template: Training) -> np.ndarray:
    """The mean loss of each epoch, as trainings report it, with the epochs of `template`; shape (epochs,)."""
    steps = np.arange(1, template.epochs * template.steps_per_epoch + 1)
    return curve.loss(steps).reshape(template.epochs, template.steps_per_epoch).mean(axis=1)


def of_length(ratios: list[ErrorRatio], epochs: int) -> list[ErrorRatio]:
    """The error ratios of trainings with as many epochs."""
    return [(training, ratio) for training, ratio in ratios if len(ratio) == epochs]


def epochs_to_targets(
    predicted: np.ndarray, ratios: list[ErrorRatio], seen: list[Training], measured: Training | None = None
) -> list[dict]:
    """For each accuracy and target the epochs predicted through all trainings' relation, their range, the real ones.

    The range is over the error ratios: the predicted losses as wrong as a training's were, and turned
    into accuracy by that training's own relation. None where the accuracy is not reached.
    """
    rows = []
    for accuracy in ACCURACIES:
        expected = relation(seen, accuracy)(predicted)
        usable = [(t, r) for t, r in of_length(ratios, len(predicted)) if np.isfinite(t.accuracy[accuracy]).any()]
        others = [relation([t], accuracy)(predicted * ratio) for t, ratio in usable]
        for target in TARGETS:
            each = [first_epoch(values, target) for values in others] or [math.inf]
            rows.append(
                {
                    "accuracy": accuracy,
                    "target": target,
                    "predicted": finite(first_epoch(expected, target)),
                    "low": finite(min(each)),
                    "high": finite(max(each)),
                    "measured": finite(first_epoch(measured.accuracy[accuracy], target)) if measured else None,
                }
            )
    return rows


def relation(trainings: list[Training], accuracy: str):
    """A function from an epoch's training loss to its accuracy (one of ACCURACIES), which falls with the loss.

    Learnt from the epochs that were evaluated; constant outside of the losses that were seen. NaN where no
    epoch was evaluated.
    """
    loss = np.concatenate([t.train_loss for t in trainings])
    reached = np.concatenate([t.accuracy[accuracy] for t in trainings])
    evaluated = np.isfinite(reached)
    if not evaluated.any():
        return lambda losses: np.full(np.shape(losses), np.nan)
    model = IsotonicRegression(increasing=False, out_of_bounds="clip")
    return model.fit(loss[evaluated], reached[evaluated]).predict


def finite(value: float) -> float | None:
    """The value, or None for infinity."""
    return value if math.isfinite(value) else None
