"""Problem 2's queries on planted runs."""

import pandas as pd
import pytest

from store.build import build
from store.layout import Layout
from store.reader import open_reader
from store.supervision import pictures, pretraining, ranking, selection, students
from tests.planted_supervision import KS, RANKS, plant_supervision


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    layout = Layout.at(tmp_path_factory.mktemp("supervision"))
    plant_supervision(layout.runs)
    assert build(layout).left_out == ()
    return open_reader(layout)


def test_noise_costs_less_after_the_transfer(reader):
    rows = pretraining.label_noise(reader).set_index(["stage", "noise_percent"])
    assert rows.loc[("direct", 50), "lost"] == pytest.approx(20) and rows.loc[("linear", 50), "lost"] == pytest.approx(6)
    assert rows.loc[("linear", 0), "percent"] == pytest.approx(60.5) and rows.loc[("linear", 0), "seeds"] == 2
    assert rows.loc[("linear", 0), "sd"] == pytest.approx(0.5**0.5)
    assert rows.loc[("linear", 50), "lost_sd"] == pytest.approx(0), "both seeds lose the same, whatever they start from"
    assert rows.loc[("untrained", 50), "percent"] == pytest.approx(20)


def test_parts_go_by_the_size_of_a_class(reader):
    rows = pretraining.resampling(reader).set_index(["stage", "part", "sampling"])["percent"]
    assert rows["linear", "head", "natural"] == pytest.approx(80) and rows["linear", "tail", "natural"] == pytest.approx(30)
    assert rows["linear", "all", "uniform"] == pytest.approx(0.3 * 70 + 0.7 * 55)
    change = pretraining.resampling(reader).set_index(["stage", "part", "sampling"])
    assert change.loc[("linear", "tail", "uniform"), "change"] == pytest.approx(25) and change.loc[("linear", "tail", "natural"), "change"] == 0
    images = pretraining.resampling(reader).set_index(["stage", "part", "sampling"])["images"]
    assert images["linear", "head", "sqrt"] == pytest.approx((1000 + 500 + 333) / 3) and images["linear", "tail", "sqrt"] < images["linear", "middle", "sqrt"]


def test_teachers_are_judged_on_what_they_label(reader):
    rows = students.teachers(reader).set_index("model")
    assert rows.loc["resnet20", "percent"] == pytest.approx(65) and rows.loc["resnet20", "unlabelled_percent"] == pytest.approx(63)
    assert rows["role"].to_dict() == {"resnet20": "larger", "resnet8": "self"}


def test_students_gain_over_labelled_data_alone(reader):
    rows = students.students(reader).set_index(["kind", "k", "p", "stage"])
    assert rows.loc[("selected", 8000, 1, "final"), "percent"] == pytest.approx(71)
    assert rows.loc[("selected", 8000, 1, "final"), "gain"] == pytest.approx(71 - 58.5)
    assert rows.loc[("oracle", 4000, 2, "final"), "gain"] == pytest.approx(75 - 58.5)


def test_the_best_k_is_compared_seed_by_seed(reader):
    rows = students.student_curve(reader).query("stage == 'final'").set_index("k")
    assert (rows["p"] == 2).all() and (rows["best_k"] == 8000).all(), "P = 2 was tried with every K"
    assert rows["gap_to_best"].tolist() == pytest.approx([7, 6, 4, 2, 0])
    assert (rows["gap_to_best_half"] == 0).all() and (rows["seeds"] == 2).all()
    assert rows.loc[4000, "oracle"] == pytest.approx(75) and rows.loc[4000, "label_noise_gap"] == pytest.approx(75 - 66) and rows.loc[4000, "label_noise_gap_half"] == 0
    assert (rows["oracle_gap_to_best"] == 0).all() and (rows["oracle_gap_to_best_half"] == 0).all(), "true labels do as well at every K"


