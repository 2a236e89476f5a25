"""What the answers to 4.1 to 4.3 say in words holds for the committed results; else the answer is to be rewritten."""

import math

import pytest

from compute.core.loss_curve import LossCurve
from compute.core.vocabulary import HELD_OUT_DEPTH
from store.optimus import losses, plans, predictions, regressions, trainings


@pytest.fixture(scope="module")
def summary(committed):
    return trainings.training_summary(committed).iloc[0]


@pytest.fixture(scope="module")
def fits(committed):
    return losses.fit_summary(committed).iloc[0]


@pytest.fixture(scope="module")
def ends(committed):
    return trainings.ends_by_depth(committed).set_index("depth")


def test_the_report_is_made_from_the_trainings_that_it_shows(committed):
    assert trainings.up_to_date(committed)


def test_there_are_fifteen_models_of_4_1(committed, fits):
    whole = losses.loss_models(committed, **losses.AS_IN_THE_PAPER).query("segment == 'all'")
    assert (whole["depth"] != HELD_OUT_DEPTH).sum() == fits["fits"] == 15


def test_the_asymptote_is_zero_in_the_shallower_networks_of_4_1(committed):
    whole = losses.loss_models(committed, **losses.AS_IN_THE_PAPER)
    whole = whole[(whole["segment"] == "all") & (whole["depth"] != HELD_OUT_DEPTH)]
    assert whole.query("beta2 == 0")["depth"].max() < whole.query("beta2 > 0.05")["depth"].min()


def test_restarting_helps_and_leaves_later_pieces_unidentified_as_4_1_says(fits):
    assert fits["restarted"] < fits["one_curve"] and fits["later_unidentified"] > fits["later"] / 2


def test_a_single_curve_misses_the_drop_as_4_1_says(committed):
    epochs = trainings.epoch_curves(committed).set_index(["depth", "gpu_type"])
    rows = losses.loss_models(committed, normalised=False, outliers_replaced=True)
    for fit in rows[(rows["segment"] == "all") & (rows["depth"] != HELD_OUT_DEPTH)].itertuples():
        mine = epochs.loc[(fit.depth, fit.gpu_type)]
        per_epoch = fit.end_step / len(mine)
        curve = LossCurve(beta0=fit.beta0, beta1=fit.beta1, beta2=fit.beta2)
        above = mine["train_loss"].to_numpy() - curve.loss((mine["epoch"] - 0.5) * per_epoch)
        drop = int((mine["lr"] == mine["lr"].max()).sum())
        assert above[drop - 5 : drop].mean() > 0 > above[drop : drop + 5].mean()


def test_forecasts_are_as_4_1_says(committed):
    found = losses.forecast_quality(committed).set_index(["method", "drops"])
    restarted, single = found.loc["restarted"], found.loc["one curve"]
    assert min(restarted["never_percent"][0], restarted["never_percent"][1]) > 50
    assert single["error_percent"][1] < single["naive_percent"][1] / 2
    # after the last drop no better than no model
    assert min(restarted["error_percent"][2], single["error_percent"][2]) > 0.75 * restarted["naive_percent"][2]


def test_deeper_networks_have_learnt_less_as_4_1_says(ends):
    accuracy = ends["final_accuracy_percent"]
    assert accuracy[18] > accuracy[32] > accuracy[56]
    assert ends["final_loss"][18] < ends["final_loss"][56] and ends["first_loss"][18] < ends["first_loss"][56]


def test_what_restarting_leaves_is_as_4_1_says(committed):
    found = losses.fits_by_depth(committed).set_index("depth")
    assert found["largest_loss"][56] > 2 * found["largest_loss"][18] and found["rmse"][56] > 2 * found["rmse"][18]


def test_replicas_differ_by_more_than_their_intervals_as_4_1_says(fits):
    assert fits["replica_ratio"] > 1 + 2 * fits["interval_percent"] / 100


