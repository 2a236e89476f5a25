"""2.3d: the student's accuracy against K, and its causes: wrong labels, and harder and more different images."""

import pandas as pd
import streamlit as st

from compute.core.supervision import StudentKind
from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.supervision import charts
from pages.sections.supervision.captions import over_seeds, pool_line
from pages.sections.supervision.labels import SERIES, SHAPES, STAGES
from store.supervision import evaluated, ranking, selection, students

EVALUATIONS = {STAGES[stage]: stage for stage in ("final", "pretrained")}


def show() -> None:
    """The answer, accuracy against K, correct labels against rank, and how hard and how different the images are."""
    rows = cached_query(students.students)
    if (rows["kind"] == StudentKind.SELECTED).any():
        card("2.3d", lambda: _accuracy(rows))
    else:
        card("2.3d")
        missing("No student has been trained on a selection yet.", "python -m compute teacher")
    _precision()
    _hardness()


def _accuracy(rows: pd.DataFrame) -> None:
    """Students' accuracy against K, one line a P, with dashed lines for the supervised baseline."""
    evaluation = st.segmented_control(
        "Evaluated", list(EVALUATIONS), default=STAGES["final"], required=True, key="evaluated", bind="query-params"
    )
    stage = EVALUATIONS.get(evaluation, "final")
    curves, baseline = rows[(rows["stage"] == stage) & rows["k"].notna()], rows[rows["kind"] == StudentKind.SUPERVISED]
    series = [SERIES[kind].format(p=p) for kind, p in zip(curves["kind"], curves["p"], strict=True)]
    level = pd.DataFrame({"level": baseline["percent"], "series": SERIES[StudentKind.SUPERVISED]})
    pool = cached_query(selection.images_per_class)
    curve = cached_query(students.student_curve)
    curve = curve[curve["stage"] == stage]
    first, best, last = curve.iloc[0], curve[curve["k"] == curve["best_k"]].iloc[0], curve.iloc[-1]
    named = {int(row["k"]): f"{row['percent']:.1f} % at K = {row['k']:,.0f}" for row in (first, best, last)}
    difference = cached_query(students.untrained_difference)
    untrained = (
        f"Where a P has no point, its labels and those of the P that has one differ in {difference:,.0f} at most. "
        if difference is not None
        else ""
    )
    figure(
        charts.students(),
        title=f"{STAGES[stage].capitalize()} the accuracy {SHAPES[students.curve_shape(curve)]} "
        f"(P = {best['p']:.0f}): {', '.join(named.values())}",
        alt_text="The student's test accuracy against K",
        origins=of_runs(cached_query(evaluated.run_ids, "student", "teacher")),
        caption="Every student makes as many steps, the supervised baseline (dashed) too. "
        f"{over_seeds(curves)} {untrained}{pool_line(pool)}",
        data=pd.concat([curves.assign(series=series), level, charts.marked(pool)]),
        csv=rows,
    )


def _precision() -> None:
    """Correct labels against the rank within a class."""
    ranks, ends = cached_query(ranking.precision_by_rank), cached_query(ranking.ends_of_ranking)
    if ends.empty:
        return
    first, last = ends.iloc[0], ends.iloc[-1]
    pool = cached_query(selection.images_per_class)
    figure(
        charts.precision(),
        title=f"Labels at the top of the ranking are {first['precision_percent']:.0f} % correct, where the first "
        f"class's ranking ends {last['precision_percent']:.0f} % (P = {first['p']:.0f})",
        alt_text="Share of correct labels against the rank within a class",
        origins=of_runs(cached_query(evaluated.run_ids, "teacher")),
        caption="Means over the classes whose ranking is that long; towards the end those are the ones that the "
        f"teacher predicts too often. {over_seeds(ranks, 'shaded')} {pool_line(pool)}",
        data=pd.concat([ranks.assign(series=[f"P = {p}" for p in ranks["p"]]), charts.marked(pool)]),
        csv=ranks,
    )


def _hardness() -> None:
    """How hard and how different the images of the first K are."""
    rows, ends = cached_query(ranking.hardness_and_spread), cached_query(ranking.ends_of_ranking)
    if rows.empty or ends.empty:
        return
    middle_p = rows[rows["p"] == ends["p"].iloc[0]]
    least, most = middle_p.iloc[0], middle_p.iloc[-1]
    figure(
        rows,
        title=f"From K = {least['k']:,.0f} to {most['k']:,.0f} the loss of the selected images goes from "
        f"{least['hardness']:.2f} to {most['hardness']:.2f} and their distance from their class's mean from "
        f"{least['feature_spread']:.1f} to {most['feature_spread']:.1f} (P = {least['p']:.0f})",
        alt_text="Hardness and spread of the selected images by K and P",
        origins=of_runs(cached_query(evaluated.run_ids, "teacher")),
        caption="hardness: mean cross-entropy at the true label, by a network that had no part in the selection; "
        "own_hardness: by the teacher itself; feature_spread: root mean square distance of the teacher's features "
        "from their class's mean, of correctly labelled images only. Means over the seeds.",
        columns={
            column: st.column_config.NumberColumn(format="%.2f")
            for column in ("hardness", "own_hardness", "feature_spread")
        },
    )
