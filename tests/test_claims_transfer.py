"""What the answers 1.1a to 1.2b say in words, not in placeholders, holds; where it does not, rewrite the answer."""

import pytest

from compute.core.vocabulary import FINETUNE_LRS
from store.transfer import values


@pytest.fixture(scope="module")
def rates(committed):
    """Accuracies and costs by approach and learning rate, at 64 pixels."""
    return values.rates(committed).set_index(["job", "lr"])


@pytest.fixture(scope="module")
def best(committed):
    """Accuracies and costs of each approach at its chosen rate, by image size."""
    return values.best(committed).set_index(["job", "px"])


@pytest.fixture(scope="module")
def curves(committed):
    """Losses at the ends and at the first milestone by approach and learning rate."""
    return values.curve_summary(committed).set_index(["job", "lr"])


@pytest.fixture(scope="module")
def compared(committed):
    """Differences and ratios of two approaches, each at an image size."""
    return values.compared(committed).set_index(["job", "px", "other_job", "other_px"])


@pytest.fixture(scope="module")
def guess_loss(committed):
    """The cross-entropy of guessing among the target's classes."""
    return values.target(committed)["guess_loss"].item()


# ---------------------------------------------------------------- 1.1a


def test_training_is_balanced_as_1_1a_says(committed):
    balance = values.balance(committed).set_index("split")
    assert balance.loc["train", "least"] == balance.loc["train", "most"]
    assert balance.loc["val", "least"] == balance.loc["val", "most"] == balance.loc["train", "most"]


def test_hardly_any_class_is_of_imagenet_as_1_1a_says(committed):
    target = values.target(committed).iloc[0]
    assert target["base_classes"] < target["classes"] / 10


# ---------------------------------------------------------------- 1.1b


def test_the_smallest_rate_hardly_moves_after_the_milestone_as_1_1b_says(curves):
    curve = curves.loc[("finetune", 0.001)]
    assert curve["last_loss"] > 0.9 * curve["milestone_loss"] > 1.5


def test_the_smallest_rate_underfits_as_1_1b_says(curves):
    assert curves.loc[("finetune", 0.001), "last_train_percent"] < 80


def test_a_last_layer_at_the_same_rate_gets_further_as_1_1b_says(curves, rates):
    extract, finetune = ("extract", 0.001), ("finetune", 0.001)
    assert curves.loc[extract, "milestone_loss"] < curves.loc[finetune, "milestone_loss"]
    assert rates.loc[extract, "test_percent"] > rates.loc[finetune, "high"]


def test_on_adabn_features_a_last_layer_gets_less_far_as_1_1b_says(rates):
    assert rates.loc[("adabn", 0.001), "high"] < rates.loc[("finetune", 0.001), "low"]


# ---------------------------------------------------------------- 1.1c


def test_the_larger_the_rate_the_better_as_1_1c_says(rates, best):
    small, middle, large = (rates.loc[("finetune", lr), "test_percent"] for lr in FINETUNE_LRS)
    assert best.loc[("finetune", 64), "lr"] == max(FINETUNE_LRS)
    assert large > middle > small + 10


def test_the_gap_of_the_two_larger_rates_is_the_quoted_column(rates):
    gap = rates.loc[("finetune", 0.1), "test_percent"] - rates.loc[("finetune", 0.01), "test_percent"]
    assert rates.loc[("finetune", 0.01), "gap_to_best"] == pytest.approx(gap)


def test_the_pretrained_features_are_not_lost_as_1_1c_says(curves):
    early = curves["early_val_percent"]
    assert early[("finetune", 0.1)] > max(early[("finetune", 0.01)], early[("extract", 0.1)])
    assert min(early[("finetune", 0.01)], early[("extract", 0.1)]) > early[("finetune", 0.001)]
    assert early[("finetune", 0.1)] > 5 * early[("scratch", 0.1)]


def test_the_larger_rate_has_the_worse_probabilities_as_1_1c_says(rates):
    assert rates.loc[("finetune", 0.1), "test_loss"] > rates.loc[("finetune", 0.01), "test_loss"]


def test_the_mean_over_classes_is_between_test_and_val_as_1_1c_says(best):
    row = best.loc[("finetune", 64)]
    assert row["test_percent"] < row["class_percent"] < row["val_percent"]


def test_the_training_images_are_fitted_before_the_first_milestone_as_1_1c_says(curves):
    large, middle = curves.loc[("finetune", 0.1)], curves.loc[("finetune", 0.01)]
    assert large["milestone_loss"] < middle["milestone_loss"] < 0.5
    assert middle["last_loss"] > middle["milestone_loss"] / 2, "after the first milestone it hardly moves"


# ---------------------------------------------------------------- 1.2a


def test_the_best_rate_is_the_one_that_1_2a_describes(best):
    assert best.loc[("extract", 64), "lr"] == 0.1


