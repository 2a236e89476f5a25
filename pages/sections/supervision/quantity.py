"""2.3d: the student's accuracy against K, and what is behind it: correct labels by rank, and harder and more different images."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.supervision import charts
from pages.sections.supervision.seeds import over
from store.supervision import experiments, selection

STAGES = {experiments.STAGES[stage]: stage for stage in ("final", "pretrained")}
SERIES = {"selected": "P = {p:.0f}", "truth": "true labels, P = {p:.0f}", "self": "self-training, P = {p:.0f}"}


def show() -> None:
    """The answer, accuracy against K, correct labels against rank, and how hard and how different the images are."""
    card("2.3d")
    rows = cached_query(experiments.students)
    if (rows["kind"] == "selected").any():
        _students(rows)
    else:
        missing("No student has been taught yet.", "python -m compute teacher")
    _precision()
    _character()


def _students(rows: pd.DataFrame) -> None:
    said = st.segmented_control("Judged", list(STAGES), default="after fine-tuning", required=True, key="evaluated", bind="query-params")
    said = said if said in STAGES else "after fine-tuning"
    curves = rows[(rows["stage"] == STAGES[said]) & rows["kind"].isin(SERIES)]
    series = [SERIES[kind].format(p=p) for kind, p in zip(curves["kind"], curves["p"], strict=True)]
    alone, pool = rows[rows["kind"] == "labelled"], cached_query(selection.images_of_a_class)
    curve = cached_query(experiments.by_k).query("stage == @STAGES[@said]")
    first, best, last = curve.iloc[0], curve[curve["k"] == curve["best_k"]].iloc[0], curve.iloc[-1]
    marked = {int(row["k"]): f"{row['percent']:.1f} % at K = {row['k']:,.0f}" for row in (first, best, last)}
    figure(
        charts.students(),
        title=f"{said.capitalize()} the accuracy {experiments.shape(curve)} (P = {best['p']:.0f}): {', '.join(marked.values())}",
        alt_text="The student's test accuracy against K",
        origins=of_runs(cached_query(experiments.run_ids, "student", "teacher")),
        caption=f"Every student makes as many steps, the one on labelled data alone (dashed) too. {over(curves)} {_unseen(curves)}{_beyond(pool)}",
        data=pd.concat([curves.assign(series=series), pd.DataFrame({"level": alone["percent"], "series": "labelled data alone"}), charts.marked(pool)]),
        csv=rows,
    )


def _unseen(curves: pd.DataFrame) -> str:
    """What the settings for which there is no student would have been taught."""
    sets = cached_query(selection.by_k)
    there = set(curves.loc[curves["kind"] == "selected", ["k", "p"]].itertuples(index=False, name=None))
    left = sets[[place not in there for place in sets[["k", "p"]].itertuples(index=False, name=None)]]
    return f"Where a P has no point, its labels and those of the P that has one differ in {left['differ'].max():,.0f} at most. " if len(left) else ""


def _beyond(pool: float | None) -> str:
    """What the line at the images of a class means."""
    return f"Dotted: the {pool:,.0f} images that the pool has of a class; for a larger K wrong labels are certain." if pool else ""


def _precision() -> None:
    ranks, ends, pool = cached_query(selection.precision_by_rank), cached_query(selection.ends_of_ranking), cached_query(selection.images_of_a_class)
    if ends.empty:
        return
    first, last = ends.iloc[0], ends.iloc[-1]
    figure(
        charts.precision(),
        title=f"Labels at the top of the ranking are {first['precision_percent']:.0f} % correct, where the first class's ranking ends {last['precision_percent']:.0f} % (P = {first['p']:.0f})",
        alt_text="Share of correct labels against the rank within a class",
        origins=of_runs(cached_query(experiments.run_ids, "teacher")),
        caption=f"Means over the classes whose ranking is that long; towards the end those are the ones that the teacher predicts too often. {over(ranks, 'shaded')} {_beyond(pool)}",
        data=pd.concat([ranks.assign(series=[f"P = {p}" for p in ranks["p"]]), charts.marked(pool)]),
        csv=ranks,
    )


def _character() -> None:
    rows, ends = cached_query(selection.character), cached_query(selection.ends_of_ranking)
    if rows.empty or ends.empty:
        return
    mine = rows[rows["p"] == ends["p"].iloc[0]]
    least, most = mine.iloc[0], mine.iloc[-1]
    figure(
        rows,
        title=f"From K = {least['k']:,.0f} to {most['k']:,.0f} the loss of the selected images goes from {least['hardness']:.2f} to {most['hardness']:.2f} and their distance from their "
        f"class's mean from {least['spread']:.1f} to {most['spread']:.1f} (P = {least['p']:.0f})",
        alt_text="Hardness and spread of the selected images by K and P",
        origins=of_runs(cached_query(experiments.run_ids, "teacher")),
        caption="hardness: mean cross-entropy at the true label, by a network that had no part in the selection; own_hardness: by the teacher itself; spread: root mean square distance "
        "of the teacher's features from their class's mean, of correctly labelled images alone. Means over the seeds.",
        columns={c: st.column_config.NumberColumn(format="%.2f") for c in ("hardness", "own_hardness", "spread")},
    )
