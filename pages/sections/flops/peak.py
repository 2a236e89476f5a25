"""3.1: PALEO's layer times on any device, and the Platform Percent of Peak that published measurements imply."""

import streamlit as st

from compute.core.paleo import Platform, layer_times, throughput
from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_jobs, of_runs, published
from pages.sections.flops import charts
from store import catalogue
from store.flops import counts, peaks, times

TERMS = {"compute_ms": "computing", "read_ms": "reading inputs and weights", "write_ms": "writing outputs"}


def show() -> None:
    """The answer, the explorer, the table of implied PPP, and rates by kind of layer."""
    card("3.1")
    _explorer()
    _implied()
    _rates()


def _explorer() -> None:
    models, devices = cached_query(counts.networks), cached_query(peaks.devices)
    if models.empty or devices.empty:
        missing("The explorer needs counted networks.", "python -m compute flops")
        return
    st.subheader("Explorer: layer times by PALEO's model", divider="gray")
    first, second = st.columns(2)
    names = models["model"].tolist()
    model = first.selectbox(
        "Network", names, index=names.index("resnet50") if "resnet50" in names else 0, key="model", bind="query-params"
    )
    label = second.selectbox(
        "Device and peak", devices["label"], index=_default(devices), key="device", bind="query-params"
    )
    first, second = st.columns(2)
    batch = first.slider("Batch (images)", 1, 256, 1, key="batch", bind="query-params")
    usual = round(100 * float(cached_query(catalogue.fact, "paleo_ppp_code_default") or 1))
    ppp = second.slider(
        "Platform Percent of Peak (%)",
        5,
        100,
        usual,
        key="ppp",
        bind="query-params",
        help=f"PALEO's code uses {usual} % by default.",
    )
    device = devices.set_index("label").loc[label]
    rows = cached_query(counts.layers, model)
    times = layer_times(
        flops=rows["flops"].to_numpy(),
        input_bytes=rows["input_bytes"].to_numpy(),
        param_bytes=4 * rows["params"].to_numpy(),
        output_bytes=rows["activation_bytes"].to_numpy(),
        batch=batch,
        platform=Platform(peak_tflops=device["peak_tflops"], memory_gbps=device["memory_gbps"], ppp=ppp / 100),
    )
    rows = rows.assign(
        compute_ms=times.compute_ms, read_ms=times.read_ms, write_ms=times.write_ms, total_ms=times.total_ms
    )
    rows["peak_tflops"] = device["peak_tflops"]
    total_ms, compute_ms = rows["total_ms"].sum(), rows["compute_ms"].sum()
    with st.container(horizontal=True):
        st.metric("Forward pass", f"{total_ms:,.2f} ms", border=True)
        st.metric("Throughput", f"{throughput(total_ms, batch):,.0f} images/s", border=True)
        st.metric(
            "Time in computing",
            f"{100 * compute_ms / total_ms:.0f} %",
            border=True,
            help="The rest is moving data through memory.",
        )
        st.metric("Peak used", f"{device['peak_tflops']:g} TFLOPS", border=True)
    long = rows.melt(["position", "name", "kind"], list(TERMS), "term", "ms").replace({"term": TERMS})
    slowest = rows.loc[rows["total_ms"].idxmax()]
    figure(
        charts.layer_times(tuple(TERMS.values()), len(rows) <= 60),
        title=(
            f"{model}, batch {batch}, on {label} at {ppp} % of peak: {slowest['name']} takes the most time "
            f"({100 * slowest['total_ms'] / total_ms:.0f} % of {total_ms:,.2f} ms)"
        ),
        alt_text="PALEO layer times split into computing, reading and writing",
        origins=of_jobs("flops/layers") + published(device["source"]),
        caption=(
            "PALEO's Eq. 1: reading the inputs, computing, writing the outputs, one after the other, each divided by"
            " PPP as in the authors' code; memory traffic in fp32, weights among the inputs, parallel branches added"
            " up. FLOPs are our count (two a multiply-accumulate, convolutions and matrix products)."
        ),
        data=long,
        csv=rows,
    )
    with st.expander("The layers as a table"):
        st.dataframe(
            rows[["name", "kind", "output_shape", "flops", *TERMS, "total_ms", "peak_tflops"]],
            hide_index=True,
            column_config={c: st.column_config.NumberColumn(format="%.4f") for c in (*TERMS, "total_ms")},
            alt="PALEO layer times as a table",
        )


