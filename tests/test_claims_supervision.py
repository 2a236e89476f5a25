"""The answers 2.2a to 2.3d state in words what holds for the committed results; else rewrite the answer."""

import math

import pytest

from store.answers import QUOTABLE
from store.interval import QUANTILES
from store.quotes import PLACEHOLDER, quoted
from store.supervision.pretraining import label_noise, resampling
from store.supervision.students import curve_shape, student_curve, students_compared
from tests.conftest import PROJECT

SEEDS = 3


@pytest.fixture(scope="module")
def value(committed):
    """The value of a placeholder of Problem 2, written without its brackets."""
    return lambda text: quoted(committed, QUOTABLE, PLACEHOLDER.fullmatch(f"[[supervision.{text}]]"))


def half_interval(sd: float) -> float:
    """Half the 95 % interval of a mean over SEEDS values with this standard deviation."""
    return QUANTILES[SEEDS - 2] / math.sqrt(SEEDS) * sd


def test_every_quotable_query_is_quoted():
    answers = "".join(file.read_text(encoding="utf-8") for file in (PROJECT / "store" / "answers").glob("*.md"))
    quotes = {match["query"] for match in PLACEHOLDER.finditer(answers) if match["problem"] == "supervision"}
    assert quotes == set(QUOTABLE["supervision"])


@pytest.mark.parametrize("query", [label_noise, resampling, students_compared, student_curve])
def test_there_are_as_many_seeds_as_the_answers_suppose(committed, query):
    assert (query(committed)["seeds"] == SEEDS).all()


def test_label_noise_costs_several_times_what_the_paper_reports(value):
    assert value("label_noise(10, linear).lost") > 2 and value("label_noise(25, linear).lost") > 3 * 2


@pytest.mark.parametrize("percent", [10, 25])
def test_up_to_a_quarter_of_wrong_labels_the_transfer_loses_as_much_as_the_last_layer(value, percent):
    difference = value(f"label_noise({percent}, linear).lost") - value(f"label_noise({percent}, direct).lost")
    assert abs(difference) < value(f"label_noise({percent}, direct).lost_sd")


def test_after_transfer_uniform_sampling_gains_and_square_root_sampling_is_left_open(value):
    gain, sd = (value(f"resampling(linear, all, uniform).{column}") for column in ("change", "change_sd"))
    assert gain > half_interval(sd)
    gain, sd = (value(f"resampling(linear, all, sqrt).{column}") for column in ("change", "change_sd"))
    assert abs(gain) < half_interval(sd)


def test_uniform_sampling_gains_in_the_middle_and_the_tail_at_some_cost_to_the_head(value):
    changes = [value(f"resampling(linear, {part}, uniform).change") for part in ("head", "middle", "tail")]
    assert changes == sorted(changes) and changes[0] < 0


def test_the_own_last_layer_gains_several_times_as_much_as_it_is_biased_to_the_head(value):
    assert value("resampling(direct, all, uniform).change") > 3 * value("resampling(linear, all, uniform).change")
    head, tail = (value(f"resampling(direct, {part}, natural).percent") for part in ("head", "tail"))
    assert head > tail + 20


def test_a_student_is_behind_the_supervised_baseline_by_less_than_chance(value):
    chance = half_interval(value("students_compared(selected, final).gain_sd"))
    assert -chance < value("students_compared(selected, final).gain") < 0


def test_self_training_is_behind_by_more(value):
    chance = half_interval(value("students_compared(self, final).gain_sd"))
    assert value("students_compared(self, final).gain") < -chance


def test_the_better_teacher_makes_the_better_student(value):
    assert value("students_compared(self, final).percent") < value("students_compared(selected, final).percent")
    assert value("teachers(larger).percent") > value("students_compared(supervised, final).percent") + 5


def test_true_labels_do_no_better(value):
    assert value("students_compared(oracle, final).percent") < value("students_compared(selected, final).percent") + 0.5
    assert value("students_compared(self, final).k") == value("student_curve(final, 4000).k")


