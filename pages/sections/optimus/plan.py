"""4.3: hours to an accuracy against workers and servers."""

import pandas as pd
import streamlit as st

from compute.core.plans import THROUGHPUT_SOURCE
from compute.core.speed import MODES
from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs, published
from pages.sections.optimus import charts, costs, outdated, planner
from pages.sections.optimus.labels import HELD_OUT, counted
from store import catalogue
from store.optimus import epochs, plans, trainings

PAPER = "the paper's cluster"
M_SLIDER = (8, 512)  # images of a step

WHY = {
    "synchronous": "More workers share the images of a step (M/w), but load each server with more exchanges (w/p): the "
    "minimum is where the two balance, and more servers move it to more workers.",
    "asynchronous": "Each worker makes steps of its own and waits for nobody, so that more workers always help, if "
    "stale gradients cost no epochs. The paper does not state how many images such a step has; with M of them, one "
    "worker comes out faster than by the synchronous model, so compare the shapes of the two, not their levels.",
}
ON_PAPER = f"by the paper's coefficients for ImageNet's {HELD_OUT} on its own cluster. "


def show() -> None:
    """The answer beside hours against workers, cost against hours on the GPU types, and a planner for any training."""
    models = cached_query(plans.speed_models)
    predicted = cached_query(epochs.depth_epochs).dropna(subset=["predicted"])
    if models.empty or predicted.empty:
        card("4.3")
        if models.empty:
            missing(f"There is no plan yet; it needs the prediction of {HELD_OUT}.", "python -m compute plan")
        else:
            missing("No accuracy is predicted to be reached.", "python -m compute train --scale paper")
    else:
        target = cached_query(epochs.common_target_percent) or int(predicted["target_percent"].max())
        asked = (MODES[0], target, int(models.set_index("name")["m_batch"]["synchronous"]))
        card("4.3", lambda: _figure(*asked))
        outdated.notice()
        _explorer(models, predicted, asked)
    planner.show()


def _explorer(models: pd.DataFrame, predicted: pd.DataFrame, asked: tuple[str, int, int]) -> None:
    """Hours and costs by choice; `asked` is the model, the target and M of the figure that the question asks for."""
    st.subheader("Another accuracy, batch or cluster", divider="gray")
    left, right = st.columns(2)
    least, top = int(predicted["target_percent"].min()), int(predicted["target_percent"].max())
    target = left.slider(
        "Test accuracy to reach (%)", least, max(top, least + 1), asked[1], key="plan_target", bind="query-params"
    )
    batch = right.slider(
        "Images of a step over all workers (M)",
        *M_SLIDER,
        asked[2],
        key="m",
        bind="query-params",
        help="Of the paper's cluster. The paper does not state the batch size of its coefficients; its own Fig. 9 "
        f"implies about {cached_query(catalogue.fact, 'optimus_m_implied')}. A GPU type has the batch of its published "
        "throughputs.",
    )
    _hours(models, target, batch, asked)
    costs.show(target)
    st.page_link(
        "pages/scheduler.py", label="Many jobs share a cluster: the scheduler", icon=":material/arrow_forward:"
    )


def _hours(models: pd.DataFrame, target: int, batch: int, asked: tuple) -> None:
    """The figure for a chosen place and mode, unless it is the one that was `asked` for."""
    left, right = st.columns(2)
    gpus = [name for name in models["name"] if name not in MODES]
    place = left.segmented_control(
        "Hours on", [PAPER, *gpus], default=PAPER, required=True, key="cluster", bind="query-params"
    )
    on_gpu = place in gpus
    mode = right.segmented_control(
        "Training", list(MODES), default=MODES[0], required=True, key="mode", bind="query-params", disabled=on_gpu
    )
    name = place if on_gpu else mode if mode in MODES else MODES[0]
    if (name, target, batch) == asked:
        st.caption("The figure above shows this; choose another place, accuracy or batch.")
    else:
        _figure(name, target, batch)


def _figure(name: str, target: int, batch: float) -> None:
    """Hours against workers by a speed model; `batch` is M on the paper's cluster."""
    on_gpu, rows = name not in MODES, cached_query(plans.hours, name, target, batch)
    if rows.empty:
        missing(f"{target} % is not predicted to be reached.", "python -m compute train --scale paper")
        return
    best = "; ".join(
        f"{row.servers} servers are fastest with {counted(row.workers, 'worker')} ({_time(row.hours)})"
        for row in rows[rows["fastest"]].itertuples()
    )
    first = rows.iloc[0]
    modelled = (
        f"modelled: computing from published training throughputs on a {name}, in proportion to the images, which is "
        "the best that can be hoped for as shares get small, exchange from the paper's coefficients in proportion to "
        "the network's size. "
    )
    never = pd.isna(first["epochs_high"])
    figure(
        charts.hours(),
        title=f"{f'Workers with one {name}' if on_gpu else f'{name.capitalize()} training'} to {target} %: {best}",
        alt_text=f"{name.capitalize()}, {target} %, M {batch:.0f}: hours against workers for two and four servers",
        origins=of_runs(cached_query(trainings.source_runs, "plan"))
        + published("Peng 2018, Table 2", *([THROUGHPUT_SOURCE] if on_gpu else [])),
        caption=f"{first['epochs']:.0f} epochs ({first['epochs_low']:.0f} to "
        f"{'never' if never else format(first['epochs_high'], '.0f')}) of {first['images_of_an_epoch']:,.0f} images at "
        f"{first['batch']:.0f} images a step, {modelled if on_gpu else ON_PAPER}{WHY[MODES[0] if on_gpu else name]} "
        f"Bands: what the range of the epochs makes of the hours{'; they have no upper end' if never else ''}.",
        data=rows.assign(end=rows["hours_high"].fillna(rows["hours"])),
    )


def _time(hours: float) -> str:
    return f"{hours:.1f} h" if hours >= 1 else f"{60 * hours:.1f} min"
