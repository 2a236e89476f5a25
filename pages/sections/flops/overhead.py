"""3.3: the sum of layer times against the whole forward pass, in Lu et al.'s tables and in our own measurement."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs, published
from pages.sections.flops import charts, prediction
from store.flops import times

MODES = {"forward_ms": "whole pass", "sum_ms": "layers, waiting after each", "amortised_ms": "layers, amortised"}


LU_TABLES = "Lu 2017, Tables 2, 3, 5, 6"
WHY = {
    "cpu": "On a CPU calls return when the work is done, so that little is hidden and little is added.",
    "cuda": "On a GPU each wait empties the queue of kernels.",
}


def show() -> None:
    """The answer, the paper's gap, and ours beside it."""
    rows = cached_query(times.lu_gap)
    if rows.empty:
        card("3.3")
        missing("The tables of Lu et al. are not in the store.", "python -m store build")
    else:
        card("3.3", lambda: _paper(rows))
        _paper_overhead(rows)
    _ours()
    prediction.show()


def _paper(rows: pd.DataFrame) -> None:
    worst, cpu = rows.loc[rows["ratio"].idxmax()], rows[rows["processor"] == "CPU"]
    rows = rows.assign(measured=rows["network"] + " · " + rows["platform"])
    figure(
        charts.sum_against_whole(),
        title=(
            f"On CPUs layer times add up to within {100 * (cpu['ratio'] - 1).abs().max():.0f} %; on GPUs their sum"
            f" exceeds the whole pass, up to {worst['ratio']:.1f} times ({worst['network']}, {worst['platform']})"
        ),
        alt_text="Ratio of summed layer times to the whole forward pass on four processors",
        origins=published(LU_TABLES),
        caption=(
            "1 means that the layers' times add up. TK1 and TX1 are NVIDIA's mobile boards, each with a CPU and a GPU;"
            " Caffe, batch of one."
        ),
        data=rows,
    )


def _paper_overhead(rows: pd.DataFrame) -> None:
    origins = published(LU_TABLES)
    gpu = rows[rows["processor"] == "GPU"]
    deep = gpu[gpu["layers"] > 100]
    figure(
        charts.overhead_by_layers(),
        title=(
            f"The two networks with the most layers have by far the most overhead, from {deep['overhead_ms'].min():.0f}"
            f" to {deep['overhead_ms'].max():.0f} ms"
        ),
        alt_text="Measuring overhead against number of layers on two mobile GPUs",
        origins=origins,
        caption=(
            "Overhead = Total − Forward of the same table; layers as in the paper's Table 1 (it measured GoogLeNet"
            " without its concatenations). For GoogLeNet and ResNet on the TX1 the paper's text gives larger overheads"
            " than its own tables do."
        ),
        data=gpu,
    )
    figure(
        cached_query(times.lu_times),
        title="Tables 2, 3, 5 and 6 as printed",
        alt_text="Layer times of Lu et al. as printed",
        origins=origins,
        caption=(
            "Milliseconds with their standard deviation. Total is the sum of layers (on GPUs the printed rows add up to"
            " a little less), Forward the whole pass."
        ),
    )


def _ours() -> None:
    st.subheader("Our own measurement", divider="gray")
    rows = cached_query(times.own_gap)
    if rows.empty:
        missing("No timings have been measured yet.", "python -m compute timings")
        return
    device = st.selectbox("Device", sorted(rows["device"].unique()), key="timed_on", bind="query-params")
    mine = rows[rows["device"] == device]
    mine = mine.assign(timed=mine["model"] + ", batch " + mine["batch"].astype(str))
    if mine["threads"].nunique() > 1:
        mine["timed"] += ", threads " + mine["threads"].astype(str)
    origins, kind = of_runs(mine["run_id"]), mine["device_kind"].iloc[0]
    long = mine.melt(["timed", "layers", "repeats"], list(MODES), "mode", "ms").replace({"mode": MODES})
    worst = mine.loc[mine["ratio"].idxmax()]
    figure(
        charts.ways_of_timing(tuple(MODES.values())),
        title=(
            f"On {device} the sum of synchronised layers is {mine['ratio'].min():.2f} to {mine['ratio'].max():.2f}"
            f" times the whole pass (most for {worst['timed']})"
        ),
        alt_text="Our timings of whole pass, sum of synchronised layers, sum of amortised layers",
        origins=origins,
        caption=(
            "Medians over repeats. Amortised: each layer repeated back to back on its own input, one wait at the end,"
            f" divided by the count (Section 5.1 of the paper). {WHY[kind]}"
        ),
        data=long,
        csv=mine,
    )
    ratios = cached_query(times.lu_gap)[["network", "platform", "layers", "ratio", "overhead_per_layer_ms"]]
    both = _side_by_side(mine.assign(platform=f"here: {device}"), ratios)
    figure(
        both,
        title="Their gap and ours, side by side",
        alt_text="Ratio and overhead for each layer, theirs and ours",
        origins=origins + published(LU_TABLES),
        caption=(
            "Ratio: sum of layers ÷ whole pass. Caffe's versions of the networks in both, as far as they have one; Lu"
            " et al. count Caffe's layers, we those that run."
        ),
        columns={
            c: st.column_config.NumberColumn(format="%.3f")
            for c in ("ratio", "amortised_ratio", "overhead_per_layer_ms")
        },
    )


def _side_by_side(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    columns = ["network", "platform", "layers", "ratio", "amortised_ratio", "overhead_per_layer_ms"]
    ours = ours[(ours["batch"] == 1) & ours["network"].isin(theirs["network"])]
    return pd.concat([theirs, ours]).sort_values(["network", "platform"])[columns]
