"""What the answers say in words, not in placeholders, still holds for the committed results; where it does not, rewrite the answer."""

import math

import pytest

from compute.core.loss_curve import LossCurve
from store import optimus, transfer
from store.optimus import losses, predictions
from tests.test_answers import ANSWERED


@pytest.fixture(scope="module")
def said(committed):
    return transfer.values(committed) | optimus.values(committed)


def needs(question: str):
    return pytest.mark.skipif(question not in ANSWERED, reason=f"{question} waits for its runs")


@needs("1.2a")
def test_last_layers_behave_as_1_2a_says(said):
    assert said["extract_best_lr"] == 0.1
    # the smallest rate has not arrived at the drop and hardly moves afterwards
    assert said["extract_0001_drop_loss"] > 1.5 and said["extract_0001_last_loss"] > 0.9 * said["extract_0001_drop_loss"]
    assert said["extract_001_val"] > said["extract_0001_val"] and said["extract_001_drop_loss"] < said["extract_0001_drop_loss"] / 2
    # the best one gets almost all training images right before the drop; the largest overshoots and then fits them perfectly, and others less well
    assert said["extract_01_drop_loss"] < 0.1
    assert said["extract_1_largest_loss"] > 3 * said["guess_loss"] and said["extract_1_test_loss"] > said["guess_loss"] > 2 * said["extract_01_test_loss"]
    assert said["extract_1_last_loss"] < said["extract_01_last_loss"] and said["extract_1_test"] < said["extract_001_test"]


@needs("1.1a")
def test_the_data_set_is_as_1_1a_says(said):
    assert said["target_train_least"] == said["target_train_most"] == said["target_val_least"] == said["target_val_most"]
    assert said["target_shared"] < said["target_classes"] / 10


@needs("1.1b")
def test_the_smallest_rate_stops_before_it_arrives_as_1_1b_says(said):
    assert said["finetune_0001_last_loss"] > 0.9 * said["finetune_0001_drop_loss"] > 1.5
    assert said["finetune_0001_train"] < 80
    # a last layer alone, as many steps at the same rate, gets further
    assert said["extract_0001_drop_loss"] < said["finetune_0001_drop_loss"] and said["extract_0001_test"] > said["finetune_0001_high"]
    # and behind the flowers' statistics it gets less far than fine-tuning does
    assert said["adabn_0001_high"] < said["finetune_0001_low"]


@needs("1.1c")
def test_the_larger_the_rate_the_better_as_1_1c_says(said):
    assert said["finetune_best_lr"] == 0.1
    assert said["finetune_01_test"] > said["finetune_001_test"] > said["finetune_0001_test"] + 10
    # the features that it starts from are not lost
    assert said["finetune_01_early_val"] > max(said["finetune_001_early_val"], said["extract_01_early_val"]) > said["finetune_0001_early_val"]
    assert said["finetune_01_early_val"] > 5 * said["scratch_01_early_val"]
    assert said["finetune_01_test_loss"] > said["finetune_001_test_loss"]
    assert said["finetune_best_test"] < said["finetune_best_class_mean"] < said["finetune_best_val"]
    assert said["finetune_01_drop_loss"] < said["finetune_001_drop_loss"] < 0.5
    assert said["finetune_001_last_loss"] > said["finetune_001_drop_loss"] / 2, "after the first drop it hardly moves"


@needs("1.2b")
def test_fine_tuning_wins_as_1_2b_says(said):
    assert said["finetune_best_low"] > said["extract_best_high"]
    assert said["finetune_best_last_loss"] < said["extract_best_last_loss"] < 0.1
    # the last layer's gap between training and test images is the wider one
    assert said["extract_01_train"] - said["extract_best_test"] > said["finetune_01_train"] - said["finetune_best_test"]
    assert said["extract_0001_test"] > said["finetune_0001_high"], "the smallest rate turns it round"
    assert said["gain_mean"] > said["gain_points"], "large classes gain less"
    # statistics of the target's own are no repair
    assert said["adabn_best_high"] < said["extract_best_low"] and said["adabn_loss"] > 5
    assert said["large_adabn_high"] < said["large_extract_low"]
    # from scratch it does not learn its training images
    assert said["scratch_best_high"] < said["extract_best_low"] and said["scratch_01_train"] < 50
    # enlarged images are worth more than fine-tuning, for less
    assert said["large_px"] > said["target_px"] and said["large_extract_low"] > said["finetune_best_high"]
    assert said["large_gain"] > 5 and said["large_finetune_gain"] > 5 and said["large_flops_share"] < 10
    assert said["large_finetune_low"] > said["large_extract_high"] and said["large_finetune_lr"] == said["finetune_best_lr"]
    assert abs(said["large_points"] - said["gain_points"]) < 4, "the lead is about the same at both sizes"
    assert said["classes_better"] > 3 * said["classes_worse"]
    assert -0.5 < said["size_correlation"] < 0
    assert said["flops_ratio"] > 10 and said["seconds_ratio"] > 10