def test_the_smallest_rate_underfits_as_1_2a_says(curves, rates):
    smallest, next_one = curves.loc[("extract", 0.001)], curves.loc[("extract", 0.01)]
    assert smallest["milestone_loss"] > 1.5 and smallest["last_loss"] > 0.9 * smallest["milestone_loss"]
    assert next_one["milestone_loss"] < smallest["milestone_loss"] / 2
    assert rates.loc[("extract", 0.01), "val_percent"] > rates.loc[("extract", 0.001), "val_percent"]


def test_the_best_rate_fits_before_the_first_milestone_as_1_2a_says(curves):
    assert curves.loc[("extract", 0.1), "milestone_loss"] < 0.1


def test_the_largest_rate_overshoots_as_1_2a_says(curves, guess_loss):
    assert curves.loc[("extract", 1.0), "largest_loss"] > 3 * guess_loss


def test_the_largest_rate_then_fits_perfectly_and_tests_worse_than_guessing_as_1_2a_says(curves, rates, guess_loss):
    assert curves.loc[("extract", 1.0), "last_loss"] < curves.loc[("extract", 0.1), "last_loss"]
    assert rates.loc[("extract", 1.0), "test_loss"] > guess_loss > 2 * rates.loc[("extract", 0.1), "test_loss"]
    assert rates.loc[("extract", 1.0), "test_percent"] < rates.loc[("extract", 0.01), "test_percent"]


# ---------------------------------------------------------------- 1.2b


@pytest.mark.parametrize("px", [64, 128])
def test_fine_tuning_wins_at_both_sizes_as_1_2b_says(best, px):
    assert best.loc[("finetune", px), "low"] > best.loc[("extract", px), "high"]


def test_the_rate_of_the_enlarged_images_is_the_one_that_was_best_before_as_1_2b_says(best):
    assert best.loc[("finetune", 128), "lr"] == best.loc[("finetune", 64), "lr"] == 0.1
    assert best.loc[("extract", 64), "lr"] == 0.1, "curve_summary(extract, 0.1) is quoted as that of the best rate"


def test_the_last_layer_fits_the_training_images_as_well_as_1_2b_says(curves):
    assert curves.loc[("finetune", 0.1), "last_loss"] < curves.loc[("extract", 0.1), "last_loss"] < 0.1


def test_the_last_layer_has_the_wider_gap_between_training_and_test_as_1_2b_says(curves, best):
    gaps = {
        job: curves.loc[(job, 0.1), "last_train_percent"] - best.loc[(job, 64), "test_percent"]
        for job in ("extract", "finetune")
    }
    assert gaps["extract"] > gaps["finetune"]


def test_at_the_smallest_rate_the_last_layer_is_ahead_as_1_2b_says(rates):
    assert rates.loc[("extract", 0.001), "test_percent"] > rates.loc[("finetune", 0.001), "high"]


def test_statistics_of_the_target_are_no_repair_as_1_2b_says(best, compared):
    assert best.loc[("adabn", 64), "high"] < best.loc[("extract", 64), "low"]
    assert compared.loc[("extract", 64, "adabn", 64), "test_points"] > 5
    assert best.loc[("adabn", 128), "high"] < best.loc[("extract", 128), "low"]


def test_from_scratch_the_training_images_are_not_learned_as_1_2b_says(best, curves):
    assert best.loc[("scratch", 64), "high"] < best.loc[("extract", 64), "low"]
    assert curves.loc[("scratch", 0.1), "last_train_percent"] < 50


def test_enlarging_is_worth_more_than_fine_tuning_for_less_as_1_2b_says(best, compared):
    assert best.loc[("extract", 128), "low"] > best.loc[("finetune", 64), "high"]
    assert compared.loc[("extract", 128, "extract", 64), "test_points"] > 5
    assert compared.loc[("finetune", 128, "finetune", 64), "test_points"] > 5
    assert compared.loc[("extract", 128, "finetune", 64), "flops_percent"] < 10


def test_the_lead_is_about_the_same_at_both_sizes_as_1_2b_says(compared):
    small, large = (compared.loc[("finetune", px, "extract", px), "test_points"] for px in (64, 128))
    assert abs(large - small) < 4


def test_fine_tuning_gains_in_most_classes_and_less_in_large_ones_as_1_2b_says(committed, compared):
    row = values.class_summary(committed).iloc[0]
    assert row["better"] > 3 * row["worse"]
    assert row["mean_gain"] > compared.loc[("finetune", 64, "extract", 64), "test_points"]
    assert -0.5 < row["rank_correlation"] < 0


def test_fine_tuning_costs_many_times_as_much_as_1_2b_says(compared):
    pair = compared.loc[("finetune", 64, "extract", 64)]
    assert pair["flops_ratio"] > 10 and pair["seconds_ratio"] > 10
