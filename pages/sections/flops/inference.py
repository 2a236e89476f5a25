"""3.4: inference time and peak throughput on the K80 under every reading, and what was really measured."""

import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_jobs, published
from pages.sections.flops import charts
from store.flops import peaks


def show() -> None:
    """The answer, the table of readings, and the check against measured throughput."""
    card("3.4")
    rows = cached_query(peaks.k80_inference)
    if rows.empty:
        missing("The K80's peaks or the FLOPs are not in the store.", "python -m compute flops")
        return
    best = rows[rows["recommended"]]
    spread = (rows.groupby("network")["ms"].max() / rows.groupby("network")["ms"].min()).max()
    said = "; ".join(f"{r.network} {r.ms:.2f} ms" for r in best.itertuples())
    figure(
        rows.drop(columns="model"),
        title=f"At peak, one image takes: {said}. Other readings differ up to {spread:.0f} times",
        alt_text="Inference time and peak throughput on the K80 by network and reading",
        origins=published("Lu 2017, Tables 3, 5, 6", "NVIDIA K80 (second-hand)") + of_jobs("flops/layers"),
        caption=(
            "The first three rows are the recommended reading: the paper's FLOPs × 2, one GK210 at boost clock. The"
            " board's throughput has both of its GPUs at work. Doubling the paper's total also doubles the few"
            " operations in it that are not multiply-accumulates."
        ),
        columns={
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
        },
    )
    _reality()


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
            " the Platform Percent of Peak. MXNet's page has no GoogLeNet, and does not print the precision."
        ),
        data=rows,
    )
