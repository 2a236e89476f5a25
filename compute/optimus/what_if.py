"""What the prediction would be for another depth, and for another learning-rate schedule (question 4.2).

Both are for all GPU types together: the mean over the types' terms, which are differences between seeds
wherever the types were emulated, and which a number of epochs should not depend on.
"""

import numpy as np

from compute.core.vocabulary import HELD_OUT_DEPTH
from compute.optimus.accuracy import ErrorRatio, by_epoch, epochs_to_targets, of_length
from compute.optimus.coefficients import SegmentModel, predict
from compute.optimus.trainings import Training

# depths that a curve is predicted for: below and above those that are trained, the coefficients stay at their ends
DRAWN_DEPTHS = tuple(range(8, 111, 2))
DROPS = 12  # the first drop is tried after so many parts of the training, and never


def depth_rows(
    models: list[SegmentModel], ratios: list[ErrorRatio], seen: list[Training], template: Training
) -> tuple[list[dict], list[dict]]:
    """Rows of `depth_curves` and of `depth_epochs`: for every drawn depth its curve with a band, and its epochs.

    The band is that of predictions as wrong as those of the depths that were left out.
    """
    curves, epochs = [], []
    for depth in DRAWN_DEPTHS:
        predicted = by_epoch(predict(models, depth, None, template.milestones), template)
        wrong = np.array([ratio for _, ratio in of_length(ratios, len(predicted))] or [np.full(len(predicted), np.nan)])
        bands = zip(predicted, predicted * wrong.min(axis=0), predicted * wrong.max(axis=0), strict=True)
        curves += [
            {"depth": depth, "epoch": epoch, "predicted": float(loss), "low": _known(low), "high": _known(high)}
            for epoch, (loss, low, high) in enumerate(bands)
        ]
        rows = epochs_to_targets(predicted, ratios, seen)
        epochs += [{"depth": depth, **{key: row[key] for key in row if key != "measured"}} for row in rows]
    return curves, epochs


def schedule_rows(models: list[SegmentModel], seen: list[Training], template: Training) -> list[dict]:
    """Rows of `schedule_epochs`: the held-out depth's epochs had the learning rate first dropped after another epoch.

    Later drops keep their distance from the first one. A first drop after the last epoch stands for none.
    A piece is taken to be the same wherever it begins, as the model has it.
    """
    if not template.milestones:
        return []
    drops, rows = np.array(template.milestones), []
    tried = {round(template.epochs * part / DROPS) for part in range(1, DROPS)}
    first = round(int(drops[0]) / template.steps_per_epoch)
    for epoch in sorted({*tried, first, template.epochs} - {0}):
        moved = drops - drops[0] + epoch * template.steps_per_epoch
        kept = tuple(int(step) for step in moved if step < template.epochs * template.steps_per_epoch)
        predicted = by_epoch(predict(models, HELD_OUT_DEPTH, None, kept), template)
        rows += [
            {
                "first_drop": epoch,
                "trained": epoch == first,
                **{key: row[key] for key in ("accuracy", "target", "predicted")},
            }
            for row in epochs_to_targets(predicted, [], seen)
        ]
    return rows


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
