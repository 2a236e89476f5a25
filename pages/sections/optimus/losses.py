"""4.1: the trainings, and what their loss models would have forecast."""

import pandas as pd
import streamlit as st

from compute.core.vocabulary import FITTED_DEPTHS, GPU_TYPES
from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.optimus import charts, fits, judged, outdated
from pages.sections.optimus.labels import network, with_network
from store.optimus import losses, trainings

# what the curves can show: column, axis title, column of the trainings' final values and its unit
SHOWN = {
    "training loss": ("train_loss", "Mean training loss of an epoch", "final_loss", ""),
    "test accuracy": ("test_accuracy", "Test accuracy", "final_accuracy_percent", " %"),
}


def show() -> None:
    """The answer, every curve, the table of coefficients, one training with its fits, and the forecasts."""
    rows = cached_query(trainings.trainings)
    if rows.empty:
        card("4.1")
        missing("No network has been trained yet.", "python -m compute train")
        return
    card("4.1", lambda: _curves(rows))
    outdated.notice()
    wanted = len(FITTED_DEPTHS) * len(GPU_TYPES)
    there = int(rows["depth"].isin(FITTED_DEPTHS).sum())
    if there < wanted:
        missing(f"{there} of the {wanted} trainings are here; the figures show those.", "python -m compute train")
    fits.coefficients()
    fits.replicas()
    fits.one_training(rows)
    _forecasts()
    judged.card()


def _curves(rows: pd.DataFrame) -> None:
    chosen = st.segmented_control(
        "Curve", list(SHOWN), default="training loss", required=True, key="curve", bind="query-params"
    )
    column, axis, final, unit = SHOWN.get(chosen, SHOWN["training loss"])
    ends = rows.dropna(subset=[final]).sort_values(final)
    if ends.empty:
        st.info(f"No training has a {chosen}.", icon=":material/info:")
        return
    said = " and ".join(f"{row[final]:.3g}{unit} ({network(row['depth'])})" for _, row in ends.iloc[[0, -1]].iterrows())
    figure(
        charts.curves(column, axis),
        title=f"The {chosen} ends between {said}",
        alt_text="Training loss or test accuracy by epoch of every training",
        origins=of_runs(rows["run_id"]),
        caption="One line a training; the learning rate drops by ten at half and at three quarters. Where a GPU type "
        "was not at hand, its line is an independent replica with a seed of its own, trained on the device that the "
        "badge names.",
        data=with_network(cached_query(trainings.epoch_curves).dropna(subset=[column])),
    )
    with st.expander("The trainings as a table"):
        st.dataframe(rows, hide_index=True, alt="All trainings with final loss and accuracy")


def _forecasts() -> None:
    rows, last = cached_query(losses.forecasts), cached_query(losses.last_forecasts)
    said = rows.dropna(subset=["forecast_epochs"]) if not rows.empty else rows
    if said.empty or last.empty:
        return
    st.subheader("The forecast while training goes on", divider="gray")
    last = last.iloc[0]
    forecast = (
        "is that it never ends there"
        if pd.isna(last["error_percent"])
        else f"is off by {last['error_percent']:.0f} % (median)"
    )
    figure(
        charts.forecasts(),
        title=f"After the last drop the restarted model's forecast of the epochs needed {forecast}; a forecast that "
        f"training ends now would be off by {last['naive_percent']:.0f} %",
        alt_text="Error of the forecast of the remaining epochs against progress",
        origins=of_runs(cached_query(trainings.source_runs, "fit")),
        caption="At each point the model is fitted to what had been seen, and asked when the loss will be what it "
        f"really ended at. Where the forecast is never, there is no point ({last['all_never_percent']:.0f} % of all). "
        "The paper's Fig. 6 is the same picture for jobs with a fixed learning rate.",
        data=with_network(said),
        csv=with_network(rows),
    )
