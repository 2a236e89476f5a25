"""4.3: hours to an accuracy against workers and servers, and what a plan costs on each GPU type."""

import numpy as np
import pandas as pd
import streamlit as st

from compute.core.speed import AsynchronousSpeed, SynchronousSpeed
from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs, published
from pages.sections.optimus import charts
from store import catalogue
from store.optimus import losses, predictions

WORKERS = np.arange(1, 41)
PAPER, MODES = "the paper's cluster", ("synchronous", "asynchronous")

WHY = {
    "synchronous": "More workers share the images of a step (M/w), but load each server with more exchanges (w/p): the minimum is where the two balance, and more servers "
    "move it to more workers.",
    "asynchronous": "Each worker makes steps of its own and waits for nobody, so that more workers always help, if stale gradients cost no epochs. The paper does not say how "
    "many images such a step has; with M of them, one worker comes out faster than by the synchronous model, so compare the shapes of the two, not their levels.",
}


def show() -> None:
    """The answer, hours against workers on the paper's cluster, and cost against hours on the GPU types."""
    card("4.3")
    models, epochs = cached_query(predictions.plan_inputs), cached_query(predictions.epochs_to_target)
    if models.empty:
        missing("There is no plan yet; it needs the prediction of ResNet-50.", "python -m compute plan")
        return
    top = int(epochs.dropna(subset=["predicted"])["target_percent"].max())
    left, right = st.columns(2)
    target = left.slider("Test accuracy to reach (%)", int(epochs["target_percent"].min()), top, cached_query(predictions.common_target) or top, key="plan_target", bind="query-params")
    batch = right.slider("Images of a step over all workers (M)", 8, 512, int(models.set_index("name")["m_batch"]["synchronous"]), key="m", bind="query-params",
                         help=f"Of the paper's cluster. The paper does not state the batch size of its coefficients; its own Fig. 9 implies about {cached_query(catalogue.fact, 'optimus_m_implied')}. "
                         "A GPU type has the batch of its published throughputs.")  # fmt: skip
    wanted = epochs[epochs["target_percent"] == target].set_index("gpu_type")["predicted"].dropna()
    if wanted.empty:
        missing(f"{target} % is not predicted to be reached.", "python -m compute train --scale paper")
        return
    images = float(models["images_of_an_epoch"].iloc[0])
    _hours(models, wanted, images, batch, target)
    _costs(models, wanted, images, target)


def _speed(row, batch: float) -> SynchronousSpeed | AsynchronousSpeed:
    theta = (row.theta0, row.theta1, row.theta2, row.theta3, row.theta4)
    return SynchronousSpeed(theta=theta, batch=batch) if row.mode == "synchronous" else AsynchronousSpeed(theta=theta[:4])


def _hours(models: pd.DataFrame, wanted: pd.Series, images: float, batch: int, target: int) -> None:
    left, right = st.columns(2)
    gpus = [name for name in models["name"] if name not in MODES]
    place = left.segmented_control("Hours on", [PAPER, *gpus], default=PAPER, required=True, key="cluster", bind="query-params")
    mode = right.segmented_control("Training", list(MODES), default=MODES[0], required=True, key="mode", bind="query-params", disabled=place in gpus)
    name = place if place in gpus else mode if mode in MODES else MODES[0]
    row = next(models[models["name"] == name].itertuples())
    epochs, batch = (wanted.get(name, wanted.mean()), row.m_batch) if name in gpus else (wanted.mean(), batch)
    speed, steps = _speed(row, batch), epochs * images / batch
    rows = pd.concat(
        pd.DataFrame({"servers": servers, "workers": WORKERS, "hours": steps / speed.steps_per_s(servers, WORKERS) / 3600}) for servers in (2, 4)
    )
    rows["best"] = rows["hours"] == rows.groupby("servers")["hours"].transform("min")
    best = rows[rows["best"]].itertuples()
    figure(
        charts.hours(),
        title=f"{'Workers with one ' + name if name in gpus else name.capitalize() + ' training'} to {target} %: "
        + "; ".join(f"{b.servers} servers are fastest with {b.workers} worker{'s' if b.workers > 1 else ''} ({_time(b.hours)})" for b in best),
        alt_text="Hours to the accuracy against the number of workers for two and four parameter servers",
        origins=of_runs(cached_query(losses.behind, "plan")) + published("Peng 2018, Table 2", *(["CIFAR course runs"] if name in gpus else [])),
        caption=f"{epochs:.1f} epochs of {images:,.0f} images at {batch:.0f} images a step, "
        + (
            f"modelled: computing from published training throughputs on a {name}, in proportion to the images, which is the best that can be hoped for as shares get small, "
            "exchange from the paper's coefficients in proportion to the network's size. "
            if name in gpus
            else "by the paper's coefficients for ImageNet's ResNet-50 on its own cluster. "
        )
        + WHY[row.mode],
        data=rows,
    )