@needs("4.1")
def test_loss_models_are_as_4_1_says(committed, said):
    whole = losses.loss_models(committed, True, True).query("segment == 'all' and depth != 50")
    assert len(whole) == said["fits"] == 15
    assert whole.query("beta2 == 0")["depth"].max() < whole.query("beta2 > 0.05")["depth"].min()
    assert said["rmse_restarted"] < said["rmse_one_curve"] and said["later_unidentified"] > said["later_pieces"] / 2


@needs("4.1")
def test_a_single_curve_misses_the_drop_as_4_1_says(committed):
    epochs = losses.epoch_curves(committed).set_index(["depth", "gpu_type"])
    for fit in losses.loss_models(committed, False, True).query("segment == 'all' and depth != 50").itertuples():
        rows = epochs.loc[(fit.depth, fit.gpu_type)]
        per_epoch = fit.end_step / len(rows)
        above = rows["train_loss"].to_numpy() - LossCurve(beta0=fit.beta0, beta1=fit.beta1, beta2=fit.beta2).loss((rows["epoch"] - 0.5) * per_epoch)
        drop = int((rows["lr"] == rows["lr"].max()).sum())
        assert above[drop - 5 : drop].mean() > 0 > above[drop : drop + 5].mean()


@needs("4.1")
def test_forecasts_are_as_4_1_says(committed):
    found = losses.forecast_quality(committed).set_index(["method", "milestones"])
    restarted, single = found.loc["restarted"], found.loc["one curve"]
    assert min(restarted["never_percent"][0], restarted["never_percent"][1]) > 50
    assert single["error_percent"][1] < single["naive_percent"][1] / 2
    # after the last drop no better than no model
    assert min(restarted["error_percent"][2], single["error_percent"][2]) > 0.75 * restarted["naive_percent"][2]


@needs("4.1")
def test_deeper_networks_are_behind_as_4_1_says(said):
    assert said["final_accuracy_18"] > said["final_accuracy_32"] > said["final_accuracy_56"]
    assert said["final_loss_18"] < said["final_loss_56"] and said["first_loss_18"] < said["first_loss_56"]


@needs("4.1")
def test_what_is_left_is_as_4_1_says(said):
    assert said["largest_loss_56"] > 2 * said["largest_loss_18"] and said["raw_rmse_56"] > 2 * said["raw_rmse_18"]
    assert said["beta0_replica_ratio"] > 1 + 2 * said["beta0_interval_percent"] / 100


@needs("4.2")
def test_depth_and_gpu_type_act_as_4_2_says(said):
    assert said["regressions"] > said["depth_matters"] > said["regressions"] / 2
    assert said["gpu_matters"] <= 1, "beyond chance"
    assert said["emulated"] == 18
    assert said["beta2_all_low"] > 0 > said["beta1_all_high"]
    assert said["beta0_all_low"] < 0 < said["beta0_all_high"]
    # in the first piece a higher start, a faster fall, a higher floor
    assert said["beta1_1_high"] < 0 < min(said["beta0_1_low"], said["beta2_1_low"])
    assert min(said["beta2_2_depth_r2"], said["beta1_3_depth_r2"]) > 0.7
    assert not {"beta0_2_depth_r2", "beta0_3_depth_r2", "beta2_3_depth_r2"} & set(said)


@needs("4.2")
def test_the_prediction_is_as_4_2_says(said):
    assert said["replicas"] == 3
    assert said["target_percent"] < said["asked_percent"]
    # two touch the target before the first drop and lose it again, the third gets there after the second
    assert all(said[f"trained_epochs_{gpu}"] <= said["first_drop"] and said[f"settled_epochs_{gpu}"] > said[f"trained_epochs_{gpu}"] for gpu in ("k80", "v100"))
    assert said["trained_epochs_p100"] == said["settled_epochs_p100"] > said["second_drop"]


@needs("4.3")
def test_the_plan_is_as_4_3_says(committed, said):
    assert said["balance_4"] == pytest.approx(math.sqrt(2) * said["balance_2"], rel=0.01)
    assert said["synchronous_4_best_hours"] < said["synchronous_2_best_hours"]
    assert said["synchronous_2_40_hours"] > said["synchronous_2_1_hours"] > 2 * said["asynchronous_2_1_hours"]
    plans = predictions.planned_hours(committed).query("not gpu_type.isna()")
    fastest, cheapest = plans.loc[plans["hours"].idxmin()], plans.loc[plans["usd"].idxmin()]
    assert (fastest["gpu_type"], fastest["servers"]) == (cheapest["gpu_type"], cheapest["servers"]) == ("V100", 0)
    assert said["one_v100_cents"] < said["one_k80_cents"]
    assert said["synchronous_2_trained_hours"] < said["synchronous_2_best_hours"] and said["synchronous_4_trained_hours"] < said["synchronous_4_best_hours"]
