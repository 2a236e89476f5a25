"""3.1: why peak is out of reach: the Platform Percent of Peak that published measurements imply, and the planner."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_jobs, of_runs, published
from pages.sections.flops import accuracy, charts, planner
from store.flops import platforms, times


def show() -> None:
    """The implied PPP beside the answer, the planner, how accurate it is, and rates by kind of layer."""
    rows = cached_query(platforms.implied_ppp)
    if rows.empty:
        card("3.1")
        missing("The table of implied PPP needs counted networks.", "python -m compute flops")
    else:
        card("3.1", lambda: _implied(rows))
        planner.show()
        accuracy.show(rows)
    _rates()


def _implied(rows: pd.DataFrame) -> None:
    one = rows[rows["gpus"] == 1]
    resnet = one[one["model"] == "resnet50"]
    low, high = resnet.loc[resnet["ppp_percent"].idxmin()], resnet.loc[resnet["ppp_percent"].idxmax()]
    figure(
        charts.implied_ppp(),
        title=f"ResNet-50's PPP is no constant: from {low['ppp_percent']:.0f} % ({low['gpu_type']}, {low['mode']}, "
        f"batch {low['batch']}) to {high['ppp_percent']:.0f} % ({high['gpu_type']}, {high['mode']}, batch "
        f"{high['batch']})",
        alt_text="Implied Platform Percent of Peak of ResNet-50 against the batch, by platform",
        origins=published(*resnet["source"].unique()) + of_jobs("flops/layers"),
        caption="PALEO's estimate at the published peaks of computing and memory ÷ the measured time of a batch, one "
        "GPU. Above 100 % the library does less than PALEO counts: fewer multiplications (Winograd's algorithm for "
        "3 × 3 filters), fused layers that move fewer bytes, or lower precision than assumed.",
        data=resnet,
        csv=rows,
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
