"""4.2: the predicted curve of any depth."""

import pandas as pd
import streamlit as st

from compute.core.vocabulary import ACCURACIES, HELD_OUT_DEPTH
from pages.parts.data import cached_query
from pages.parts.figure import figure
from pages.parts.origin import Origin
from pages.sections.optimus import charts
from pages.sections.optimus.labels import network
from store.optimus import epochs, predictions


def show(origins: list[Origin]) -> None:
    """The curve of the depth that a slider chooses, flagged outside of the depths that were seen."""
    depths = cached_query(predictions.depths)
    if depths.empty:
        return
    st.subheader("Any other depth", divider="gray")
    least, most = int(depths["depth"].min()), int(depths["depth"].max())
    depth = st.slider("Depth (layers)", least, most, HELD_OUT_DEPTH, step=2, key="depth", bind="query-params")
    row = depths[depths["depth"] == depth]
    if row.empty:
        st.info("There is no curve for this depth.", icon=":material/info:")
        return
    row = row.iloc[0]
    if not row["inside"]:
        st.warning(
            f"{depth} layers lie outside of the {row['least']} to {row['most']} that the regressions saw. A line says "
            "nothing there: the coefficients are held at the ends of what was seen, and the range is not that of an "
            "extrapolation.",
            icon=":material/warning:",
        )
    said = [_reached(depth, accuracy) for accuracy in ACCURACIES]
    figure(
        charts.any_depth(),
        title=f"{network(depth)}, predicted: {' and '.join(said)}",
        alt_text="Predicted loss of the chosen depth by epoch",
        origins=origins,
        caption="For all GPU types together, with the schedule of the trainings. Grey: had the prediction been as "
        "wrong as that of the depths that were left out.",
        data=cached_query(predictions.depth_curve, depth),
    )


def _reached(depth: int, accuracy: str) -> str:
    """The highest accuracy that a depth is predicted to reach, with its epochs."""
    rows = cached_query(epochs.depth_epochs, depth, accuracy).dropna(subset=["predicted"])
    if rows.empty:
        return f"no {accuracy} accuracy of 30 % or more"
    best = rows.iloc[-1]
    high = f"{best['high']:.0f}" if pd.notna(best["high"]) else "never"
    return f"{best['target_percent']:.0f} % {accuracy} accuracy after {best['predicted']:.0f} epochs (to {high})"
