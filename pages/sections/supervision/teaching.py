"""2.3a: why a teacher and a student, with what each stage is worth in our own experiment."""

import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
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
    rows, teachers = cached_query(experiments.students), cached_query(experiments.teachers)
    if teachers.empty:
        missing("No student has been taught yet.", "python -m compute teacher")
        return
    teacher = teachers[teachers["main"]].iloc[0]
    own = rows[rows["kind"] == "self"]
    if len(own):
        _students(rows, own.iloc[0]["k"], own.iloc[0]["p"], teacher)
    figure(
        teachers.drop(columns=["main", "depth"]),
        title=f"The teacher labels {teacher['unlabelled_percent']:.1f} % of the {teacher['unlabelled']:,.0f} images without labels correctly, before any selection",
        alt_text="Accuracy of the teachers",
        origins=of_runs(cached_query(experiments.run_ids, "teacher")),
        caption="percent: test images right, spread: its standard deviation over the seeds; unlabelled_percent: images without labels whose best score is for the right class. "
        "The deeper network teaches; the other one is of the student's kind, for self-training, and makes as many steps as a student.",
        columns={c: st.column_config.NumberColumn(format="%.1f") for c in ("percent", "spread", "unlabelled_percent")},
    )


def _students(rows, k: float, p: float, teacher) -> None:
    """Every kind of student at the K and P at which all of them were trained."""
    same = rows[(rows["kind"] == "labelled") | ((rows["k"] == k) & (rows["p"] == p))]
    taught = same[(same["stage"] == "final") & (same["kind"] == "selected")]
    title = "Students by what they were trained on"
    if len(taught):
        title = (
            f"The student gets {taught['percent'].iloc[0]:.1f} % right, {taught['gain'].iloc[0]:+.1f} points against labelled data alone; its teacher {teacher['percent']:.1f} %"
        )
    figure(
        same.assign(network=same["kind"].map(KINDS), stage=same["stage"].map(experiments.STAGES))[
            ["network", "stage", "percent", "spread", "gain", "gain_spread", "seeds"]
        ],
        title=title,
        alt_text="Test accuracy of students by what they were trained on",
        origins=of_runs(cached_query(experiments.run_ids, "student", "teacher")),
        caption=f"K = {k:.0f} images a class, P = {p:.0f}; every student makes as many steps, the one on labelled data alone too. percent: mean test accuracy over the seeds, gain: points against the "
        "same seed's student on labelled data alone; spreads: standard deviations over the seeds, each of which draws its own labelled images. "
        f"Convolutions and matrix products in {cached_query(experiments.precisions, 'student', 'teacher')}.",
        columns={c: st.column_config.NumberColumn(format="%.1f") for c in ("percent", "spread", "gain", "gain_spread")},
    )