def test_effects_are_resolved_as_4_2_says(committed, summary):
    found = regressions.effects_summary(committed).iloc[0]
    assert found["regressions"] > found["depth_matters"] > found["regressions"] / 2
    assert found["gpu_matters"] <= 1, "beyond chance"
    assert summary["emulated"] == 18


@pytest.fixture(scope="module")
def effects(committed):
    return regressions.effects(committed).set_index(["parameter", "segment"])


def test_depth_acts_over_whole_trainings_as_4_2_says(effects):
    assert effects.loc[("beta2", "all"), "low"] > 0 > effects.loc[("beta1", "all"), "high"]
    assert effects.loc[("beta0", "all"), "low"] < 0 < effects.loc[("beta0", "all"), "high"]


def test_depth_acts_in_the_first_piece_as_4_2_says(effects):
    # a higher start, a faster fall, a higher asymptote
    assert effects.loc[("beta1", "1"), "high"] < 0
    assert min(effects.loc[("beta0", "1"), "low"], effects.loc[("beta2", "1"), "low"]) > 0


def test_depth_acts_in_the_later_pieces_as_4_2_says(effects):
    assert min(effects.loc[("beta2", "2"), "depth_r2"], effects.loc[("beta1", "3"), "depth_r2"]) > 0.7
    assert not {("beta0", "2"), ("beta0", "3"), ("beta2", "3")} & set(effects.index)


def test_the_prediction_is_as_4_2_says(committed):
    assert predictions.agreement(committed)["replicas"].iloc[0] == 3
    asked = predictions.asked(committed)["target_percent"].iloc[0]
    assert predictions.epochs_range(committed)["target_percent"].iloc[0] < asked


def test_the_replicas_reach_the_target_as_4_2_says(committed, summary):
    rows = predictions.epochs_to_common_target(committed).set_index("gpu_type")
    # two touch the target before the first drop and lose it again, the third gets there after the second
    for gpu_type in ("K80", "V100"):
        assert (
            rows["trained"][gpu_type] <= summary["first_drop"] and rows["settled"][gpu_type] > rows["trained"][gpu_type]
        )
    assert rows["trained"]["P100"] == rows["settled"]["P100"] > summary["second_drop"]


@pytest.fixture(scope="module")
def paper(committed):
    return plans.paper_plans(committed).set_index(["speed_model", "servers", "at"])["hours"]


def test_more_servers_move_and_lower_the_minimum_as_4_3_says(committed, paper):
    workers = plans.balance(committed).set_index("servers")["workers"]
    assert workers[4] == pytest.approx(math.sqrt(2) * workers[2], rel=0.01)
    assert paper["synchronous", 4, "fastest"] < paper["synchronous", 2, "fastest"]


def test_most_workers_take_longer_than_one_as_4_3_says(paper):
    assert paper["synchronous", 2, "most workers"] > paper["synchronous", 2, "one worker"]
    assert paper["synchronous", 2, "one worker"] > 2 * paper["asynchronous", 2, "one worker"]


def test_a_v100_by_itself_is_fastest_and_cheapest_as_4_3_says(committed):
    rows = plans.planned_hours(committed).dropna(subset=["gpu_type"])
    fastest, cheapest = rows.loc[rows["hours"].idxmin()], rows.loc[rows["usd"].idxmin()]
    assert (fastest["gpu_type"], fastest["servers"]) == (cheapest["gpu_type"], cheapest["servers"]) == ("V100", 0)
    cents = plans.gpu_plans(committed).query("servers == 0").set_index("gpu_type")["cents"]
    assert cents["V100"] < cents["K80"]


def test_the_trainings_batch_would_be_faster_as_4_3_says(committed, paper):
    hours = plans.balance(committed).set_index("servers")["trained_hours"]
    assert hours[2] < paper["synchronous", 2, "fastest"] and hours[4] < paper["synchronous", 4, "fastest"]
