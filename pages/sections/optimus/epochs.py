"""4.2: predicted against trained epochs for every accuracy, and what the learning-rate schedule decides."""

import pandas as pd
import streamlit as st

from compute.core.vocabulary import ACCURACIES, TARGET_ACCURACY
from pages.parts.data import cached_query
from pages.parts.figure import figure
from pages.parts.origin import Origin
from pages.sections.optimus import charts
from pages.sections.optimus.labels import HELD_OUT, listed
from store.optimus import epochs, regressions

NUMBERS = ("predicted", "low", "high", "trained", "error_percent")


def against_trained(origins: list[Origin]) -> None:
    """Predicted and trained epochs against the accuracy, and the numbers at one of them."""
    st.subheader("Epochs to an accuracy", divider="gray")
    left, right = st.columns(2)
    chosen = left.segmented_control(
        "Accuracy of the images for", list(ACCURACIES), default=ACCURACIES[0], required=True, key="accuracy",
        bind="query-params", help="Training accuracy: of the images as they pass through the network in an epoch.",
    )  # fmt: skip
    accuracy = chosen if chosen in ACCURACIES else ACCURACIES[0]
    rows, pooled = cached_query(epochs.epochs_to_target, accuracy), cached_query(epochs.against_trained, accuracy)
    said = pooled.dropna(subset=["predicted"])
    if said.empty:
        st.info(f"No {accuracy} accuracy is predicted to be reached.", icon=":material/info:")
        return
    both = pooled.dropna(subset=["predicted", "trained"])
    errors, asked = both["error_percent"].abs(), round(100 * TARGET_ACCURACY)
    last = max(pooled["predicted"].max(), pooled["high"].max(), pooled["trained_most"].max())
    off = (
        f"; the prediction is off by {errors.median():.0f} % (median), {errors.max():.0f} % at worst"
        if len(both)
        else ""
    )
    highest = both["target_percent"].max() if len(both) else said["target_percent"].max()
    figure(
        charts.epochs(accuracy),
        title=f"{HELD_OUT} reaches {highest:.0f} % {accuracy} accuracy, predicted and in every training{off}",
        alt_text=f"Predicted and trained epochs against the {accuracy} accuracy",
        origins=origins,
        caption="Line: predicted, one number for all GPU types; points: trained. Grey: had the prediction been as "
        f"wrong as it is for {_left_out()} layers when that depth is left out, and with that training's own "
        "relation of loss and accuracy; it is open at the top where some say never. The assignment asks for "
        f"{asked} %. Steps lie where the learning rate falls.",
        data=_drawn(pooled, rows, last),
        csv=pooled,
    )
    low, high = int(rows["target_percent"].min()), int(rows["target_percent"].max())
    common = cached_query(epochs.common_target_percent, accuracy)
    target = right.slider(
        f"{accuracy.capitalize()} accuracy to reach (%)", low, high, common or low, key="target", bind="query-params"
    )
    mine = rows[rows["target_percent"] == target].drop(columns="target")
    one = pooled[pooled["target_percent"] == target].iloc[0]
    every = f"{one['predicted']:.0f}" if pd.notna(one["predicted"]) else "never"
    figure(
        mine,
        title=f"Epochs to {target} %: {every} are predicted for all GPU types together",
        alt_text="Epochs to the chosen accuracy, predicted and trained",
        origins=origins,
        caption="By GPU type: the regression's terms for the types differ as far as seeds do. Empty: not reached.",
        columns={c: st.column_config.NumberColumn(format="%.0f") for c in NUMBERS},
    )


def _left_out() -> str:
    return " or ".join(map(str, cached_query(regressions.left_out_depths)))


def _drawn(pooled: pd.DataFrame, rows: pd.DataFrame, last: float) -> pd.DataFrame:
    """The prediction with where its range ends on the chart, and the trained points."""
    end = pooled["high"].fillna(last).where(pooled["low"].notna())
    return pd.concat([pooled[["target_percent", "predicted", "low", "high"]].assign(end=end),
                      rows.dropna(subset=["trained"])[["target_percent", "gpu_type", "trained"]]])  # fmt: skip


def schedule(origins: list[Origin]) -> None:
    """Predicted epochs against the epoch of the first learning-rate drop."""
    found = cached_query(epochs.schedule_summary)
    if found.empty:
        return
    row = found.iloc[0]
    rows = cached_query(epochs.schedules, int(row["target_percent"]))
    roles = rows["trained"].map({True: "as trained", False: "another schedule"}).where(~rows["none"], "no drop")
    never = rows[rows["predicted"].isna()]
    unreached = ["no drop" if one.none else f"a drop after {one.first_drop}" for one in never.itertuples()]
    figure(
        charts.schedules(),
        title=f"The schedule decides: with a first drop after {row['early_drop']:.0f} epochs {row['early']:.0f} are "
        f"predicted to {row['target_percent']:.0f} %, after {row['late_drop']:.0f} epochs {row['late']:.0f}",
        alt_text="Predicted epochs against the first drop of the learning rate",
        origins=origins,
        caption="Later drops keep their distance from the first. A piece of the curve is taken to be the same wherever "
        "it begins, as the model has it; after a much earlier drop a real training would stand higher. "
        + (f"Never reached with {listed(unreached)}. " if unreached else "")
        + f"Of the {row['targets']:.0f} targets that the trainings of {HELD_OUT} reach, {row['by_drop']:.0f} are first "
        f"reached within {row['soon']:.0f} epochs after a drop.",
        data=rows.assign(role=roles).dropna(subset=["predicted"]),
        csv=rows,
    )
