"""The experiment `fit`: Optimus' loss model for every training, whole and between learning-rate drops, and its forecasts.

A forecast is what the model would have said while the training ran (the paper's Fig. 6): fitted to
what had been seen by then, how many epochs in all until the loss that the training really ended at?
"""

import math
import time
from pathlib import Path

from tqdm import tqdm

from compute.core.runs import Run, write_run
from compute.optimus.calibrate import Fit, block_of, fit, points_of
from compute.optimus.trainings import Training, trainings

FORECASTS = 20  # at so many points of a training's progress
FARTHEST = 20.0  # a forecast of more than this many times the real epochs is called none


def run(runs: Path, scale: str | None) -> Path:
    """Fit every training at a scale and write the run with its tables `loss_models` and `forecasts`; returns its folder."""
    start, models, forecasts = time.perf_counter(), [], []
    sources = trainings(runs, scale)
    for training in tqdm(sources, desc="fitting", unit="run"):
        models += loss_models(training)
        forecasts += forecast(training)
    record = Run(
        problem="optimus",
        job="fit",
        scale=sources[0].scale,
        provenance="modelled",
        config={"trainings": len(sources), "forecasts": FORECASTS},
        inputs=tuple(training.run_id for training in sources),
        seconds=round(time.perf_counter() - start, 3),
    )
    return write_run(record, {"loss_models": models, "forecasts": forecasts}, runs)


def loss_models(training: Training) -> list[dict]:
    """Rows of `loss_models`: each segment, with and without normalisation, with and without the outlier rule."""
    rows, block = [], block_of(len(training.losses))
    for outliers in (True, False):
        largest = points_of(training.losses, training.steps_per_epoch, outliers=outliers)[2]
        for normalised in (True, False):
            for segment, first, end in training.segments():
                piece, how = training.losses[first:end], {"outliers": outliers, "unit": largest if normalised else 1.0, "block": block}
                k, l, unit = points_of(piece, training.steps_per_epoch, **how)
                found = fit(k, l, unit=unit)
                rows.append(
                    {
                        "source_run": training.run_id,
                        "segment": segment,
                        "k_unit": "step",
                        "normalised": normalised,
                        "outliers_replaced": outliers,
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


def coefficients(found: Fit) -> dict:
    """β0, β1, β2 with their intervals, as columns; the bounds are None where a coefficient is not identified."""
    columns_ = {}
    for name, pair in zip(("beta0", "beta1", "beta2"), found.intervals, strict=True):
        low, high = pair or (None, None)
        columns_ |= {name: getattr(found.curve, name), f"{name}_low": low, f"{name}_high": high}
    return columns_


def forecast(training: Training) -> list[dict]:
    """Rows of `forecasts`, by the whole model (one curve for all that was seen) and by the one restarted at each drop."""
    per_epoch, epochs = training.steps_per_epoch, len(training.train_loss)
    target, rows = float(training.train_loss[-1]), []
    for epoch in sorted({max(3, round(epochs * part / FORECASTS)) for part in range(1, FORECASTS + 1)}):
        seen = epoch * per_epoch
        begins = max([0, *(drop for drop in training.milestones if drop < seen)])
        for method, first in (("one curve", 0), ("restarted", begins)):
            k, l, _ = points_of(training.losses[first:seen], per_epoch, unit=1.0)
            steps = fit(k, l).curve.step_at(target) if len(l) >= 3 else math.inf
            said = (first + steps) / per_epoch
            rows.append(
                {
                    "source_run": training.run_id,
                    "method": method,
                    "epoch": epoch,
                    "progress_percent": 100 * epoch / epochs,
                    "forecast_epochs": said if said <= FARTHEST * epochs else None,
                    "real_epochs": epochs,
                }
            )
    return rows
