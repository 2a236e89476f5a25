"""The store's queries of Problem 4: which trainings they show, what is up to date, and rules that pages share."""

import math

import numpy as np
import pandas as pd
import pytest

from compute.__main__ import main
from compute.core.vocabulary import DEPTHS
from store import answers
from store.build import build
from store.layout import Layout
from store.optimus import curves, epochs, losses, plans, predictions, regressions, trainings
from store.reader import open_reader
from tests.planted_optimus import pieces, plant, plant_all, plant_losses


def built(layout: Layout):
    """A reader of the store, from which nothing was left out."""
    assert build(layout).left_out == ()
    return open_reader(layout)


def analysed(layout: Layout, *commands: str):
    for command in commands or ("fit", "predict", "plan"):
        assert main([command, "--runs", str(layout.runs)]) == 0
    return built(layout)


@pytest.fixture(scope="module")
def partial(tmp_path_factory):
    """One GPU type whole at scale full with every second epoch evaluated, another begun; scale small of all types."""
    layout = Layout.at(tmp_path_factory.mktemp("partial"))
    plant_all(layout.runs, pieces, gpu_types=("P100",), deviation=0.003, scale="full", evaluate_every=2)
    plant(layout.runs, 18, "V100", 0, pieces(18), 0.003, scale="full", evaluate_every=2)
    for gpu_type in ("K80", "P100", "V100"):
        plant(layout.runs, 20, gpu_type, 0)
    return analysed(layout)


def test_the_largest_scale_with_a_whole_gpu_type_is_shown(partial):
    rows = trainings.trainings(partial)
    assert set(rows["scale"]) == {"full"} and len(rows) == len(DEPTHS) + 1
    assert rows["depth"].tolist() == sorted(rows["depth"])
    assert trainings.up_to_date(partial)


def test_one_of_several_trainings_of_a_place_is_shown(layout):
    device = ("model", "gpu_type", "device")
    plant(layout.runs, 20, "K80", 0, identity=device)
    measured = plant(layout.runs, 20, "K80", 0, identity=device, device="Tesla K80", provenance="measured")
    assert trainings.shown(built(layout)) == [measured.name]


def test_the_final_accuracy_is_that_of_the_last_evaluated_epoch(layout):
    losses_ = np.repeat([2.0, 1.0, 0.5], 20)
    plant_losses(layout.runs, losses_, evaluate_every=2)
    row = trainings.trainings(built(layout)).iloc[0]
    assert row["final_accuracy_percent"] == row["best_accuracy_percent"] == pytest.approx(70)
    assert row["final_loss"] == 0.5
    by_depth = trainings.ends_by_depth(open_reader(layout)).iloc[0]
    assert (by_depth["final_accuracy_percent"], by_depth["first_loss"]) == (pytest.approx(70), 2.0)


def test_epochs_that_were_not_evaluated_are_null(partial):
    rows = trainings.epoch_curves(partial)
    assert rows.query("epoch <= 20 and epoch % 2 == 1")["test_accuracy"].isna().all()
    assert rows.query("epoch > 20")["test_accuracy"].notna().all()


def test_without_a_comparison_of_gpu_types_nothing_is_counted_for_them(partial):
    row = regressions.effects_summary(partial).iloc[0]
    assert (row["gpu_compared"], row["gpu_matters"], row["by_chance"]) == (0, 0, 0)
    assert math.isnan(row["gpu_p_least"])
    assert regressions.effects(partial)["gpu_matters"].isna().all()


def test_the_replicas_of_one_training_have_no_spread(partial):
    row = predictions.agreement(partial).iloc[0]
    assert row["replicas"] == 1 and pd.isna(row["late_replica_percent"]) and row["rmse"] < 0.02


def test_a_training_settles_at_the_first_evaluated_epoch_after_the_last_below_the_target(partial, layout):
    rows = epochs.epochs_to_common_target(partial).set_index("gpu_type")
    assert rows["settled"]["P100"] == rows["trained"]["P100"], "the planted accuracy hardly falls again"
    assert pd.isna(rows["settled"]["V100"]), "it has no training of that depth"


def test_a_new_training_makes_the_fits_out_of_date(layout):
    for depth in DEPTHS:
        plant(layout.runs, depth, "K80", depth, pieces(depth), 0.003)
    assert trainings.up_to_date(analysed(layout))
    plant(layout.runs, 18, "P100", 0, pieces(18), 0.003)
    reader = built(layout)
    assert not trainings.up_to_date(reader)
    assert answers.answer(reader, "4.1").missing


