"""4.2: what depth and GPU type do to the coefficients, ResNet-50's predicted curve, and epochs to an accuracy."""

import numpy as np
import streamlit as st

from compute.core.vocabulary import HELD_OUT_DEPTH
from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.optimus import charts
from store.optimus import losses, predictions

PARAMETERS = {"β0": "beta0", "β1": "beta1", "β2": "beta2"}
UNITS = {"beta0": "1/loss per step", "beta1": "1/loss", "beta2": "loss"}
HELD = "With β2 held at 0, the other two coefficients say what there is to say; otherwise 1/β1 and β2 would share the same loss between them by chance."
SEGMENTS = {"whole training": "all", "first piece": "1", "second": "2", "third": "3"}


def show() -> None:
    """The answer, the regressions, predicted against trained, and epochs to an accuracy."""
    card("4.2")
    rows = cached_query(predictions.regressions)
    if rows.empty:
        missing(
            "Nothing has been predicted yet; the regression needs the trainings of three depths on two GPU types at least.",
            "python -m compute predict",
        )
        return
    origins = of_runs(cached_query(losses.behind, "predict", "train"))
    _coefficients(origins)
    _regressions(rows, origins)
    _curves(origins)
    _epochs(origins)


def _coefficients(origins) -> None:
    left, right = st.columns(2)
    name = left.segmented_control("Coefficient", list(PARAMETERS), default="β2", required=True, key="coefficient", bind="query-params")
    piece = right.segmented_control("Fitted to the", list(SEGMENTS), default="whole training", required=True, key="piece", bind="query-params")
    parameter, segment = PARAMETERS.get(name, "beta2"), SEGMENTS.get(piece, "all")
    rows, effect = (frame[(frame["parameter"] == parameter) & (frame["segment"] == segment)] for frame in (cached_query(predictions.coefficients), cached_query(predictions.effects)))
    if rows.empty:
        st.info(f"There is no {name} in the {piece} piece: most trainings leave it open there, because their loss hardly moves. {HELD}", icon=":material/info:")
        return
    said = (
        f"{r.per_layer:+.2g} a layer ({r.low:+.2g} to {r.high:+.2g}); GPU types without an effect would differ at least this much with probability {r.gpu_p:.2f}"
        for r in effect.itertuples()
    )
    figure(
        charts.coefficients(f"{name} ({UNITS[parameter]})"),
        title=f"{name}: {next(said, 'most trainings leave it open here, so it is not regressed, and their median stands in for it')}",
        alt_text="A coefficient of the loss model against depth for each GPU type",
        origins=origins,
        caption="Of losses as they are, not divided by the largest, which grows with depth. Bars: 95 % interval of the fit, none where the coefficient is not identified. "
        "Lines: what is predicted, by a regression that has not seen the held-out ResNet-50, within the values that it saw.",
        data=rows.assign(role=np.where(rows["depth"] == HELD_OUT_DEPTH, "held out", "regression saw it")),
    )


def _regressions(rows, origins) -> None:
    each = cached_query(predictions.effects)
    if each.empty:
        return
    depth, gpu, count = each["depth_matters"].sum(), each["gpu_matters"].sum(), len(each)
    figure(
        each,
        title=f"Depth matters at the 5 % level in {depth} of {count} regressions, the GPU type in {gpu}",
        alt_text="Regressions of the coefficients on depth and GPU type",
        origins=origins,
        caption="Least squares of each coefficient that most trainings identify on depth and GPU type: per_layer is the change a layer with its 95 % interval (low to high, from "
        "the means of the depths); r2 of the whole regression, depth_r2 of the depth alone; cv_rmse of predictions of a depth that was left out, cv_percent the same against "
        "the coefficient's mean; gpu_p the probability of at least such differences between GPU types, within depths, if the type had no effect. Where no GPU was at hand, a "
        f"type stands for a seed. {_weak(each)}The CSV has every term.",
        columns={c: st.column_config.NumberColumn(format="%.3g") for c in each.columns if each[c].dtype == float},
        csv=rows,
    )


def _weak(effects) -> str:
    """A sentence on the pieces whose floor the trainings leave open; empty where there are none."""
    held = [piece for piece, segment in SEGMENTS.items() if segment in set(effects["segment"]) - set(effects.query("parameter == 'beta2'")["segment"])]
    return f"Most trainings do not identify β2 in the {' and '.join(held)} piece. {HELD} " if held else ""


def _curves(origins) -> None:
    rows = cached_query(predictions.curves)
    last = int(rows["epoch"].max())
    window = st.slider("Window of epochs for the percentages", 1, last, (1, last), key="window", bind="query-params")
    errors = cached_query(predictions.errors, *window)
    long = rows.melt(["gpu_type", "epoch"], ["predicted", "trained"], "series", "loss").dropna()
    figure(
        charts.prediction(),
        title="ResNet-50's predicted loss curve"
        + (
            f" misses the trained ones by {errors['rmse'].mean():.3f} (RMSE), {errors['smape_percent'].mean():.0f} % (symmetric)"
            if len(errors)
            else ""
        ),
        alt_text="Predicted and trained loss of ResNet-50 by epoch",
        origins=origins,
        caption="Solid: predicted from the regressions of the three pieces, which have not seen this depth; dashed: trained. The jumps are the learning-rate drops.",
        data=long,
        csv=rows,
    )
    if len(errors):
        figure(
            errors,
            title=f"Error of the prediction, percentages over epochs {window[0]} to {window[1]}",
            alt_text="Error of the predicted curve",
            origins=origins,
            caption="The plain percentage divides by the trained loss and explodes as that nears zero; the symmetric one divides by the mean of both.",
            columns={c: st.column_config.NumberColumn(format="%.3f") for c in errors.columns[1:]},
        )


def _epochs(origins) -> None:
    rows, common = cached_query(predictions.epochs_to_target), cached_query(predictions.common_target)
    if common is None:
        return
    low, high = int(rows["target_percent"].min()), int(rows["target_percent"].max())
    target = st.slider("Test accuracy to reach (%)", low, high, common, key="target", bind="query-params")
    mine, between = rows[rows["target_percent"] == target], " or ".join(map(str, cached_query(predictions.left_out)))
    said = ", ".join(f"{r.predicted:.0f} on {r.gpu_type}" for r in mine.dropna(subset=["predicted"]).itertuples()) or "never at this scale"
    figure(
        mine,
        title=f"Epochs to {target} %: predicted {said}",
        alt_text="Epochs to the chosen accuracy, predicted and trained",
        origins=origins,
        caption="Predicted loss turned into accuracy by the relation that the other depths showed; low and high: had the prediction been as wrong as it is for "
        f"{between} layers when that depth is left out, and with that training's own relation. Empty: not reached. "
        f"The assignment asks for {predictions.ASKED} %; the highest accuracy up to that which every replica reaches at this scale, and the prediction too, is {common} %.",
        columns={c: st.column_config.NumberColumn(format="%.0f") for c in ("predicted", "low", "high", "trained")},
    )
