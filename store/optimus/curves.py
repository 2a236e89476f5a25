"""One training with its fitted curves: the data points of the fits, their residuals, and the curves."""

import numpy as np
import pandas as pd

from compute.core.loss_curve import LossCurve, PiecewiseCurve, block_of, data_points
from store.optimus.losses import loss_models
from store.reader import Reader

GRID = 300  # points of a drawn curve
ONE_CURVE, RESTARTED = "one curve", "restarted"  # as the table `forecasts` names its methods


def fitted_points(reader: Reader, run_id: str) -> pd.DataFrame:
    """The data points of a training and what its fits leave: step (from 1), loss, residual, series.

    The points are those that the fits of losses as they are, outliers replaced, were made from, once for
    the one curve and once for the restarted ones, whose segments are averaged from their own first step on.
    """
    losses = reader.df("SELECT loss FROM steps WHERE run_id = ? ORDER BY step", [run_id])["loss"].to_numpy()
    steps_per_epoch = reader.df("SELECT min(step) AS steps FROM epochs WHERE run_id = ?", [run_id])["steps"].iloc[0]
    parts = []
    for fit in _fits(reader, run_id).itertuples():
        piece = losses[fit.first_step : fit.end_step]
        k, l = data_points(piece, steps_per_epoch, block=block_of(len(losses)))
        series = ONE_CURVE if fit.segment == "all" else RESTARTED
        parts.append(
            pd.DataFrame({"step": fit.first_step + k, "loss": l, "residual": l - _curve(fit).loss(k), "series": series})
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def fitted_curves(reader: Reader, run_id: str) -> pd.DataFrame:
    """The fitted curves of a training over its steps: step, loss, series."""
    fits = _fits(reader, run_id)
    if fits.empty:
        return fits
    whole, pieces = fits[fits["segment"] == "all"], fits[fits["segment"] != "all"].sort_values("first_step")
    restarted = PiecewiseCurve(
        starts=tuple(map(int, pieces["first_step"])), curves=tuple(_curve(fit) for fit in pieces.itertuples())
    )
    curves = {ONE_CURVE: _curve(next(whole.itertuples())), RESTARTED: restarted}
    steps = np.linspace(1, int(whole["end_step"].iloc[0]), GRID)
    parts = [pd.DataFrame({"step": steps, "loss": curve.loss(steps), "series": name}) for name, curve in curves.items()]
    return pd.concat(parts, ignore_index=True)


def _fits(reader: Reader, run_id: str) -> pd.DataFrame:
    rows = loss_models(reader, normalised=False, outliers_replaced=True)
    return rows[rows["source_run"] == run_id]


def _curve(fit) -> LossCurve:
    return LossCurve(beta0=fit.beta0, beta1=fit.beta1, beta2=fit.beta2, unit=fit.unit)
