"""2.3a: why a teacher and a student, with what each stage is worth in our own experiment."""

import streamlit as st

from pages.parts.answer import card
from pages.parts.data import ask, missing
from pages.parts.figure import figure
from pages.parts.origin import of_jobs
from store.supervision import experiments

KINDS = {
    "labelled": "student on labelled data alone",
    "self": "student, teacher of its own kind",
    "selected": "student on the teacher's selection",
    "truth": "student on the same images with true labels",
}


def show() -> None:
    """The answer, and the teacher, the student and what it is compared with in one table."""
    card("2.3a")
    rows, teachers = ask(experiments.students), ask(experiments.teachers)
    if rows.empty or teachers.empty:
        missing("No student has been taught yet.", "python -m compute teacher")
        return
    # the K and P at which every kind was trained
    k, p = rows[rows["kind"] == "self"][["k", "p"]].iloc[0]
    same = rows[(rows["kind"] == "labelled") | ((rows["k"] == k) & (rows["p"] == p))]
    final = same[same["stage"] == "final"].set_index("kind")
    teacher = teachers[teachers["main"]].iloc[0]
    figure(
        same.assign(network=same["kind"].map(KINDS), stage=same["stage"].map(experiments.STAGES))[
            ["network", "stage", "percent", "spread", "gain", "seeds"]
        ],
        title=f"The student gets {final.loc['selected', 'percent']:.1f} % right, {final.loc['selected', 'gain']:+.1f} points against labelled data alone; its teacher {teacher['percent']:.1f} %",
        alt_text="Test accuracy of students by what they were trained on",
        origins=of_jobs("supervision/student", "supervision/teacher"),
        caption=f"K = {k:.0f} images a class, P = {p:.0f}; every student sees as many images. percent: mean test accuracy over the seeds, spread: their standard deviation, gain: "
        "points against the student on labelled data alone.",
        columns={c: st.column_config.NumberColumn(format="%.1f") for c in ("percent", "spread", "gain")},
    )
    figure(
        teachers.drop(columns=["main", "depth"]),
        title=f"The teacher labels {teacher['unlabelled_percent']:.1f} % of the {teacher['unlabelled']:,.0f} images without labels correctly, before any selection",
        alt_text="Accuracy of the teachers",
        origins=of_jobs("supervision/teacher"),
        caption="The deeper network teaches; the other one is of the student's kind, for self-training.",
        columns={c: st.column_config.NumberColumn(format="%.1f") for c in ("percent", "spread", "unlabelled_percent")},
    )
