"""The experiment `fit`: Optimus' loss model of every training and its forecasts (question 4.1).

It fits Eq. 1 to each training, as one curve and restarted at the drops of the learning rate, with the
paper's preprocessing and without, and asks what the model would have forecast while the training ran
(the paper's Fig. 6): fitted to what had been seen by then, how many epochs in all until the loss that
the training really ended at?

    python -m compute fit

Cost: a fifth of a core-minute for the eighteen trainings of scale small. Results: the coefficients and the
forecasts of question 4.1 (tables `loss_models` and `forecasts`), and how well each depth is predicted from the
others with either normalisation (`depth_errors`).
"""

import math
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from compute import ComputeError
from compute.core.loss_curve import block_of, data_points
from compute.core.runs import Run, write_run
from compute.fitting.calibrate import Fit, fit
from compute.optimus.normalisation import LEAST_DEPTHS, DepthPoints, depth_errors
from compute.optimus.trainings import Training, trainings

FORECASTS = 20  # at so many points of a training's progress
LEAST_EPOCHS = 3  # before the first forecast
CLASSES = 10  # of CIFAR-10
FARTHEST = 20.0  # a forecast of more than this many times the real epochs counts as never


def run(runs: Path, scale: str | None) -> Path:
    """Fit the trainings of a scale and write the run with its tables `loss_models`, `forecasts` and `depth_errors`;
    returns its folder.

    A training that cannot be fitted is left out, with a line on standard error.
    """
    start, models, forecasts = time.perf_counter(), [], []
    sources = trainings(runs, scale)
    sources.say_left_out()
    for training in tqdm(sources.fitted, desc="fitting", unit="run"):
        models += loss_models(training)
        forecasts += forecast(training)
    errors = held_out_depths(sources.fitted)
    record = Run(
        problem="optimus",
        job="fit",
        scale=sources.scale,
        provenance="modelled",
        config={"trainings": len(sources.fitted), "forecasts": FORECASTS, "left_out": list(sources.left_out)},
        inputs=tuple(training.run_id for training in sources.fitted),
        seconds=round(time.perf_counter() - start, 3),
    )
    return write_run(
        record, {"loss_models": models, "forecasts": forecasts, **({"depth_errors": errors} if errors else {})}, runs
    )


def loss_models(training: Training) -> list[dict]:
    """Rows of `loss_models`: each segment, with and without normalisation, with and without the outlier rule."""
    rows = []
    for outliers_replaced in (True, False):
        largest = float(training.points("all", outliers_replaced=outliers_replaced)[1].max())
        for normalised in (True, False):
            for segment, (first, end) in training.segments().items():
                k, l = training.points(segment, outliers_replaced=outliers_replaced)
                unit = largest if normalised else 1.0
                found = fit(k, l, unit=unit)
                rows.append(
                    {
                        "source_run": training.run_id,
                        "segment": segment,
                        "normalised": normalised,
                        "outliers_replaced": outliers_replaced,
                        "unit": unit,
                        "first_step": first,
                        "end_step": end,
                        **coefficients(found),
                        "rmse": found.rmse,
                        "points": found.points,
                        "method": found.method,
                        "identified": found.identified,
                    }
                )
    return rows


def held_out_depths(every: list[Training]) -> list[dict]:
    """Rows of `depth_errors`: each training's first segment predicted from the other depths of its GPU type, with
    losses divided by the largest and by ln(classes); none for a GPU type with fewer than four depths.
    """
    points = {}
    for training in every:
        k, l = training.points("1")
        points[training.run_id] = DepthPoints(
            depth=training.depth, classes=CLASSES, k=k / training.steps_per_epoch, l=l
        )
    rows = []
    for training in every:
        others = [points[t.run_id] for t in every if t.gpu_type == training.gpu_type and t.depth != training.depth]
        if len(others) >= LEAST_DEPTHS:
            errors = depth_errors(others, points[training.run_id])
            rows += [
                {"source_run": training.run_id, "normalised_by": name, "error_percent": error}
                for name, error in errors.items()
            ]
    return rows


def coefficients(found: Fit) -> dict:
    """β0, β1, β2 with their intervals, as columns; the bounds are None where a coefficient is not identified."""
    columns_ = {}
    for name, pair in zip(("beta0", "beta1", "beta2"), found.intervals, strict=True):
        low, high = pair or (None, None)
        columns_ |= {name: getattr(found.curve, name), f"{name}_low": low, f"{name}_high": high}
    return columns_


def forecast(training: Training) -> list[dict]:
    """Rows of `forecasts`, by one curve for all that was seen and by the model restarted at each drop.

    Forecasts are made after epochs that the training has, from the third on; a shorter training has none.
    """
    per_epoch, epochs = training.steps_per_epoch, training.epochs
    target, rows = float(training.train_loss[-1]), []
    every = {max(LEAST_EPOCHS, round(epochs * part / FORECASTS)) for part in range(1, FORECASTS + 1)}
    for epoch in sorted(one for one in every if one <= epochs):
        seen = epoch * per_epoch
        drops = [milestone for milestone in training.milestones if milestone < seen]
        for method, first in (("one curve", 0), ("restarted", max(drops, default=0))):
            losses = training.losses[first:seen]
            k, l = data_points(losses, per_epoch, block=block_of(len(losses)))
            total = (first + _steps_to(target, k, l)) / per_epoch
            rows.append(
                {
                    "source_run": training.run_id,
                    "method": method,
                    "epoch": epoch,
                    "drops": len(drops),
                    "progress_percent": 100 * epoch / epochs,
                    "forecast_epochs": total if total <= FARTHEST * epochs else None,
                    "real_epochs": epochs,
                }
            )
    return rows


def _steps_to(target: float, k: np.ndarray, l: np.ndarray) -> float:
    """Steps until the curve fitted to the points (k, l) comes down to `target`; infinite where no curve can be fitted.

    Points of an unfinished training are means of fewer steps than those of the whole, and so may be too few or 0.
    """
    try:
        return fit(k, l).curve.step_at(target)
    except ComputeError:
        return math.inf
