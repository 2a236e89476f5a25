"""3.4: inference time and peak throughput on the K80 under every reading, and what was really measured."""

import altair as alt
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import ask, missing
from pages.parts.figure import figure, of_jobs, published
from store import flops


def show() -> None:
    """The answer, the table of readings, and the check against measured throughput."""
    card("3.4")
    rows = ask(flops.k80_inference)
    if rows.empty:
        missing("The K80's peaks or the FLOPs are not in the store.", "python -m compute flops")
        return
    origins = published("Lu 2017, Tables 3, 5, 6", "NVIDIA K80") + of_jobs("flops/layers")
    best = rows[rows["recommended"]]
    spread = rows.groupby("network")["ms"].agg(lambda ms: ms.max() / ms.min()).max()
    said = "; ".join(f"{r.network} {r.ms:.2f} ms, {r.images_per_s:,.0f} images/s" for r in best.itertuples())
    every = st.toggle("Show every reading", key="every", bind="query-params")
    shown = rows if every else best
    figure(
        shown.drop(columns="model"),
        title=f"At peak, one image takes: {said}",
        alt_text="Inference time and peak throughput on the K80 by network and reading",
        origins=origins,
        caption=f"Recommended reading: the paper's FLOPs × 2 on one GK210 at boost clock. Between all readings the answers differ up to {spread:.0f} times.",
        data=rows,
        columns={
            "network": "Network",
            "counted_by": "FLOPs from",
            "ops_per_mac": st.column_config.NumberColumn("Operations a MAC"),
            "giga_ops": st.column_config.NumberColumn("Giga-operations", format="%.3f"),
            "device": "Device",
            "condition": "Clock",
            "peak_tflops": st.column_config.NumberColumn("Peak (TFLOPS)", format="%.2f"),
            "ms": st.column_config.NumberColumn("Time of one image (ms)", format="%.3f"),
            "images_per_s": st.column_config.NumberColumn("Peak throughput (images/s)", format="%.0f"),
            "recommended": st.column_config.CheckboxColumn("Recommended"),
        },
    )
    _reality()


def _reality() -> None:
    rows = ask(flops.k80_reality)
    if rows.empty:
        return
    peaks = rows.drop_duplicates("network")
    line = alt.Chart(rows).encode(
        x=alt.X("batch:Q", title="Batch (images)", scale=alt.Scale(type="log", base=2)),
        color=alt.Color("network:N", title=None, legend=alt.Legend(orient="top")),
    )
    measured = line.mark_line(point=True).encode(
        y=alt.Y("images_per_s:Q", title="Images/s"),
        tooltip=["network", "batch", "images_per_s", alt.Tooltip("percent_of_peak", format=".0f", title="% of peak")],
    )
    limit = alt.Chart(peaks).mark_rule(strokeDash=[6, 4]).encode(y="peak_images_per_s:Q", color="network:N", tooltip=["network", "peak_images_per_s"])
    figure(
        (measured + limit).properties(height=300),
        title="Measured on one GPU of a K80: "
        + ", ".join(
            f"{group['percent_of_peak'].min():.0f} to {group['percent_of_peak'].max():.0f} % of that peak for {network}"
            for network, group in rows.groupby("network")
        ),
        alt_text="Measured K80 inference throughput by batch against the peak throughput",
        origins=published(*rows["source"].unique(), "Lu 2017", "NVIDIA K80"),
        caption="Solid: MXNet on one GPU of a K80; dashed: peak throughput under the recommended reading. The percentage is the Platform Percent of Peak. "
        "MXNet's page has no GoogLeNet, and does not print the precision.",
        data=rows,
    )
