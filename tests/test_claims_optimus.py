"""What the answers to 4.1 to 4.3 say in words, whatever state the trainings are in, holds for the committed results."""

import math

import pytest

from compute.core.loss_curve import LossCurve
from compute.core.speed import Network
from compute.core.vocabulary import HELD_OUT_DEPTH
from store.optimus import epochs, losses, planner, plans, published, trainings


@pytest.fixture(scope="module")
def fits(committed):
    return losses.fit_summary(committed).iloc[0]


def test_the_report_is_made_from_the_trainings_that_it_shows(committed):
    assert trainings.up_to_date(committed)


def test_restarting_helps_and_leaves_later_pieces_unidentified_as_4_1_says(fits):
    assert fits["restarted"] < fits["one_curve"] and fits["later_unidentified"] > fits["later"] / 2


def test_a_single_curve_misses_the_drop_as_4_1_says(committed):
    curves = trainings.epoch_curves(committed).set_index(["depth", "gpu_type"])
    rows = losses.loss_models(committed, normalised=False, outliers_replaced=True)
    for fit in rows[(rows["segment"] == "all") & (rows["depth"] != HELD_OUT_DEPTH)].itertuples():
        mine = curves.loc[(fit.depth, fit.gpu_type)]
        per_epoch = fit.end_step / len(mine)
        curve = LossCurve(beta0=fit.beta0, beta1=fit.beta1, beta2=fit.beta2)
        above = mine["train_loss"].to_numpy() - curve.loss((mine["epoch"] - 0.5) * per_epoch)
        drop = int((mine["lr"] == mine["lr"].max()).sum())
        assert above[drop - 5 : drop].mean() > 0 > above[drop : drop + 5].mean()


def test_replicas_differ_by_more_than_their_intervals_as_4_1_says(committed, fits):
    assert losses.replicas(committed)["ratio"].iloc[0] > 1 + 2 * fits["interval_percent"] / 100


def test_the_schedule_decides_as_4_2_says(committed):
    """The predicted epochs move with the first drop, and there are none without it."""
    row = epochs.schedule_summary(committed).iloc[0]
    assert row["late"] - row["early"] == pytest.approx(row["late_drop"] - row["early_drop"], abs=3)
    assert math.isnan(row["without"])


def test_hardware_moves_the_epoch_by_two_at_most_as_4_2_says(committed):
    rows = published.same_epochs(committed).set_index("network")
    assert rows.loc["ResNet-164", "most"] - rows.loc["ResNet-164", "least"] <= 2
    assert rows.loc["ResNet-164", "hours_most"] > 30 * rows.loc["ResNet-164", "hours_least"]
    assert rows.loc["ResNet-50", "most"] == rows.loc["ResNet-50", "least"]


def test_imagenet_has_a_front_of_several_plans_as_4_3_says(committed):
    first = planner.preset(committed, planner.IMAGENET).iloc[0]
    kinds = planner.workers(committed, planner.IMAGENET)[["worker", "images_per_s", "usd_per_hour"]]
    rows = planner.planned(
        tuple(kinds.itertuples(index=False, name=None)),
        epochs=first["epochs"], images=first["images"], batch=first["batch"], exchange=planner.SERVERS,
        network=Network(parameters_millions=first["parameters_millions"], link_gbps=first["link_gbps"]),
        server_usd_per_h=0.0,
    )  # fmt: skip
    assert rows["front"].sum() > 3


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


def test_sharing_the_small_network_does_not_pay_as_4_3_says(committed):
    row = plans.best_gpu_plan(committed).iloc[0]
    assert row["by_itself"] and row["cheapest"] and row["shared_minutes"] > 2 * row["minutes"]


def test_the_trainings_batch_would_be_faster_as_4_3_says(committed, paper):
    hours = plans.balance(committed).set_index("servers")["trained_hours"]
    assert hours[2] < paper["synchronous", 2, "fastest"] and hours[4] < paper["synchronous", 4, "fastest"]
