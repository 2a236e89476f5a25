"""2.3d: the student's accuracy against K, and the precision by rank behind it."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import ask, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.supervision import charts
from store.supervision import experiments, selection

STAGES = {"after fine-tuning": "final", "before fine-tuning": "pretrained"}
SERIES = {"selected": "P = {p:.0f}", "truth": "true labels, P = {p:.0f}", "self": "self-training, P = {p:.0f}"}


def show() -> None:
    """The answer, accuracy against K, and correct labels against rank."""
    card("2.3d")
    rows = ask(experiments.students)
    if rows.empty:
        missing("No student has been taught yet.", "python -m compute teacher")
        return
    said = st.segmented_control("Judged", list(STAGES), default="after fine-tuning", required=True, key="judged", bind="query-params")
    said = said if said in STAGES else "after fine-tuning"
    stage = STAGES[said]
    mine = rows[rows["stage"] == stage]
    curves = mine[mine["kind"].isin(SERIES)]
    series = [SERIES[kind].format(p=p) for kind, p in zip(curves["kind"], curves["p"], strict=True)]
    alone = rows[rows["kind"] == "labelled"]
    taught = curves[curves["kind"] == "selected"]
    if taught.empty:
        missing("No student of a selection has been trained yet.", "python -m compute teacher")
        return
    best = taught.nlargest(1, "percent").iloc[0]
    ends = taught[taught["p"] == best["p"]].sort_values("k")
    figure(
        charts.students(),
        title=f"{said.capitalize()}: highest at K = {best['k']:,.0f} with P = {best['p']:.0f} ({best['percent']:.1f} %); "
        f"{ends['percent'].iloc[0]:.1f} % at K = {ends['k'].iloc[0]:,.0f}, {ends['percent'].iloc[-1]:.1f} % at K = {ends['k'].iloc[-1]:,.0f}",
        alt_text="The student's test accuracy against K",
        origins=of_runs(ask(experiments.run_ids, "student")),
        caption=f"Every student makes as many steps, the one on labelled data alone (dashed) too. Means over {rows['seeds'].min()} seeds or more, bars from the least to the most. "
        "Where a P has no point, its selection is that of the P that has one. The highest of so many settings flatters a little, as it was found on the test images.",
        data=pd.concat([curves.assign(series=series), pd.DataFrame({"level": alone["percent"], "series": "labelled data alone"})]),
        csv=rows,
    )
    ranks = ask(selection.precision_by_rank)
    if ranks.empty:
        return
    first, last = (ranks[ranks["p"] == ranks["p"].min()]["precision_percent"].iloc[i] for i in (0, -1))
    figure(
        charts.precision(),
        title=f"Labels at the top of the ranking are {first:.0f} % correct, at its end {last:.0f} % (P = {ranks['p'].min()})",
        alt_text="Share of correct labels against the rank within a class",
        origins=of_runs(ask(experiments.run_ids, "teacher")),
        caption="Means over seeds and over the classes whose ranking is that long; towards the end those are the ones that the teacher predicts too often.",
        data=ranks.assign(series=[f"P = {p}" for p in ranks["p"]]),
        csv=ranks,
    )
    character = ask(selection.character)
    if character.empty:
        return
    least, most = character.iloc[0], character[character["p"] == character["p"].iloc[0]].iloc[-1]
    figure(
        character,
        title=f"From K = {least['k']:,.0f} to {most['k']:,.0f} the images get harder (loss {least['hardness']:.2f} to {most['hardness']:.2f}) and their features spread "
        f"from {least['spread']:.1f} to {most['spread']:.1f}",
        alt_text="Hardness and spread of the selected images by K and P",
        origins=of_runs(ask(experiments.run_ids, "teacher")),
        caption="hardness: mean cross-entropy at the true label, by a network that had no part in the selection; own_hardness: by the teacher itself; spread: root mean square distance "
        "of the teacher's features from their class's mean. Means over the seeds.",
        columns={c: st.column_config.NumberColumn(format="%.2f") for c in ("hardness", "own_hardness", "spread")},
    )
