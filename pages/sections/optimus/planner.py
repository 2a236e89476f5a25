"""4.3: a planner for any training: hours and costs from a reader's own numbers, or from measured speeds."""

import pandas as pd
import streamlit as st

from compute.core.plans import least_within
from compute.core.speed import AsynchronousSpeed, Network, SynchronousSpeed
from pages.parts.data import cached_query
from pages.parts.figure import escaped, figure
from pages.parts.origin import Origin
from pages.sections.optimus import charts, measured_speed
from pages.sections.optimus.labels import counted
from store.optimus import planner

BY_SIZE, BY_THETA, BY_POINTS = "size and link (Eq. 2)", "coefficients (θ)", "my measured speeds"
SHORT = dict(zip(planner.PRESETS, ("imagenet", "paper", "cifar"), strict=True))


def show() -> None:
    """The planner's controls, hours against workers, and the front of hours and costs."""
    st.subheader("Plan any training", divider="gray")
    left, right = st.columns(2)
    name = left.selectbox("Begin with", list(planner.PRESETS), key="preset", bind="query-params")
    ways = [BY_SIZE, BY_THETA, BY_POINTS]
    way = right.segmented_control(
        "Speed from", ways, default=BY_THETA if name == planner.PAPER else BY_SIZE, required=True,
        key=f"speed_{SHORT[name]}", bind="query-params",
    )  # fmt: skip
    first = cached_query(planner.preset, name).iloc[0]
    epochs, images, batch = (
        place.number_input(label, 1.0, 1e9, float(first[column]), key=f"{column}_{SHORT[name]}", bind="query-params")
        for place, label, column in zip(
            st.columns(3), ("Epochs", "Images of an epoch", "Images of a step (batch)"), ("epochs", "images", "batch"),
            strict=True,
        )
    )  # fmt: skip
    work = {"epochs": epochs, "images": images, "batch": batch}
    if way in (BY_THETA, BY_POINTS):
        rows, said = _by_model(name, work, fitted=way == BY_POINTS)
    else:
        rows, said = _by_size(name, first, work)
    if rows is None or rows.empty:
        st.info(
            "There is no plan yet: it needs at least one kind of worker, or measured points.", icon=":material/info:"
        )
        return
    _hours(rows, said)
    _front(rows, said)


def _by_size(name: str, first: pd.Series, work: dict) -> tuple[pd.DataFrame, str]:
    """The plans by network, link and a table of workers that a reader edits, and what they assume."""
    columns = st.columns([1, 1, 1, 2])
    size, link = (
        place.number_input(label, 0.001, 1e6, float(first[column]), key=f"{column}_{SHORT[name]}", bind="query-params")
        for place, label, column in (
            (columns[0], "Parameters (millions)", "parameters_millions"),
            (columns[1], "Link (Gbit/s)", "link_gbps"),
        )
    )
    server = columns[2].number_input("Server (USD/h)", 0.0, 1000.0, 0.0, 0.05, key="server_usd", bind="query-params")
    exchange = columns[3].segmented_control(
        "Exchange by", list(planner.EXCHANGES), default=planner.SERVERS, required=True, key="exchange",
        bind="query-params",
    )  # fmt: skip
    st.caption("Kinds of workers: change speeds and prices, or add a row. The table is not part of the link.")
    given = st.data_editor(
        cached_query(planner.workers, name if name != planner.PAPER else planner.IMAGENET),
        num_rows="dynamic", hide_index=True, key=f"workers_{SHORT[name]}",
        column_config={
            "worker": st.column_config.TextColumn("Worker"),
            "images_per_s": st.column_config.NumberColumn("Images/s of one", min_value=0.001, format="%.1f"),
            "usd_per_hour": st.column_config.NumberColumn("USD/h of one", min_value=0.0, format="%.2f"),
            "source": st.column_config.TextColumn("Source of the speed", disabled=True),
        },
    )  # fmt: skip
    kinds = tuple(
        (str(row.worker), float(row.images_per_s), float(row.usd_per_hour))
        for row in given.dropna(subset=["worker", "images_per_s", "usd_per_hour"]).itertuples()
    )
    rows = planner.planned(
        kinds, **work, network=Network(parameters_millions=size, link_gbps=link), server_usd_per_h=server,
        exchange=exchange if exchange in planner.EXCHANGES else planner.SERVERS,
    )  # fmt: skip
    moved = "a ring all-reduce" if exchange == planner.ALL_REDUCE else "parameter servers"
    return rows, (
        f"{size:g} million parameters of 4 bytes through {moved} on {link:g} Gbit/s; computing in proportion to a "
        "worker's images, and nothing for connections, which is the best that can be hoped for."
    )


