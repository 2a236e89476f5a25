"""What the answers say in words, not in placeholders, still holds for the committed results; where it does not, rewrite the answer."""

import math

import pytest

from compute.core.loss_curve import LossCurve
from store import optimus
from store.optimus import losses, predictions
from tests.test_answers import ANSWERED


@pytest.fixture(scope="module")
def said(committed):
    return optimus.values(committed)


def needs(question: str):
    return pytest.mark.skipif(question not in ANSWERED, reason=f"{question} waits for its runs")


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
