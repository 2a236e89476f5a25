"""4.2: ResNet-50's predicted curve, and epochs to an accuracy."""

import pandas as pd
import streamlit as st

from compute.core.vocabulary import HELD_OUT_DEPTH
from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import Origin, of_runs
from pages.sections.optimus import charts, epochs, hardware, judged, other_depths, outdated, regression
from pages.sections.optimus.labels import HELD_OUT
from store.optimus import predictions, regressions, trainings


def show() -> None:
    """The answer beside predicted against trained, epochs to an accuracy, hardware, and the regressions."""
    rows = cached_query(regressions.regressions)
    if rows.empty:
        card("4.2")
        missing(
            "Nothing has been predicted yet; the regression needs the trainings of three depths at least.",
            "python -m compute predict",
        )
        return
    origins = of_runs(cached_query(trainings.source_runs, "predict", "train"))
    card("4.2", lambda: _curve(origins))
    outdated.notice()
    epochs.against_trained(origins)
    epochs.schedule(origins)
    hardware.same_epochs()
    other_depths.show(origins)
    st.subheader("The regressions behind it", divider="gray")
    regression.coefficients(origins)
    regression.quality(rows, origins)
    regression.compared()
    _errors(origins)
    judged.card()


def _curve(origins: list[Origin]) -> None:
    rows, whole = cached_query(predictions.curves), cached_query(predictions.agreement)
    misses = "".join(
        f" misses the trained ones by {r.rmse:.3f} (RMSE), {r.smape_percent:.0f} % (symmetric)"
        for r in whole.itertuples()
    )
    drawn = rows.melt(["gpu_type", "epoch"], ["predicted", "trained"], "series", "loss").dropna()
    band = cached_query(predictions.depth_curve, HELD_OUT_DEPTH)[["epoch", "low", "high"]].assign(series="range")
    figure(
        charts.prediction(),
        title=f"{HELD_OUT}'s predicted loss curve{misses}",
        alt_text=f"Predicted and trained loss of {HELD_OUT} by epoch",
        origins=origins,
        caption="Solid: predicted from the regressions of the pieces between drops, which have not seen this depth; "
        "dashed: trained. Grey: had the prediction been as wrong as that of depths that were left out. The jumps are "
        "the learning-rate drops.",
        data=pd.concat([drawn, band]),
        csv=rows,
    )


def _errors(origins: list[Origin]) -> None:
    last = int(cached_query(predictions.curves)["epoch"].max())
    window = st.slider("Window of epochs for the percentages", 1, last, (1, last), key="window", bind="query-params")
    errors = cached_query(predictions.errors, *window)
    if len(errors):
        figure(
            errors,
            title=f"Error of the prediction, percentages over epochs {window[0]} to {window[1]}",
            alt_text="Error of the predicted curve",
            origins=origins,
            caption="The plain percentage divides by the trained loss and explodes as that nears zero; the symmetric "
            "one divides by the mean of both.",
            columns={c: st.column_config.NumberColumn(format="%.3f") for c in errors.columns[1:]},
        )