def _by_model(name: str, work: dict, *, fitted: bool) -> tuple[pd.DataFrame | None, str]:
    """The plans by a speed model whose θ a reader types or has fitted to measured speeds."""
    usd, server = (
        place.number_input(label, 0.0, 1000.0, value, 0.05, key=key, bind="query-params")
        for place, label, value, key in zip(
            st.columns(2), ("Worker (USD/h)", "Server (USD/h)"), (1.0, 0.25), ("worker_usd", "server_usd_theta"),
            strict=True,
        )
    )  # fmt: skip
    model: SynchronousSpeed | AsynchronousSpeed | None
    if fitted:
        model, said = measured_speed.model(work["batch"]), "θ fitted to the measured speeds."
    else:
        known = cached_query(planner.known_coefficients).set_index("name")
        start = st.selectbox("Begin with the coefficients of", list(known.index), key="theta_of", bind="query-params")
        nth = list(known.index).index(start)
        theta = [
            place.number_input(
                f"θ{i}", 0.0, 1e6, float(known[f"theta{i}"].iloc[nth]), format="%.4g", key=f"theta{i}_{nth}",
                bind="query-params",
            )
            for i, place in enumerate(st.columns(5))
        ]  # fmt: skip
        if not any(theta):
            return None, ""
        model = SynchronousSpeed(theta=tuple(theta), batch=work["batch"])
        said = f"Eq. 4 with the coefficients above, to begin with: {start}."
        if known["measured"].iloc[nth]:
            said += " Measured by processes that share one machine's cores: contention, not a network."
    if model is None:
        return None, ""
    return planner.by_theta(model, **work, usd_per_h=usd, server_usd_per_h=server), said


def _hours(rows: pd.DataFrame, said: str) -> None:
    best = rows.iloc[0]
    figure(
        charts.planned(),
        title=f"At best {best['hours']:.3g} h ({best['epoch_hours']:.3g} h an epoch): {_named(best)}",
        alt_text="Hours of the planned training against workers",
        origins=[Origin("modelled")],
        caption=f"{said} The chart shows hours in all, the pointer those of an epoch as well.",
        data=rows,
    )


def _front(rows: pd.DataFrame, said: str) -> None:
    front = rows[rows["front"]]
    cheapest, fastest = front.iloc[-1], front.iloc[0]
    left, right = st.columns(2)
    deadline = left.number_input(
        "Deadline: cheapest within (hours)", 0.0, None,
        float(f"{0.2 * fastest['hours'] + 0.8 * cheapest['hours']:.3g}"),
        key="deadline", bind="query-params",
    )  # fmt: skip
    budget = right.number_input(
        "Budget: fastest within (USD)", 0.0, None, float(f"{0.8 * fastest['usd'] + 0.2 * cheapest['usd']:.4g}"),
        key="budget", bind="query-params",
    )  # fmt: skip
    left.markdown(_said(rows, least_within(rows["usd"], rows["hours"], deadline)))
    right.markdown(_said(rows, least_within(rows["hours"], rows["usd"], budget)))
    figure(
        charts.front(),
        title=f"{len(front)} of {len(rows)} plans {'is' if len(front) == 1 else 'are'} on the front, from "
        f"{fastest['hours']:.3g} h for {fastest['usd']:,.0f} USD to {cheapest['hours']:.3g} h for "
        f"{cheapest['usd']:,.0f} USD",
        alt_text="Cost against hours of every plan of any training",
        origins=[Origin("modelled")],
        caption=f"Line: the front, on which nothing is both faster and cheaper. {said}",
        data=rows,
    )


def _named(plan: pd.Series) -> str:
    return f"{plan['workers']} × {escaped(plan['worker'])}, {counted(plan['servers'], 'server')}"


def _said(rows: pd.DataFrame, index: int | None) -> str:
    """A plan in words."""
    if index is None:
        return "No plan fits."
    plan = rows.iloc[index]
    return f"**{_named(plan)}**: {plan['hours']:.3g} h ({plan['epoch_hours']:.3g} h an epoch), {plan['usd']:,.2f} USD"
