"""4.2: ResNet-50's predicted curve, and epochs to an accuracy."""

import streamlit as st

from compute.core.vocabulary import TARGET_ACCURACY
from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import Origin, of_runs
from pages.sections.optimus import charts, judged, regression
from pages.sections.optimus.labels import HELD_OUT
from store.optimus import predictions, regressions, trainings


def show() -> None:
    """The answer, the regressions, predicted against trained, and epochs to an accuracy."""
    card("4.2")
    rows = cached_query(regressions.regressions)
    if rows.empty:
        missing(
            "Nothing has been predicted yet; the regression needs the trainings of three depths at least.",
            "python -m compute predict",
        )
        return
    origins = of_runs(cached_query(trainings.source_runs, "predict", "train"))
    regression.coefficients(origins)
    regression.quality(rows, origins)
    _curves(origins)
    _epochs(origins)
    judged.card()


def _curves(origins: list[Origin]) -> None:
    rows = cached_query(predictions.curves)
    last = int(rows["epoch"].max())
    window = st.slider("Window of epochs for the percentages", 1, last, (1, last), key="window", bind="query-params")
    whole, errors = cached_query(predictions.agreement), cached_query(predictions.errors, *window)
    misses = "".join(
        f" misses the trained ones by {r.rmse:.3f} (RMSE), {r.smape_percent:.0f} % (symmetric)"
        for r in whole.itertuples()
    )
    figure(
        charts.prediction(),
        title=f"{HELD_OUT}'s predicted loss curve{misses}",
        alt_text=f"Predicted and trained loss of {HELD_OUT} by epoch",
        origins=origins,
        caption="Solid: predicted from the regressions of the pieces between drops, which have not seen this depth; "
        "dashed: trained. The jumps are the learning-rate drops.",
        data=rows.melt(["gpu_type", "epoch"], ["predicted", "trained"], "series", "loss").dropna(),
        csv=rows,
    )
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


def _epochs(origins: list[Origin]) -> None:
    rows, common = (cached_query(q) for q in (predictions.epochs_to_target, predictions.common_target_percent))
    if common is None:
        return
    low, high = int(rows["target_percent"].min()), int(rows["target_percent"].max())
    target = st.slider("Test accuracy to reach (%)", low, high, common, key="target", bind="query-params")
    mine = rows[rows["target_percent"] == target].drop(columns="target")
    reached = mine.dropna(subset=["predicted"])
    said = ", ".join(f"{r.predicted:.0f} on {r.gpu_type}" for r in reached.itertuples()) or "never at this scale"
    between = " or ".join(map(str, cached_query(regressions.left_out_depths)))
    figure(
        mine,
        title=f"Epochs to {target} %: predicted {said}",
        alt_text="Epochs to the chosen accuracy, predicted and trained",
        origins=origins,
        caption="Predicted loss turned into accuracy by the relation that the other depths showed; low and high: had "
        f"the prediction been as wrong as it is for {between} layers when that depth is left out, and with that "
        "training's own relation. Empty: not reached. The assignment asks for "
        f"{100 * TARGET_ACCURACY:.0f} %; the highest accuracy up to that which every replica reaches at this scale, "
        f"and the prediction too, is {common} %.",
        columns={
            c: st.column_config.NumberColumn(format="%.0f")
            for c in ("predicted", "low", "high", "trained", "error_percent")
        },
    )