def test_what_fine_tuning_repairs_is_what_it_adds_beyond_true_labels(reader):
    assert students.student_steps(reader).values.tolist() == [[14, 10]]
    rows = students.finetuning_gains(reader).set_index("k")
    assert list(rows.index) == list(KS) and (rows["p"] == 2).all() and (rows["seeds"] == 2).all()
    assert rows.loc[4000, ["gain", "oracle_gain", "repaired", "repaired_half"]].tolist() == pytest.approx([4, 5, -1, 0])


@pytest.mark.parametrize(
    ("behind", "says"),
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
def test_a_rise_is_called_one_where_the_seeds_resolve_it(behind, says):
    best = behind.index(0)
    curve = pd.DataFrame({"k": [1, 2, 3], "best_k": best + 1, "gap_to_best": behind, "gap_to_best_half": [0 if n == best else 2 for n in range(3)]})
    assert students.curve_shape(curve) == says
    assert students.curve_shape(curve.assign(gap_to_best_half=float("nan"))) == "unresolved", "a single seed resolves nothing"


def test_hardness_is_that_of_the_network_that_did_not_choose(reader):
    rows = ranking.hardness_and_spread(reader).set_index(["k", "p"])
    assert rows.loc[(4000, 1), "hardness"] == pytest.approx(0.25) and rows.loc[(8000, 1), "hardness"] == pytest.approx(0.45)
    assert rows.loc[(8000, 1), "feature_spread"] == pytest.approx(1.8)


def test_a_rare_class_is_found_more_often_with_a_larger_p(reader):
    rows = selection.long_tailed_selection(reader).set_index(["k", "p"])["rarest_found_percent"]
    assert (rows[8000, 1], rows[8000, 2]) == (40, 80)


def test_precision_falls_with_the_rank(reader):
    rows = ranking.precision_by_rank(reader, bins=4).query("p == 1")
    assert rows["precision_percent"].tolist() == [100, 100, 0, 0] and rows["rank"].tolist() == [1000, 3000, 5000, 7000]
    assert (rows["low"] == rows["high"]).all() and (rows["classes"] == 10).all() and (rows["seeds"] == 2).all()
    ends = ranking.ends_of_ranking(reader)
    assert (ends["p"] == 2).all() and ends["rank"].tolist() == [500, 7500] and ends["precision_percent"].tolist() == [100, 0]
    assert selection.images_per_class(reader) == 100


def test_a_larger_k_brings_more_images_and_more_errors(reader):
    rows = selection.selected_sets(reader).set_index(["k", "p"])
    assert rows.loc[(8000, 1), "labels"] == 80 and rows.loc[(8000, 1), "images"] == 80 and rows.loc[(8000, 1), "twice"] == 0
    assert rows.loc[(4000, 1), "precision_percent"] == 100 and rows.loc[(8000, 1), "precision_percent"] == 50
    assert rows.loc[(2000, 2), "twice"] == 10 and rows.loc[(2000, 2), "images"] == 10 and rows.loc[(2000, 2), "precision_percent"] == 50
    assert rows.loc[(8000, 2), "differ"] == 0 and rows.loc[(8000, 1), "differ"] == 20, "the first image of each class, of either"
    assert rows.loc[(500, 1), "twice"] == rows.loc[(500, 2), "twice"] == 0 and rows.loc[(8000, 1), "seeds"] == 2
    assert (rows.loc[(8000, 1), "least"], rows.loc[(8000, 1), "most"]) == (8, 8)
    assert sorted(set(selection.selected_sets(reader)["k"])) == list(KS) and selection.class_names(reader)[3] == "class 3"


def test_pictures_are_those_of_one_selection(reader):
    rows = pictures.ranked_pictures(reader, 1, 3)
    assert rows["rank"].tolist() == list(RANKS) and rows["correct"].tolist() == [True] * 4 + [False] * 4
    doubles = pictures.double_pictures(reader, 4000, 2)
    assert len(doubles) == 6 and all(len(classes) == 2 for classes in doubles["classes"])
