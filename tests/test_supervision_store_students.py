"""The queries of Problem 2 on teachers and students, on planted runs."""

import pandas as pd
import pytest

from compute.core.supervision import StudentKind
from store.interval import QUANTILES
from store.supervision import students
from tests.planted_supervision import KS

HALF = QUANTILES[0] * 0.5  # half the 95 % interval of two values that differ by 1


def test_teachers_are_evaluated_on_the_images_that_they_label(planted_supervision):
    rows = students.teachers(planted_supervision).set_index("role")
    assert rows["model"].to_dict() == {"larger": "resnet20", "self": "resnet8"}
    assert rows.loc["larger", ["percent", "unlabelled_percent", "unlabelled_images"]].tolist() == [65.5, 63.5, 1000]


def test_students_gain_over_the_same_seeds_supervised_baseline(planted_supervision):
    rows = students.students(planted_supervision).set_index(["kind", "k", "p", "stage"])
    assert rows.loc[("selected", 8000, 1, "final"), ["percent", "gain"]].tolist() == [65, 65 - 58.5]
    assert rows.loc[("selected", 8000, 1, "final"), "gain_sd"] == pytest.approx(0.5**0.5)
    assert rows.loc[("oracle", 4000, 2, "final"), ["percent", "gain", "gain_sd"]].tolist() == [75.5, 17, 0]


def test_kinds_are_listed_in_the_order_of_the_vocabulary(planted_supervision):
    assert students.students(planted_supervision)["kind"].unique().tolist() == [str(kind) for kind in StudentKind]


def test_students_are_compared_where_there_is_every_kind(planted_supervision):
    rows = students.students_compared(planted_supervision)
    assert set(rows["kind"]) == set(StudentKind)
    assert set(rows.loc[rows["kind"] != "supervised", "k"]) == {4000} and set(rows["p"].dropna()) == {2}


@pytest.fixture
def curve(planted_supervision):
    return students.student_curve(planted_supervision).query("stage == 'final'").set_index("k")


def test_the_curve_is_that_of_the_p_with_every_k(curve):
    assert curve.index.tolist() == list(KS) and (curve["p"] == 2).all() and (curve["seeds"] == 2).all()
    assert curve["percent"].tolist() == [63, 64, 67, 66, 64]


def test_gaps_to_the_best_k_are_taken_within_a_seed(curve):
    assert (curve["best_k"] == 4000).all()
    assert curve["gap_to_best"].tolist() == [4, 3, 0, 1, 3] and (curve["gap_to_best_half"] == 0).all()
    assert (curve["oracle_gap_to_best"] == 0).all(), "oracles do as well at every K"


def test_the_label_noise_gap_is_what_the_oracle_is_ahead_by(curve):
    assert curve.loc[4000, ["oracle", "label_noise_gap"]].tolist() == [75.5, 75.5 - 67]
    assert curve.loc[4000, "label_noise_gap_half"] == pytest.approx(HALF)


def test_fine_tuning_repairs_what_it_adds_beyond_that_of_oracles(planted_supervision):
    rows = students.finetuning_gains(planted_supervision).set_index("k")
    assert rows.index.tolist() == list(KS) and (rows["p"] == 2).all() and (rows["seeds"] == 2).all()
    assert rows.loc[4000, ["gain", "oracle_gain", "repaired"]].tolist() == [4, 5.5, -1.5]
    assert rows.loc[4000, "repaired_half"] == pytest.approx(HALF)


def test_steps_are_counted_with_and_without_fine_tuning(planted_supervision):
    (row,) = students.student_steps(planted_supervision).itertuples()
    assert (row.steps, row.pretraining_steps) == (14, 10)


def test_sets_without_a_student_are_compared_with_the_middle_p(planted_supervision):
    # K = 500 has a student for P = 2 only; its one image of each class is the same with every P
    assert students.untrained_difference(planted_supervision) == 0


@pytest.mark.parametrize(
    ("gaps", "shape"),
    [
        ([3, 0, 3], "rises and falls"),
        ([3, 3, 0], "rises to the end"),
        ([0, 3, 3], "falls from the start"),
        ([3, 0, 1], "rises"),
        ([1, 0, 3], "falls"),
        ([1, 0, 1], "unresolved"),
        ([1, 3, 0], "rises to the end"),
    ],
)
def test_a_rise_or_fall_is_named_where_the_seeds_resolve_it(gaps, shape):
    best = gaps.index(0)
    halves = [0 if n == best else 2 for n in range(3)]
    curve = pd.DataFrame({"k": [1, 2, 3], "best_k": best + 1, "gap_to_best": gaps, "gap_to_best_half": halves})
    assert students.curve_shape(curve) == shape
    assert shape in students.CURVE_SHAPES


def test_a_single_seed_resolves_nothing():
    nan = float("nan")
    curve = pd.DataFrame({"k": [1, 2], "best_k": 2, "gap_to_best": [9, 0], "gap_to_best_half": [nan, nan]})
    assert students.curve_shape(curve) == "unresolved"
