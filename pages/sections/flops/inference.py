"""3.4: inference time and peak throughput on the K80 under every reading, and what was really measured."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import Origin, of_jobs, published
from pages.sections.flops import charts
from store.flops import counts, peaks

OWN = "my device"
# operations of a multiply-accumulate
CONVENTIONS = {"two operations": 2, "one operation": 1}
COLUMNS = {
    "network": "Network",
    "counted_by": "FLOPs from",
    "factor": st.column_config.NumberColumn("×"),
    "giga_ops": st.column_config.NumberColumn("Operations (10⁹)", format="%.3f"),
    "device": "Device",
    "condition": "Clock",
    "peak_tflops": st.column_config.NumberColumn("Peak (TFLOPS)", format="%.2f"),
    "ms": st.column_config.NumberColumn("One image (ms)", format="%.3f"),
    "images_per_s": st.column_config.NumberColumn("Images/s", format="%.0f"),
    "board_images_per_s": st.column_config.NumberColumn("Images/s, whole board", format="%.0f"),
    "peak_confidence": "Peak is",
    "recommended": st.column_config.CheckboxColumn("Recommended"),
}


def show() -> None:
    """The answer, the table of readings, and the check against measured throughput."""
    rows = cached_query(peaks.k80_inference)
    if rows.empty:
        card("3.4")
        missing("The K80's peaks or the FLOPs are not in the store.", "python -m compute flops")
        return
    card("3.4", lambda: _recommended(rows))
    _reality()
    _readings(rows)
    _own()


def _recommended(rows: pd.DataFrame) -> None:
    best = rows[rows["recommended"]]
    said = "; ".join(f"{r.network} {r.ms:.2f} ms" for r in best.itertuples())
    figure(
        best[["network", "giga_ops", "peak_tflops", "ms", "images_per_s", "board_images_per_s"]],
        title=f"At peak, one image takes: {said}",
        alt_text="Inference time and peak throughput on the K80 by network",
        origins=_origins(),
        caption="The paper's FLOPs × 2 on one GK210 at boost clock. The board's throughput has both of its GPUs "
        "at work.",
        columns=COLUMNS,
    )


def _readings(rows: pd.DataFrame) -> None:
    spread = (rows.groupby("network")["ms"].max() / rows.groupby("network")["ms"].min()).max()
    figure(
        rows.drop(columns="model"),
        title=f"Other readings differ up to {spread:.0f} times",
        alt_text="Inference time and peak throughput on the K80 by network and reading",
        origins=_origins(),
        caption=(
            "The first three rows are the recommended reading. Doubling the paper's total also doubles the few"
            " operations in it that are not multiply-accumulates."
        ),
        columns=COLUMNS,
    )


def _origins() -> list[Origin]:
    return published("Lu 2017, Tables 3, 5, 6", "NVIDIA K80 (second-hand)") + of_jobs("flops/layers")


def _own() -> None:
    """Any network on any device's peak, by the reader's convention."""
    st.subheader("Any network on any device", divider="gray")
    networks, devices = cached_query(counts.networks).set_index("model"), cached_query(peaks.devices)
    if networks.empty:
        missing("No network has been counted yet.", "python -m compute flops")
        return
    first, second, third = st.columns(3)
    names, labels = networks.index.tolist(), [*devices["label"], OWN]
    model = first.selectbox(
        "Network",
        names,
        index=names.index("resnet50") if "resnet50" in names else 0,
        key="inferred",
        bind="query-params",
    )
    label = second.selectbox("Device and peak", labels, key="at_peak_of", bind="query-params")
    convention = third.segmented_control(
        "A multiply-accumulate counts as",
        list(CONVENTIONS),
        default="two operations",
        required=True,
        key="counted_as",
        bind="query-params",
    )
    if label == OWN:
        peak = st.number_input("Peak (TFLOPS)", 0.001, 1e6, 10.0, key="inference_peak", bind="query-params")
    else:
        peak = devices.set_index("label")["peak_tflops"][label]
    factor = CONVENTIONS.get(convention, 2)
    giga_ops = factor * networks["macs"][model] / 1e9
    ms = giga_ops / peak
    with st.container(horizontal=True):
        st.metric("Operations", f"{giga_ops:,.3f} G", border=True)
        st.metric("Peak", f"{peak:g} TFLOPS", border=True)
        st.metric("One image at peak", f"{ms:.3g} ms", border=True)
        st.metric("Peak throughput", f"{1e3 / ms:,.0f} images/s", border=True)
    st.caption(
        "By our own count of convolutions and matrix products. A peak counts a multiply-accumulate as two "
        "operations, so "
        "two is the reading that fits it; one shows what comes of dividing a paper's count by a data sheet's "
        "peak. What "
        "is really reached, the planner of Question 3.1 estimates."
    )


def _reality() -> None:
    rows = cached_query(peaks.k80_reality)
    if rows.empty:
        return
    figure(
        charts.measured_against_peak(),
        title="Measured on one GPU of a K80: "
        + ", ".join(
            f"{group['percent_of_peak'].min():.0f} to {group['percent_of_peak'].max():.0f} % of that peak for {network}"
            for network, group in rows.groupby("network")
        ),
        alt_text="Measured K80 inference throughput by batch against the peak throughput",
        origins=published(*rows["source"].unique(), "Lu 2017", "NVIDIA K80"),
        caption=(
            "Solid: MXNet on one GPU of a K80; dashed: peak throughput under the recommended reading. The percentage is"
            " FLOP utilisation. MXNet's page has no GoogLeNet, and does not print the precision."
        ),
        data=rows,
    )