def test_fine_tuning_repairs_labels_where_half_of_them_are_wrong(value):
    assert value("finetuning_gains(4000).oracle_gain") > 0.5, "it helps with true labels too"
    assert 0 < value("finetuning_gains(4000).repaired") < value("finetuning_gains(4000).repaired_half")
    assert value("finetuning_gains(8000).repaired") > value("finetuning_gains(8000).repaired_half")
    assert 45 < value("selected_sets(8000, 2).precision_percent") < 55


def test_a_larger_p_balances_the_set_beyond_the_images_of_a_class(value):
    assert 8000 > value("unlabelled_pool.images_per_class") > 4000
    smallest = [value(f"selected_sets(8000, {p}).least") for p in (1, 2, 5)]
    assert smallest[0] < smallest[1] < smallest[2]
    assert value("selected_sets(4000, 1).least") == value("selected_sets(4000, 5).least")


def test_a_larger_p_costs_correct_labels_there(value):
    assert value("selected_sets(8000, 1).precision_percent") > value("selected_sets(8000, 2).precision_percent") + 10


def test_a_larger_p_finds_more_of_a_rare_class_with_more_wrong_labels(value):
    found = [value(f"long_tailed_selection(2000, {p}).rarest_found_percent") for p in (1, 2, 5)]
    precision = [value(f"long_tailed_selection(2000, {p}).rarest_precision_percent") for p in (1, 2, 5)]
    assert found == sorted(found) and precision == sorted(precision, reverse=True)


def test_up_to_the_images_whose_first_prediction_is_the_rare_class_p_makes_no_difference(value):
    found = [value(f"long_tailed_selection(500, {p}).rarest_found_percent") for p in (1, 5)]
    assert found[0] == pytest.approx(found[1], abs=0.5)
    rarest = value("long_tailed_selection(2000, 1).rarest_images")
    assert 2000 > value("long_tailed_selection(2000, 1).rarest_labels") > max(500, 1.5 * rarest)


def test_images_get_two_labels_where_k_is_large(value):
    assert value("selected_sets(2000, 2).twice") == 0
    assert value("selected_sets(4000, 2).twice_percent") < 1 and value("selected_sets(8000, 2).twice_percent") > 30


def test_the_curve_falls_in_the_end_and_its_rise_is_left_open(committed, value):
    curve = student_curve(committed).query("stage == 'final'")
    assert curve_shape(curve) == "falls"
    assert 500 < value("student_curve(final, 500).best_k") < value("unlabelled_pool.images_per_class")
    for k in (6000, 8000):
        assert value(f"student_curve(final, {k}).gap_to_best") > value(f"student_curve(final, {k}).gap_to_best_half")


def test_with_true_labels_the_accuracy_falls_too(value):
    gap, half = (value(f"student_curve(final, 6000).oracle_gap_to_best{column}") for column in ("", "_half"))
    assert gap > half
    gap, half = (value(f"student_curve(final, 8000).oracle_gap_to_best{column}") for column in ("", "_half"))
    assert gap < half


def test_wrong_labels_cost_something_that_the_seeds_resolve_at_the_largest_k_only(value):
    assert max(value(f"student_curve(final, {k}).label_noise_gap") for k in (500, 2000, 4000)) < 1
    gap, half = (value(f"student_curve(final, 6000).label_noise_gap{column}") for column in ("", "_half"))
    assert 0 < gap < half
    gap, half = (value(f"student_curve(final, 8000).label_noise_gap{column}") for column in ("", "_half"))
    assert gap > half


def test_a_larger_k_brings_harder_and_more_different_images(value):
    assert value("hardness_and_spread(8000, 2).hardness") > 2 * value("hardness_and_spread(500, 2).hardness")
    spread = [value(f"hardness_and_spread({k}, 2).feature_spread") for k in (500, 8000)]
    assert spread[0] < spread[1]


def test_labels_get_worse_down_the_ranking(value):
    assert value("ends_of_ranking(first).precision_percent") > 90
    assert value("ends_of_ranking(last).precision_percent") < 20
