"""4.1: the trainings, the loss model of each with its residuals, and what it would have forecast."""

import numpy as np
import pandas as pd
import streamlit as st

from compute.core.loss_curve import LossCurve, PiecewiseCurve
from compute.core.vocabulary import FITTED_DEPTHS, GPU_TYPES
from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.optimus import charts
from store.optimus import losses

# what the curves can show: column, axis title, column of the trainings' final values and its unit
SHOWN = {
    "training loss": ("train_loss", "Mean training loss of an epoch", "final_loss", 1, ""),
    "test accuracy": ("test_accuracy", "Test accuracy", "final_accuracy", 100, " %"),
}
WHOLE, PIECES = "whole training", "between drops"


def show() -> None:
    """The answer, every curve, the table of coefficients, one training with its fits, and the forecasts."""
    card("4.1")
    trainings = cached_query(losses.trainings)
    if trainings.empty:
        missing("No network has been trained yet.", "python -m compute train")
        return
    wanted = len(FITTED_DEPTHS) * len(GPU_TYPES)
    there = trainings["depth"].isin(FITTED_DEPTHS).sum()
    if there < wanted:
        missing(f"{there} of the {wanted} trainings are here; the figures show those.", "python -m compute train")
    _curves(trainings)
    _table()
    _one(trainings)
    _forecasts()


def _curves(trainings: pd.DataFrame) -> None:
    rows = cached_query(losses.epoch_curves)
    chosen = st.segmented_control("Curve", list(SHOWN), default="training loss", required=True, key="curve", bind="query-params")
    column, axis, final, factor, unit = SHOWN.get(chosen, SHOWN["training loss"])
    low, high = trainings.loc[trainings[final].idxmin()], trainings.loc[trainings[final].idxmax()]
    figure(
        charts.curves(column, axis),
        title=f"The {chosen} ends between {factor * low[final]:.3g}{unit} (ResNet-{low['depth']}) and {factor * high[final]:.3g}{unit} (ResNet-{high['depth']})",
        alt_text="Training loss or test accuracy by epoch of every training",
        origins=of_runs(trainings["run_id"]),
        caption="One line a training; the learning rate drops by ten at half and at three quarters. Where a GPU type was not at hand, its line is an independent "
        "replica with a seed of its own, trained on the device that the badge names.",
        data=rows,
    )
    with st.expander("The trainings as a table"):
        st.dataframe(trainings, hide_index=True, alt="All trainings with final loss and accuracy")


def _table() -> None:
    st.subheader("Coefficients", divider="gray")
    left, middle, right = st.columns(3)
    piece = left.segmented_control("Fitted to the", [WHOLE, PIECES], default=WHOLE, required=True, key="piece", bind="query-params")
    normalised = middle.toggle("Losses divided by the largest, as in the paper", True, key="normalised", bind="query-params")
    outliers = right.toggle("Outliers replaced, as in the paper", True, key="outliers", bind="query-params")
    rows = cached_query(losses.coefficients, normalised, outliers, piece != PIECES)
    if rows.empty:
        missing("No loss model has been fitted yet.", "python -m compute fit")
        return
    misfit = cached_query(losses.misfit, normalised, outliers)
    number = {c: st.column_config.NumberColumn(format="%.4g") for c in ("beta0", "beta1", "beta2", "rmse", "unit")}
    interval = {f"beta{i}_interval": st.column_config.TextColumn("95 % interval") for i in range(3)}
    figure(
        rows.drop(columns="segment") if piece != PIECES else rows,
        title=f"One hyperbola for a whole training misses by {misfit['one_curve'].median():.3f} (median RMSE), restarted at the drops by {misfit['restarted'].median():.3f}",
        alt_text="Coefficients of the loss model for every training",
        origins=of_runs(cached_query(losses.behind, "fit")),
        caption="k counts steps, from the drop on between drops; β2 and RMSE are in the unit that losses were divided by (column unit, 1 for losses as they are), β1 in its "
        "inverse, β0 in that per step. Not identified: the data allow a range so wide that the value says nothing. Intervals allow for residuals that are alike from point to "
        "point, but not for what another seed would have given: compare the three runs of a depth.",
        columns=number | interval,
        csv=cached_query(losses.loss_models, normalised, outliers),
    )