def _time(hours: float) -> str:
    return f"{hours:.1f} h" if hours >= 1 else f"{60 * hours:.1f} min"


def _served(servers: int) -> str:
    return f"{servers} server{'s' if servers > 1 else ''}" if servers else "no server"


def _costs(models: pd.DataFrame, epochs: pd.Series, images: float, target: int) -> None:
    st.subheader("What a plan costs on each GPU type", divider="gray")
    prices = cached_query(predictions.prices)
    columns = st.columns(len(prices) + 1)
    hourly = {
        r.gpu_type: column.number_input(
            f"{r.gpu_type} (USD/h)", 0.0, 1000.0, float(r.usd_per_hour), 0.05, key=f"price_{r.gpu_type.lower()}", bind="query-params"
        )
        for column, r in zip(columns, prices.itertuples(), strict=False)
    }
    server = columns[-1].number_input(
        "Server (USD/h)", 0.0, 1000.0, 0.0, 0.05, key="price_server", bind="query-params", help="No price of a server is among our sources."
    )
    workers, servers = (grid.ravel() for grid in np.meshgrid(WORKERS, [1, 2, 4, 8]))
    plans = []
    for row in models[models["name"].isin(epochs.index)].itertuples():
        hours = epochs[row.name] * images / row.m_batch / _speed(row, row.m_batch).steps_per_s(servers, workers) / 3600
        usd = hours * (workers * hourly.get(row.name, 0.0) + servers * server)
        plans.append(pd.DataFrame({"gpu_type": row.name, "servers": servers, "workers": workers, "hours": hours, "usd": usd}))
        alone = epochs[row.name] * images * row.theta0 / 3600
        plans.append(pd.DataFrame({"gpu_type": [row.name], "servers": [0], "workers": [1], "hours": [alone], "usd": [alone * hourly.get(row.name, 0.0)]}))
    plans = pd.concat(plans).sort_values(["hours", "usd"])
    plans["front"] = plans["usd"] < plans["usd"].cummin().shift(fill_value=np.inf)
    count, (left, right) = plans["front"].sum(), st.columns(2)
    within = left.number_input("Cheapest within (hours)", 0.0, None, float(plans["hours"].median()), key="within_hours", bind="query-params")
    budget = right.number_input("Fastest within (USD)", 0.0, None, float(plans["usd"].median()), key="within_usd", bind="query-params")
    for place, chosen in ((left, plans[plans["hours"] <= within].nsmallest(1, "usd")), (right, plans[plans["usd"] <= budget].nsmallest(1, "hours"))):
        said = [
            f"**{p.gpu_type}** × {p.workers}, {_served(p.servers)}: {p.hours:.3g} h, {p.usd:.3g} USD"
            for p in chosen.itertuples()
        ]
        place.markdown(said[0] if said else "No plan fits.")
    figure(
        charts.costs(),
        title=f"{count} of {len(plans)} plans to {target} % {'is' if count == 1 else 'are'} on the front: nothing is both faster and cheaper",
        alt_text="Cost against hours of every plan with the Pareto front",
        origins=of_runs(cached_query(losses.behind, "plan")) + published("CIFAR course runs", "Peng 2018", "Paperspace prices"),
        caption="Line: the front. A GPU by itself needs no server. Modelled: computing from published training throughputs of CIFAR ResNets on one GPU, exchange of gradients from the paper's coefficients in proportion to the "
        f"network's size (its cluster had {cached_query(catalogue.fact, 'optimus_testbed_network_gbps')} Gbit/s Ethernet). The K80's throughput is uncertain: epochs that its source logged took about twice as long. Prices are one provider's list, and age.",
        data=plans,
    )