def _default(devices) -> int:
    matches = devices.index[(devices["device"] == "V100 SXM2") & (devices["precision"] == "fp32")]
    return int(matches[0]) if len(matches) else 0


def _implied() -> None:
    rows = cached_query(peaks.implied_ppp)
    if rows.empty:
        missing("The table of implied PPP needs counted networks.", "python -m compute flops")
        return
    st.subheader("PPP that published measurements imply", divider="gray")
    one = rows[rows["gpus"] == 1].assign(network=lambda r: r["gpu_type"] + " · " + r["model"])
    low, high = one.loc[one["ppp_percent"].idxmin()], one.loc[one["ppp_percent"].idxmax()]
    figure(
        charts.implied_ppp(),
        title=(
            f"No single constant: implied PPP runs from {low['ppp_percent']:.0f} % ({low['model']}, {low['gpu_type']},"
            f" {low['mode']}, batch {low['batch']}) to {high['ppp_percent']:.0f} % ({high['model']},"
            f" {high['gpu_type']}, {high['mode']}, batch {high['batch']})"
        ),
        alt_text="Implied Platform Percent of Peak by model, GPU type and framework",
        origins=published(*rows["source"].unique()) + of_jobs("flops/layers"),
        caption=(
            "Published images/s × FLOPs an image ÷ published peak. Training counts three forward passes. Where a page"
            " does not state the precision, fp32 is assumed; a K80 of the TensorFlow and MXNet pages is read as one"
            " GK210 at boost clock. More than 100 % means that the library did fewer operations than a direct"
            " convolution has (Winograd's and FFT algorithms do for 3 × 3 filters), or lower precision than assumed."
            " PALEO fits its constant to the whole estimate, memory included; here it is computing alone. Peaks are"
            " second-hand copies of data sheets."
        ),
        data=one,
        csv=rows,
    )
    with st.expander(f"All {len(rows)} rows, several GPUs included"):
        st.dataframe(
            rows,
            hide_index=True,
            column_config={
                c: st.column_config.NumberColumn(format="%.1f")
                for c in ("images_per_s_gpu", "gflop_per_image", "ppp_percent")
            },
            alt="Implied Platform Percent of Peak of every published measurement",
        )


def _rates() -> None:
    rows = cached_query(times.own_rates)
    if rows.empty:
        missing("Rates by kind of layer need timings.", "python -m compute timings")
        return
    st.subheader("What one constant hides: rates by kind of layer", divider="gray")
    device = st.selectbox("Timed on", sorted(rows["device"].unique()), key="rates_on", bind="query-params")
    mine = rows[rows["device"] == device]
    mine = mine[mine["batch"] == mine["batch"].min()]
    best, worst = mine.loc[mine["giga_ops_per_s"].idxmax()], mine.loc[mine["giga_ops_per_s"].idxmin()]
    figure(
        charts.rates(),
        title=(
            f"On {device}, {best['network']}'s {best['kind']} layers run at {best['giga_ops_per_s']:,.0f} billion"
            f" operations/s, {worst['network']}'s {worst['kind']} layers at {worst['giga_ops_per_s']:,.2g}"
        ),
        alt_text="Operations per second by kind of layer in our own timings",
        origins=of_runs(mine["run_id"]) + of_jobs("flops/layers"),
        caption=(
            "Amortised layer times; two operations a multiply-accumulate, one of everything else. A single percentage"
            " of peak averages over all of this."
        ),
        data=mine,
    )
