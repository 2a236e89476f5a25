"""2.3a: why a teacher and a student, with what each stage is worth in the report's own experiment."""

import pandas as pd
import streamlit as st

from compute.core.supervision import StudentKind
from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.supervision.labels import STAGES, STUDENTS
from store.supervision import evaluated, students


def show() -> None:
    """The answer, the students beside what they are compared with, and the teachers."""
    teachers = cached_query(students.teachers)
    if teachers.empty:
        card("2.3a")
        missing("No teacher has been trained yet.", "python -m compute teacher")
        return
    larger = teachers[teachers["role"] == "larger"].iloc[0]
    compared = cached_query(students.students_compared)
    card("2.3a", (lambda: _students(compared, larger)) if len(compared) else None)
    figure(
        teachers[["model", "role", "seeds", "percent", "sd", "unlabelled_percent", "unlabelled_images"]],
        title=(
            f"The teacher labels {larger['unlabelled_percent']:.1f} % of the "
            f"{larger['unlabelled_images']:,.0f} images without labels correctly, before any selection"
        ),
        alt_text="Accuracy of the teachers",
        origins=of_runs(cached_query(evaluated.run_ids, "teacher")),
        caption=(
            "percent: test images right, sd: its standard deviation over the seeds; unlabelled_percent: images "
            "without labels whose best score is for the right class. The larger network teaches; the other one is "
            "the student's own, for self-training and as the supervised baseline, and makes as many steps as a student."
        ),
        columns={c: st.column_config.NumberColumn(format="%.1f") for c in ("percent", "sd", "unlabelled_percent")},
    )


def _students(compared: pd.DataFrame, teacher: pd.Series) -> None:
    """Every kind of student at the K and P at which all of them were trained."""
    setting = compared[compared["kind"] == StudentKind.SELF].iloc[0]
    selected = compared[(compared["stage"] == "final") & (compared["kind"] == StudentKind.SELECTED)]
    title = "Students by what they were trained on"
    if len(selected):
        title = (
            f"The student gets {selected['percent'].iloc[0]:.1f} % right, {selected['gain'].iloc[0]:+.1f} points"
            f" against the supervised baseline; its teacher {teacher['percent']:.1f} %"
        )
    table = compared.assign(trained_on=compared["kind"].map(STUDENTS), stage=compared["stage"].map(STAGES))
    precisions = " and ".join(cached_query(evaluated.precisions, "student", "teacher"))
    figure(
        table[["trained_on", "stage", "percent", "sd", "gain", "gain_sd", "seeds"]],
        title=title,
        alt_text="Test accuracy of students by what they were trained on",
        origins=of_runs(cached_query(evaluated.run_ids, "student", "teacher")),
        caption=(
            f"K = {setting['k']:.0f} images a class, P = {setting['p']:.0f}; every student makes as many steps, "
            "the supervised baseline too. percent: mean test accuracy over the seeds, gain: points against the "
            "same seed's supervised baseline; sd, gain_sd: standard deviations over the seeds, each of which "
            f"draws its own labelled images. Convolutions and matrix products in {precisions}."
        ),
        columns={c: st.column_config.NumberColumn(format="%.1f") for c in ("percent", "sd", "gain", "gain_sd")},
    )