def _one(trainings: pd.DataFrame) -> None:
    rows = cached_query(losses.loss_models, False, True)
    names = trainings[trainings["run_id"].isin(rows["source_run"])]["run_id"].tolist() if not rows.empty else []
    if not names:
        return
    st.subheader("One training with its fits", divider="gray")
    run = st.selectbox("Training", names, key="training", bind="query-params")
    points, fits = cached_query(losses.points, run), _fits(rows[rows["source_run"] == run])
    grid = np.linspace(1, points["step"].max(), 300)
    lines = pd.concat(pd.DataFrame({"step": grid, "loss": curve.loss(grid), "series": name}) for name, curve in fits.items())
    left = pd.concat(
        pd.DataFrame({"step": points["step"], "residual": points["loss"] - curve.loss(points["step"]), "series": name})
        for name, curve in fits.items()
    )
    rmse = left.groupby("series")["residual"].agg(lambda r: float(np.sqrt(np.mean(r**2))))
    figure(
        charts.fit(),
        title=f"{run}: " + ", ".join(f"{name} misses by {value:.3f}" for name, value in rmse.items()),
        alt_text="Training losses with the fitted curves",
        origins=of_runs([run]) + of_runs(cached_query(losses.behind, "fit")),
        caption="Points: losses averaged over blocks of steps. Eq. 1 as one curve for all steps, and restarted at each learning-rate drop (section 7 of the paper).",
        data=pd.concat([points.assign(series="training"), lines]),
    )
    figure(
        charts.residuals(),
        title=f"Restarting at the learning-rate drops changes the RMSE by {100 * (rmse['restarted at drops'] / rmse['one curve'] - 1):+.0f} %",
        alt_text="Residuals of the fitted curves",
        origins=of_runs([run]) + of_runs(cached_query(losses.behind, "fit")),
        caption="Measured less fitted loss at the same points.",
        data=left,
    )


def _fits(rows: pd.DataFrame) -> dict[str, LossCurve | PiecewiseCurve]:
    curves = {r.segment: LossCurve(beta0=r.beta0, beta1=r.beta1, beta2=r.beta2, unit=r.unit) for r in rows.itertuples()}
    pieces = rows[rows["segment"] != "all"].sort_values("first_step")
    restarted = PiecewiseCurve(starts=tuple(pieces["first_step"].tolist()), curves=tuple(curves[s] for s in pieces["segment"]))
    return {"one curve": curves["all"], "restarted at drops": restarted}


def _forecasts() -> None:
    rows = cached_query(losses.forecasts)
    said = rows.dropna(subset=["forecast_epochs"]) if not rows.empty else rows
    if said.empty:
        return
    st.subheader("The forecast while training goes on", divider="gray")
    last = cached_query(losses.forecast_quality).query("milestones == milestones.max()").set_index("method")
    error = last["error_percent"].get("restarted", np.nan)
    figure(
        charts.forecasts(),
        title=f"After the last drop the restarted model's forecast of the epochs needed is off by {error:.0f} % (median); saying that training ends now would be off by "
        f"{last['naive_percent'].max():.0f} %",
        alt_text="Error of the forecast of the remaining epochs against progress",
        origins=of_runs(cached_query(losses.behind, "fit")),
        caption="At each point the model is fitted to what had been seen, and asked when the loss will be what it really ended at. Where it would have said never, there is "
        f"no point ({100 * rows['forecast_epochs'].isna().mean():.0f} % of all). The paper's Fig. 6 is the same picture for jobs with a fixed learning rate.",
        data=said,
        csv=rows,
    )
