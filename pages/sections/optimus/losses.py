"""4.1: the trainings, the loss model of each with its residuals, and what it would have forecast."""

import numpy as np
import pandas as pd
import streamlit as st

from compute.models.loss_curve import LossCurve, PiecewiseCurve
from pages.parts.answer import card
from pages.parts.data import ask, missing
from pages.parts.figure import figure
from pages.parts.origin import of_jobs, of_runs
from pages.sections.optimus import charts
from store.optimus import losses

SHOWN = {
    "train_loss": "Mean training loss of an epoch",
    "test_accuracy": "Test accuracy",
}


def show() -> None:
    """The answer, every curve, the table of coefficients, one training with its fits, and the forecasts."""
    card("4.1")
    trainings = ask(losses.trainings)
    if trainings.empty:
        missing("No network has been trained yet.", "python -m compute train")
        return
    wanted = len(losses.DEPTHS) * len(losses.GPU_TYPES)
    there = trainings["depth"].isin(losses.DEPTHS).sum()
    if there < wanted:
        missing(f"{there} of the {wanted} trainings are here; the figures show those.", "python -m compute train")
    _curves(trainings)
    _table()
    _one(trainings)
    _forecasts()


def _curves(trainings: pd.DataFrame) -> None:
    rows = ask(losses.epoch_curves)
    y = st.segmented_control("Curve", list(SHOWN), default="train_loss", required=True, key="curve", bind="query-params", format_func=str)
    y = y if y in SHOWN else "train_loss"
    best, worst = trainings.loc[trainings["final_accuracy"].idxmax()], trainings.loc[trainings["final_accuracy"].idxmin()]
    figure(
        charts.curves(y, SHOWN[y]),
        title=f"Test accuracy ends between {100 * worst['final_accuracy']:.1f} % (ResNet-{worst['depth']}) and {100 * best['final_accuracy']:.1f} % (ResNet-{best['depth']})",
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
    left, right = st.columns(2)
    normalised = left.toggle("Losses divided by the largest, as in the paper", True, key="normalised", bind="query-params")
    outliers = right.toggle("Outliers replaced, as in the paper", True, key="outliers", bind="query-params")
    rows = ask(losses.loss_models, normalised, outliers)
    if rows.empty:
        missing("No loss model has been fitted yet.", "python -m compute fit")
        return
    whole = rows[rows["segment"] == "all"]
    pieces = rows[rows["segment"] != "all"]
    number = {c: st.column_config.NumberColumn(format="%.4g") for c in rows.columns if c.startswith(("beta", "rmse", "unit"))}
    figure(
        rows.drop(columns=["first_step", "end_step", "method", "source_run"]),
        title=f"One hyperbola for a whole training misses by {whole['rmse'].median():.3f} (median RMSE), one between drops by {pieces['rmse'].median():.3f}",
        alt_text="Coefficients of the loss model for every training and segment",
        origins=of_jobs("optimus/fit"),
        caption="β0 is per step; segment all is the whole training, 1 to 3 the pieces between learning-rate drops with k counted from the drop. Empty bounds: "
        "the data cannot identify the coefficient. Normalised RMSE is in units of the largest loss.",
        columns=number,
        csv=rows,
    )


def _one(trainings: pd.DataFrame) -> None:
    rows = ask(losses.loss_models, False, True)
    names = trainings[trainings["run_id"].isin(rows["source_run"])]["run_id"].tolist() if not rows.empty else []
    if not names:
        return
    st.subheader("One training with its fits", divider="gray")
    run = st.selectbox("Training", names, key="training", bind="query-params")
    points, fits = ask(losses.points, run), _fits(rows[rows["source_run"] == run])
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
        origins=of_runs([run]) + of_jobs("optimus/fit"),
        caption="Points: losses averaged over blocks of steps. Eq. 1 as one curve for all steps, and restarted at each learning-rate drop (section 7 of the paper).",
        data=pd.concat([points.assign(series="training"), lines]),
    )
    figure(
        charts.residuals(),
        title=f"Restarting at the learning-rate drops changes the RMSE by {100 * (rmse['restarted at drops'] / rmse['one curve'] - 1):+.0f} %",
        alt_text="Residuals of the fitted curves",
        origins=of_runs([run]) + of_jobs("optimus/fit"),
        caption="Measured less fitted loss at the same points.",
        data=left,
    )


def _fits(rows: pd.DataFrame) -> dict[str, LossCurve | PiecewiseCurve]:
    curves = {r.segment: LossCurve(beta0=r.beta0, beta1=r.beta1, beta2=r.beta2, unit=r.unit) for r in rows.itertuples()}
    pieces = rows[rows["segment"] != "all"].sort_values("first_step")
    restarted = PiecewiseCurve(starts=tuple(pieces["first_step"].tolist()), curves=tuple(curves[s] for s in pieces["segment"]))
    return {"one curve": curves["all"], "restarted at drops": restarted}


def _forecasts() -> None:
    rows = ask(losses.forecasts)
    said = rows.dropna(subset=["forecast_epochs"]) if not rows.empty else rows
    if said.empty:
        return
    st.subheader("The forecast while training goes on", divider="gray")
    late = said[(said["progress_percent"] >= 80) & (said["method"] == "restarted")]["error_percent"].abs()
    figure(
        charts.forecasts(),
        title=f"After four fifths of the training, the restarted model's forecast of the epochs needed is off by {late.median():.0f} % (median)"
        if len(late)
        else "Forecasts of the epochs needed, as training goes on",
        alt_text="Error of the forecast of the remaining epochs against progress",
        origins=of_jobs("optimus/fit"),
        caption="At each point the model is fitted to what had been seen, and asked when the loss will be what it really ended at. Where it would have said never, there is "
        f"no point ({100 * rows['forecast_epochs'].isna().mean():.0f} % of all). The paper's Fig. 6 is the same picture for jobs with a fixed learning rate.",
        data=said,
        csv=rows,
    )
