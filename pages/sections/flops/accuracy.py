"""3.1: how well PALEO's model and the one with an overhead for each launch predict what they were not fitted to."""

import pandas as pd
import streamlit as st

from pages.parts.data import cached_query
from pages.parts.figure import figure
from pages.parts.origin import of_jobs, published
from pages.sections.flops import charts
from store.flops import planner, platforms

LEFT_OUT = {"batch": "another batch", "network": "another network", "device": "another device"}
MODELS = {"paleo": "PALEO: PPP alone", "extended": "PPP and an overhead for each launch"}


def show(rows: pd.DataFrame) -> None:
    """The accuracy card, the fitted constants, and several GPUs."""
    st.subheader("How accurate is it?", divider="gray")
    card = cached_query(platforms.accuracy)
    origins = published(*rows["source"].unique()) + of_jobs("flops/layers")
    every = card[card["device"] == "all"].assign(
        unseen=lambda r: r["left_out"].map(LEFT_OUT), model=lambda r: r["by"].map(MODELS)
    )
    if every.empty:
        return
    median = every.set_index(["left_out", "by"])["median_percent"]
    better = ", ".join(
        f"{median[left_out, 'extended']:.0f} % instead of {median[left_out, 'paleo']:.0f} % for {said}"
        for left_out, said in LEFT_OUT.items()
        if (left_out, "paleo") in median
    )
    figure(
        charts.accuracy(tuple(MODELS.values())),
        title=f"With an overhead for each launch the median error is {better}",
        alt_text="Error of both models on measurements that their fits did not see",
        origins=origins,
        caption="Each published measurement on one GPU is predicted from constants fitted without it: without "
        "its batch, "
        "without its network, or from the medians of all other devices. Dot: median error; line: to the error that "
        "90 % stay within.",
        data=every,
        csv=card,
    )
    with st.expander("The constants of each platform"):
        fitted = cached_query(platforms.platforms)
        figure(
            fitted,
            title="PPP above 100 % means fewer operations or bytes than PALEO counts: Winograd's algorithm, "
            "fused layers, "
            "or lower precision than assumed",
            alt_text="Fitted constants of each platform",
            origins=origins,
            caption="A platform is a device with its framework, mode and precision; fp32 is assumed where a "
            "source does "
            "not state it.",
            columns={
                "ppp_percent": st.column_config.NumberColumn("PPP, PALEO (%)", format="%.0f"),
                "extended_ppp_percent": st.column_config.NumberColumn("PPP with overhead (%)", format="%.0f"),
                "overhead_us": st.column_config.NumberColumn("Overhead of a launch (µs)", format="%.0f"),
            },
        )
    _several(cached_query(planner.scaling))


def _several(rows: pd.DataFrame) -> None:
    if rows.empty:
        return
    eight = rows[rows["gpus"] == 8]
    with st.expander("Several GPUs"):
        figure(
            rows,
            title=f"Eight GPUs keep {eight['efficiency_percent'].min():.0f} to "
            f"{eight['efficiency_percent'].max():.0f} % "
            "of their single throughput",
            alt_text="Published throughput on several GPUs against one",
            origins=published(*rows["source"].unique()),
            caption="Training, the same batch on each GPU. Link: the bandwidth at which a ring all-reduce of fp32 "
            "gradients, with nothing hidden, would take the extra time; what the planner asks for. Published with "
            "noise: small differences give large links.",
            columns={
                name: st.column_config.NumberColumn(format="%.1f")
                for name in ("alone_ms", "measured_ms", "efficiency_percent", "link_gbps")
            },
        )
