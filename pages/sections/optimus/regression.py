"""4.2: what depth and GPU type do to the coefficients of the loss models."""

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts.data import cached_query
from pages.parts.figure import figure
from pages.parts.origin import Origin, of_runs
from pages.sections.optimus import charts
from pages.sections.optimus.labels import HELD_OUT, listed, with_network
from store.optimus import regressions, trainings

PARAMETERS = {"β0": "beta0", "β1": "beta1", "β2": "beta2"}
UNITS = {"beta0": "1/loss per step", "beta1": "1/loss", "beta2": "loss"}
SEGMENTS = {"whole training": "all", "first piece": "1", "second": "2", "third": "3"}
HELD_AT_0 = (
    "With β2 held at 0, the other two coefficients describe the loss; otherwise 1/β1 and β2 would share the same loss "
    "between them by chance."
)
# the GPU types cannot be compared where the trainings are of one type, or too few
NOT_COMPARED = "too few trainings to compare GPU types, so there is no term for them"


def coefficients(origins: list[Origin]) -> None:
    """A coefficient against depth, fitted and predicted."""
    left, right = st.columns(2)
    name = left.segmented_control(
        "Coefficient", list(PARAMETERS), default="β2", required=True, key="coefficient", bind="query-params"
    )
    piece = right.segmented_control(
        "Fitted to the", list(SEGMENTS), default="whole training", required=True, key="piece", bind="query-params"
    )
    parameter, segment = PARAMETERS.get(name, "beta2"), SEGMENTS.get(piece, "all")
    rows, effect = (
        frame[(frame["parameter"] == parameter) & (frame["segment"] == segment)]
        for frame in (cached_query(regressions.coefficients), cached_query(regressions.effects))
    )
    if rows.empty:
        st.info(
            f"There is no {name} in the {piece} piece: most trainings do not identify it there, because their loss "
            f"hardly moves. {HELD_AT_0}",
            icon=":material/info:",
        )
        return
    figure(
        charts.coefficients(f"{name} ({UNITS[parameter]})"),
        title=f"{name}: {_effect(effect)}",
        alt_text="A coefficient of the loss model against depth for each GPU type",
        origins=origins,
        caption="Of losses as they are, not divided by the largest, which grows with depth. Bars: 95 % interval of the "
        "fit, none where the coefficient is not identified. Lines: what is predicted, by a regression that has not "
        f"seen the held-out {HELD_OUT}, within the values that it saw.",
        data=with_network(rows).assign(role=np.where(rows["held_out"], "held out", "regressed")),
    )


def _effect(effect: pd.DataFrame) -> str:
    """What a regression found, in words."""
    if effect.empty:
        return "most trainings do not identify it here, so it is not regressed, and their median stands in for it"
    row = effect.iloc[0]
    gpu = (
        NOT_COMPARED
        if pd.isna(row["gpu_p"])
        else f"GPU types without an effect would differ at least this much with probability {row['gpu_p']:.2f}"
    )
    return f"{row['per_layer']:+.2g} a layer ({row['low']:+.2g} to {row['high']:+.2g}); {gpu}"


def quality(rows: pd.DataFrame, origins: list[Origin]) -> None:
    """The regressions as a table; `rows` are all their terms."""
    each, summary = cached_query(regressions.effects), cached_query(regressions.effects_summary)
    if each.empty:
        return
    found = summary.iloc[0]
    gpu = f"the GPU type in {found['gpu_matters']:.0f}" if found["gpu_compared"] else NOT_COMPARED
    figure(
        each,
        title=f"Depth matters at the 5 % level in {found['depth_matters']:.0f} of {found['regressions']:.0f} "
        f"regressions, {gpu}",
        alt_text="Regressions of the coefficients on depth and GPU type",
        origins=origins,
        caption="Least squares of each coefficient that most trainings identify on depth"
        f"{_and_type(found)}: per_layer is the change a layer with its 95 % interval (low to high, from the means "
        "of the depths); r2 of the whole "
        "regression, depth_r2 of the depth alone; cv_rmse of predictions of a depth that was left out, cv_percent the "
        "same against the coefficient's mean; gpu_p the probability of at least such differences between GPU types, "
        "within depths, if the type had no effect, empty where the types were not compared. Where no GPU was at hand, "
        f"a type stands for a seed. {_without_asymptote(each)}{_left_out()}The CSV has every term.",
        columns={c: st.column_config.NumberColumn(format="%.3g") for c in each.columns if each[c].dtype == float},
        csv=rows,
    )


def _and_type(found: pd.Series) -> str:
    return " and GPU type" if found["gpu_compared"] else " alone, as one GPU type has no term of its own"


def compared() -> None:
    """The regressions at the scale at which several GPU types are whole, where another scale is shown."""
    found = cached_query(trainings.state)
    if found.empty or not found["replicas_elsewhere"].iloc[0]:
        return
    scale = cached_query(trainings.compared_scale)
    rows, summary = cached_query(regressions.effects, scale), cached_query(regressions.compared_effects)
    if rows.empty or summary.empty:
        return
    row = summary.iloc[0]
    figure(
        rows,
        title=f"What only replicas show, at the {scale} scale: the GPU type matters in {row['gpu_matters']:.0f} of "
        f"{row['gpu_compared']:.0f} regressions, {row['by_chance']:.1f} would by chance",
        alt_text="Regressions with a term for the GPU type at the scale that has several",
        origins=of_runs([run for run in [cached_query(trainings.latest, "predict", scale)] if run]),
        caption="At the scale that the page shows one GPU type is whole, so that its regressions have depth alone. "
        "This scale is smaller and has several types; where they were emulated, they stand for seeds.",
        columns={c: st.column_config.NumberColumn(format="%.3g") for c in rows.columns if rows[c].dtype == float},
    )


def _without_asymptote(effects: pd.DataFrame) -> str:
    """A sentence on the pieces in which β2 is held at 0; empty where there are none."""
    identified = set(effects.query("parameter == 'beta2'")["segment"])
    held = [piece for piece, segment in SEGMENTS.items() if segment in set(effects["segment"]) - identified]
    return f"Most trainings do not identify β2 in the {listed(held)} piece. {HELD_AT_0} " if held else ""


def _left_out() -> str:
    """A sentence on the trainings that the prediction could not use; empty where there are none."""
    left_out = cached_query(trainings.left_out, "predict")
    return f"Not used, because they cannot be fitted like the others: {listed(left_out)}. " if left_out else ""
