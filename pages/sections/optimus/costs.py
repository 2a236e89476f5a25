"""4.3: what a plan costs on each GPU type."""

import pandas as pd
import streamlit as st

from compute.core.plans import THROUGHPUT_SOURCE, least_within
from pages.parts.data import cached_query
from pages.parts.figure import figure
from pages.parts.origin import of_runs, published
from pages.sections.optimus import charts
from pages.sections.optimus.labels import counted, listed
from store import catalogue
from store.optimus import plans, trainings


def show(target: int) -> None:
    """Prices, the best plans within a limit, and the Pareto front, for a test accuracy in percent."""
    st.subheader("What a plan costs on each GPU type", divider="gray")
    listed_prices = cached_query(plans.prices)
    columns = st.columns(len(listed_prices) + 1)
    prices = tuple(
        (
            row.gpu_type,
            column.number_input(
                f"{row.gpu_type} (USD/h)",
                0.0,
                1000.0,
                float(row.usd_per_hour),
                0.05,
                key=f"price_{row.gpu_type.lower()}",
                bind="query-params",
            ),
        )
        for column, row in zip(columns, listed_prices.itertuples(), strict=False)
    )
    server = columns[-1].number_input(
        "Server (USD/h)",
        0.0,
        1000.0,
        0.0,
        0.05,
        key="price_server",
        bind="query-params",
        help="No price of a server is among our sources.",
    )
    rows = cached_query(plans.costs, target, prices, server)
    unplanned = cached_query(plans.unplanned_gpu_types)
    not_planned = f"Not planned: {listed(unplanned)}, no throughput by {THROUGHPUT_SOURCE}. " if unplanned else ""
    if rows.empty:
        st.info(f"There is no GPU type with a predicted {target} %, a throughput and a price. {not_planned}")
        return
    left, right = st.columns(2)
    hours, usd = (
        place.number_input(label, 0.0, None, float(rows[column].median()), key=key, bind="query-params")
        for place, label, column, key in (
            (left, "Cheapest within (hours)", "hours", "within_hours"),
            (right, "Fastest within (USD)", "usd", "within_usd"),
        )
    )
    left.markdown(_said(rows, least_within(rows["usd"], rows["hours"], hours)))
    right.markdown(_said(rows, least_within(rows["hours"], rows["usd"], usd)))
    count = int(rows["front"].sum())
    figure(
        charts.costs(),
        title=f"{count} of {len(rows)} plans to {target} % {'is' if count == 1 else 'are'} on the front: nothing is "
        "both faster and cheaper",
        alt_text="Cost against hours of every plan with the Pareto front",
        origins=of_runs(cached_query(trainings.source_runs, "plan"))
        + published(THROUGHPUT_SOURCE, "Peng 2018", "Paperspace prices"),
        caption="Line: the front. A GPU by itself needs no server. Modelled: computing from published training "
        "throughputs of CIFAR ResNets on one GPU, exchange of gradients from the paper's coefficients in proportion to "
        "the network's size (its cluster had "
        f"{cached_query(catalogue.fact, 'optimus_testbed_network_gbps')} Gbit/s Ethernet). {not_planned}The K80's "
        "throughput is uncertain: epochs that its source logged took about twice as long. Prices are one provider's "
        "list, and age.",
        data=rows,
    )


def _said(rows: pd.DataFrame, index: int | None) -> str:
    """A plan in words."""
    if index is None:
        return "No plan fits."
    plan = rows.iloc[index]
    to = "never" if pd.isna(plan["hours_high"]) else f"{plan['hours_high']:.3g} h, {plan['usd_high']:.3g} USD"
    return (
        f"**{plan['gpu_type']}** × {plan['workers']}, {counted(plan['servers'], 'server')}: "
        f"{plan['hours']:.3g} h, {plan['usd']:.3g} USD "
        f"(from {plan['hours_low']:.3g} h, {plan['usd_low']:.3g} USD to {to})"
    )
