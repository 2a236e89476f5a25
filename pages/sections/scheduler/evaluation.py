"""Section 6 of the paper in simulation: DRF and Tetris relative to Optimus, ours against the paper's ratios."""

import pandas as pd
import streamlit as st

from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs, published
from pages.sections.scheduler import charts
from store.optimus import schedules

LABELS = {
    "testbed": "testbed",
    "mode": "all {}",
    "arrivals": "{} arrivals",
    "allocation": "Optimus, their allocation",
    "placement": "Optimus, their placement",
}
MEASURES = {"mean completion time": "jct", "makespan": "makespan"}


def show() -> None:
    """The ratios beside the paper's, sensitivity to errors, and what had to be assumed."""
    st.header("Section 6 of the paper, simulated", divider="gray", anchor="evaluation")
    rows, summary = cached_query(schedules.ratios), cached_query(schedules.summary)
    if summary.empty:
        missing("The evaluation has not been simulated yet.", "python -m compute schedule")
        return
    about = summary.iloc[0]
    origins = of_runs([about["run_id"]])
    chosen = st.segmented_control(
        "Compare", list(MEASURES), default="mean completion time", required=True, key="measure", bind="query-params"
    )
    chosen = chosen if chosen in MEASURES else "mean completion time"
    measure = MEASURES[chosen]
    compared = rows.dropna(subset=["paper_jct"]).assign(
        label=lambda r: [LABELS[e].format(s) for e, s in zip(r["experiment"], r["setting"], strict=True)]
    )
    figure(
        charts.ratios(f"{chosen.capitalize()} ÷ Optimus'"),
        title=f"{about['same_order']} of {about['comparisons']} comparisons come out in the paper's order; most ratios "
        "are smaller than printed",
        alt_text="Ratios of DRF and Tetris to Optimus, simulated and as the paper prints them",
        origins=origins + published("Peng 2018, section 6"),
        caption=f"Above 1, Optimus is better. Means over {about['seeds']} simulations with 95 % intervals, "
        f"{about['jobs']} jobs on the paper's machines. The paper measured on its cluster, and publishes neither the "
        "number of jobs nor the speeds of eight of the nine networks, so that the order should reproduce and the "
        "ratios need not. Its makespans are further apart: the simulated ones end "
        "soon after the last arrival.",
        data=_long(compared, measure),
        csv=compared,
    )
    left, right = st.columns([2, 3])
    with left:
        _errors(origins)
    with right:
        _assumptions(origins)


def _long(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    names = ["label", "scheduler"]
    ours = rows[[*names, measure, f"{measure}_low", f"{measure}_high"]].set_axis(
        [*names, "ratio", "low", "high"], axis=1
    )
    paper = rows[[*names, f"paper_{measure}"]].set_axis([*names, "ratio"], axis=1)
    return pd.concat([ours.assign(source="simulated here"), paper.assign(source="paper")], ignore_index=True)


def _errors(origins: list) -> None:
    rows = cached_query(schedules.error_sensitivity)
    if rows.empty:
        return
    worst = rows.loc[rows["change_percent"].idxmax()]
    figure(
        charts.errors(),
        title=f"Estimates that are {worst['error_percent']:.0f} % wrong cost at most {worst['change_percent']:.1f} %",
        alt_text="Change of mean completion time with the error of the estimates",
        origins=origins,
        caption="Of epochs or of the speed's coefficients, relative to exact estimates. The errors shrink as a job "
        "goes on. A wrong estimate of a job's length moves few tasks, as all jobs' gains fall fast with each task.",
        data=rows,
    )


def _assumptions(origins: list) -> None:
    rows = cached_query(schedules.assumptions)
    tried = rows.dropna(subset=["DRF"])
    reversed_ = int((tried[["DRF", "Tetris"]] < 1).any(axis=1).sum())
    figure(
        rows.fillna({"instead": ""}),
        title=f"{reversed_} of {len(tried)} other assumptions turn an order around",
        alt_text="What is assumed, what instead, and the ratios that come of it",
        origins=origins,
        caption="DRF's and Tetris' mean completion time relative to Optimus', with the other assumption.",
        columns={
            "setting": "Assumption",
            "assumed": st.column_config.TextColumn("What is assumed", width="medium"),
            "instead": st.column_config.TextColumn("Instead", width="medium"),
            "DRF": st.column_config.NumberColumn("DRF", format="%.2f"),
            "Tetris": st.column_config.NumberColumn("Tetris", format="%.2f"),
        },
    )
