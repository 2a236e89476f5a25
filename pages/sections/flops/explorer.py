"""3.1: a forward pass layer by layer, by PALEO's model, for what the planner asks."""

import pandas as pd
import streamlit as st

from compute.core.paleo import Platform, layer_times
from compute.core.step_time import ELEMENT_BYTES, FP32_BYTES
from pages.parts.data import cached_query
from pages.parts.figure import figure
from pages.parts.origin import of_jobs, published
from pages.sections.flops import charts
from store.flops import counts

TERMS = {"compute_ms": "computing", "read_ms": "reading inputs and weights", "write_ms": "writing outputs"}
LABELLED_LAYERS = 60  # more names would overlap


def show(model: str, precision: str, batch: int, device: pd.Series) -> None:
    """The layers' times of a forward pass at the reader's PPP; `device` is a row of the planner's steps."""
    ppp = st.slider(
        "Platform Percent of Peak of the layers below (%)",
        5,
        150,
        min(150, max(5, round(device["ppp_percent"]))),
        key="ppp",
        bind="query-params",
        help="One constant for the whole estimate, computing and memory. The default is the fitted one of this device.",
    )
    rows = cached_query(counts.layers, model)
    element = ELEMENT_BYTES[precision]
    times = layer_times(
        flops=rows["flops"].to_numpy(),
        input_bytes=rows["input_bytes"].to_numpy() * element / FP32_BYTES,
        param_bytes=element * rows["params"].to_numpy(),
        output_bytes=rows["activation_bytes"].to_numpy() * element / FP32_BYTES,
        batch=batch,
        platform=Platform(peak_tflops=device["peak_tflops"], memory_gbps=device["memory_gbps"], ppp=ppp / 100),
    )
    rows = rows.assign(
        compute_ms=times.compute_ms, read_ms=times.read_ms, write_ms=times.write_ms, total_ms=times.total_ms
    )
    total_ms, compute_ms = rows["total_ms"].sum(), rows["compute_ms"].sum()
    long = rows.melt(["position", "name", "kind"], list(TERMS), "term", "ms").replace({"term": TERMS})
    slowest = rows.loc[rows["total_ms"].idxmax()]
    source = device["source"]
    figure(
        charts.layer_times(tuple(TERMS.values()), len(rows) <= LABELLED_LAYERS),
        title=f"Forward pass of {model}, batch {batch}, on {device.name} at a PPP of {ppp} %: {total_ms:,.3g} ms, "
        f"{100 * compute_ms / total_ms:.0f} % of it computing; {slowest['name']} takes most "
        f"({100 * slowest['total_ms'] / total_ms:.0f} %)",
        alt_text="PALEO layer times split into computing, reading and writing",
        origins=of_jobs("flops/layers") + (published(source) if isinstance(source, str) else []),
        caption="PALEO's Eq. 1: reading the inputs, computing, writing the outputs, one after the other, each "
        "divided by "
        "PPP as in the authors' code; weights among the inputs, parallel branches added up. FLOPs are our count (two a "
        "multiply-accumulate, convolutions and matrix products). The overhead of launches is not among the layers.",
        data=long,
        csv=rows,
    )
