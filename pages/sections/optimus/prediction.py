"""4.2: what depth and GPU type do to the coefficients, ResNet-50's predicted curve, and epochs to an accuracy."""

import streamlit as st

from pages.parts.answer import card
from pages.parts.data import ask, missing
from pages.parts.figure import figure
from pages.parts.origin import of_jobs
from pages.sections.optimus import charts
from store.optimus import predictions


def show() -> None:
    """The answer, the regressions, predicted against measured, and epochs to an accuracy."""
    card("4.2")
    rows = ask(predictions.regressions)
    if rows.empty:
        missing(
            "Nothing has been predicted yet; the regression needs the trainings of three depths on two GPU types at least.",
            "python -m compute predict",
        )
        return
    origins = of_jobs("optimus/predict", "optimus/train")
    _regressions(rows, origins)
    _curves(origins)
    _epochs(origins)


def _regressions(rows, origins) -> None:
    each = rows.drop_duplicates(["segment", "parameter"])
    figure(
        rows,
        title=f"Depth explains {100 * each['depth_r2'].median():.0f} % of a coefficient's variance (median); the GPU type is significant at 5 % in "
        f"{(each['gpu_p'] < 0.05).sum()} of {len(each)} regressions",
        alt_text="Regressions of the coefficients on depth and GPU type",
        origins=origins,
        caption="Least squares of each coefficient on depth (per layer) and GPU type (against the first one), with 95 % intervals; cv_rmse leaves one depth out; gpu_p is "
        "the probability that GPU types without an effect would differ this much.",
        columns={c: st.column_config.NumberColumn(format="%.3g") for c in rows.columns[3:]},
    )


def _curves(origins) -> None:
    rows = ask(predictions.curves)
    last = int(rows["epoch"].max())
    window = st.slider("Window of epochs for the percentages", 1, last, (1, last), key="window", bind="query-params")
    errors = ask(predictions.errors, *window)
    long = rows.melt(["gpu_type", "epoch"], ["predicted", "measured"], "series", "loss").dropna()
    figure(
        charts.prediction(),
        title="ResNet-50's predicted loss curve"
        + (
            f" misses the measured ones by {errors['rmse'].mean():.3f} (RMSE), {errors['smape_percent'].mean():.0f} % (symmetric)"
            if len(errors)
            else ""
        ),
        alt_text="Predicted and measured loss of ResNet-50 by epoch",
        origins=origins,
        caption="Solid: predicted from the regressions, which have not seen this depth; dashed: measured.",
        data=long,
        csv=rows,
    )
    if len(errors):
        figure(
            errors,
            title=f"Error of the prediction, percentages over epochs {window[0]} to {window[1]}",
            alt_text="Error of the predicted curve",
            origins=origins,
            caption="The plain percentage divides by the measured loss and explodes as that nears zero; the symmetric one divides by the mean of both.",
            columns={c: st.column_config.NumberColumn(format="%.3f") for c in errors.columns[1:]},
        )


def _epochs(origins) -> None:
    rows = ask(predictions.epochs_to_target)
    reached = rows.dropna(subset=["predicted"])
    if reached.empty:
        return
    top = int(reached.groupby("target_percent").filter(lambda g: len(g) == rows["gpu_type"].nunique())["target_percent"].max())
    target = st.slider(
        "Test accuracy to reach (%)",
        int(rows["target_percent"].min()),
        int(rows["target_percent"].max()),
        min(92, top),
        key="target",
        bind="query-params",
    )
    mine = rows[rows["target_percent"] == target]
    said = ", ".join(f"{r.predicted:.0f} on {r.gpu_type}" for r in mine.dropna(subset=["predicted"]).itertuples()) or "never at this scale"
    figure(
        mine,
        title=f"Epochs to {target} %: predicted {said}",
        alt_text="Epochs to the chosen accuracy, predicted and measured",
        origins=origins,
        caption="Predicted loss turned into accuracy by the relation that the other depths showed; low and high over each training's own relation. Empty: not reached. "
        f"The assignment asks for 92 %; the highest accuracy that is predicted for every GPU type at this scale is {top} %.",
        columns={c: st.column_config.NumberColumn(format="%.0f") for c in ("predicted", "low", "high", "measured")},
    )