def test_fits_that_name_what_they_left_out_are_up_to_date(layout):
    plant_all(layout.runs, pieces, gpu_types=("K80",), deviation=0.003)
    bad = plant_losses(layout.runs, np.zeros(200), gpu_type="V100", lr=[0.1] * 5 + [0.01] * 5)
    reader = analysed(layout)
    assert bad.name in trainings.shown(reader)
    assert trainings.up_to_date(reader)
    assert trainings.left_out(reader, "fit") == trainings.left_out(reader, "predict") == [bad.name]


def test_fits_of_another_scale_are_shown_until_there_are_own_ones_but_not_quoted(layout):
    plant(layout.runs, 20, "K80", 0)
    analysed(layout, "fit")
    plant_all(layout.runs, pieces, gpu_types=("K80",), scale="full")
    reader = built(layout)
    assert trainings.latest(reader, "fit") == "optimus-fit-small"
    assert trainings.source_runs(reader, "train", "fit") == [*trainings.shown(reader), "optimus-fit-small"]
    assert not trainings.up_to_date(reader)


def test_nothing_is_up_to_date_in_an_empty_store(layout):
    reader = built(layout)
    assert not trainings.up_to_date(reader)
    assert trainings.shown(reader) == trainings.source_runs(reader, "train", "fit") == []


def test_the_residuals_of_a_training_have_the_rmse_of_the_table(committed):
    table = losses.misfit(committed, normalised=False, outliers_replaced=True).set_index("source_run")
    for run_id in (table.index[0], table.index[-1]):
        points = curves.fitted_points(committed, run_id)
        rmse = points.groupby("series")["residual"].agg(lambda residual: np.sqrt(np.mean(residual**2)))
        assert rmse[curves.ONE_CURVE] == pytest.approx(table["one_curve"][run_id], rel=1e-5)
        assert rmse[curves.RESTARTED] == pytest.approx(table["restarted"][run_id], rel=1e-5)


def test_a_drawn_curve_passes_through_its_points(committed):
    run_id = trainings.shown(committed)[0]
    points, lines = curves.fitted_points(committed, run_id), curves.fitted_curves(committed, run_id)
    for series, group in points.groupby("series"):
        line = lines[lines["series"] == series]
        fitted = np.interp(group["step"], line["step"], line["loss"])
        assert np.median(np.abs(fitted - (group["loss"] - group["residual"]))) < 0.01


def test_the_hours_of_the_plan_are_those_of_its_speed_models(committed):
    """The page's hours at the plan's target are the artefact's."""
    target = int(plans.plan_summary(committed)["target_percent"].iloc[0])
    planned = plans.planned_hours(committed).set_index(["speed_model", "servers", "workers"])["hours"]
    for name in ("synchronous", "asynchronous", "V100"):
        rows = plans.hours(committed, name, target, 40).itertuples()
        assert all(row.hours == pytest.approx(planned[name, row.servers, row.workers]) for row in rows)


def test_the_costs_of_the_plan_are_those_of_its_hours(committed):
    target = int(plans.plan_summary(committed)["target_percent"].iloc[0])
    prices = plans.prices(committed)
    rows = plans.costs(committed, target, tuple(zip(prices["gpu_type"], prices["usd_per_hour"], strict=True)), 0.0)
    planned = plans.planned_hours(committed).set_index(["speed_model", "servers", "workers"])["usd"]
    assert len(rows) == planned.notna().sum()
    assert all(row.usd == pytest.approx(planned[row.gpu_type, row.servers, row.workers]) for row in rows.itertuples())


def test_a_gpu_type_without_a_price_has_no_costs(committed):
    rows = plans.costs(committed, 50, (("K80", 0.59),), 0.0)
    assert set(rows["gpu_type"]) == {"K80"}
    assert plans.costs(committed, 50, (), 0.0).empty


def test_servers_that_cost_make_a_gpu_by_itself_the_only_plan_on_the_front(committed):
    rows = plans.costs(committed, 50, (("V100", 2.3),), 1.0)
    assert rows[rows["front"]]["servers"].tolist() == [0]


def test_the_balance_is_next_to_the_fastest_number_of_workers(committed):
    fastest = plans.paper_plans(committed).set_index(["speed_model", "servers", "at"])["workers"]
    for row in plans.balance(committed).itertuples():
        assert abs(row.workers - fastest["synchronous", row.servers, "fastest"]) < 1
