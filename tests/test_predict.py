"""The experiments `predict` and `plan` on planted trainings whose coefficients depend on depth in a known way."""

import numpy as np
import pytest

from compute.__main__ import main
from compute.core.loss_curve import LossCurve
from compute.optimus.plan import gpu_times, throughputs
from compute.optimus.predict import first_epoch, relation
from store.build import build
from store.layout import Layout
from store.reader import open_reader
from tests.planted import EPOCHS, PER_EPOCH, plant


def pieces(depth: int) -> list[LossCurve]:
    """Curves whose coefficients are linear in the depth."""
    return [
        LossCurve(beta0=0.01 + 0.0002 * depth, beta1=0.45, beta2=0.6 - 0.005 * depth),
        LossCurve(beta0=0.05, beta1=2.0, beta2=0.4 - 0.004 * depth),
        LossCurve(beta0=0.2, beta1=4.0, beta2=0.35 - 0.004 * depth),
    ]


@pytest.fixture(scope="module")
def predicted(tmp_path_factory):
    layout = Layout.at(tmp_path_factory.mktemp("predict"))
    for depth in (18, 20, 32, 44, 50, 56):
        for seed, gpu_type in enumerate(("K80", "P100", "V100")):
            plant(layout.runs, depth, gpu_type, seed + 10 * depth, pieces(depth), deviation=0.003)
    assert main(["predict", "--runs", str(layout.runs)]) == 0
    assert main(["plan", "--runs", str(layout.runs)]) == 0
    assert build(layout).left_out == ()
    return open_reader(layout)


def test_the_curve_of_the_held_out_depth_is_met(predicted):
    rows = predicted.df("SELECT * FROM curve_predictions ORDER BY gpu_type, epoch")
    assert len(rows) == 3 * EPOCHS
    assert np.sqrt(np.mean((rows["predicted"] - rows["measured"]) ** 2)) < 0.02


def test_the_regression_finds_the_slope_and_no_effect_of_the_gpu_type(predicted):
    rows = predicted.df("SELECT * FROM beta_regression WHERE segment = '1' AND parameter = 'beta2'").set_index("term")
    assert rows.loc["depth", "coefficient"] == pytest.approx(-0.005, rel=0.15)
    assert rows["r2"].iloc[0] > 0.95
    assert rows["gpu_p"].iloc[0] > 0.01
    assert set(rows.index) == {"intercept", "depth", "P100", "V100"}


@pytest.fixture(scope="module")
def level(tmp_path_factory):
    """Trainings whose third piece hardly moves, at a level that rises with depth."""
    layout = Layout.at(tmp_path_factory.mktemp("level"))
    for depth in (18, 20, 32, 44, 50, 56):
        for seed, gpu_type in enumerate(("K80", "P100", "V100")):
            flat = [*pieces(depth)[:2], LossCurve(beta0=0.0, beta1=1 / (0.1 + 0.01 * depth), beta2=0.0)]
            plant(layout.runs, depth, gpu_type, seed + 10 * depth, flat, deviation=0.02)
    assert main(["predict", "--runs", str(layout.runs)]) == 0
    assert build(layout).left_out == ()
    return open_reader(layout)


def test_a_piece_that_leaves_its_floor_open_is_regressed_without_one(level):
    held = level.df("SELECT segment, count(*) FILTER (parameter = 'beta2') AS floors FROM regressed_coefficients GROUP BY segment").set_index("segment")
    assert held["floors"].to_dict() == {"all": 18, "1": 18, "2": 18, "3": 0}
    assert level.one("SELECT count(*) FROM beta_regression WHERE segment = '3' AND parameter = 'beta2'") == (0,)
    last = level.df("SELECT predicted, measured FROM curve_predictions WHERE epoch >= 31")
    assert (last["predicted"] - last["measured"]).abs().max() < 0.03


def test_epochs_to_an_accuracy_agree_with_the_training(predicted):
    rows = predicted.df("SELECT * FROM epochs_to_target WHERE measured IS NOT NULL AND target BETWEEN 0.6 AND 0.82")
    assert len(rows) > 30
    assert (rows["predicted"] - rows["measured"]).abs().max() <= 2
    assert (rows["low"] <= rows["predicted"]).all()


def test_an_accuracy_that_nobody_reached_has_no_epochs(predicted):
    row = predicted.one("SELECT predicted, measured FROM epochs_to_target WHERE target = 0.95 LIMIT 1")
    assert row == (None, None)


def test_the_relation_only_falls():
    loss = np.array([2.0, 1.5, 1.6, 1.0, 0.5])
    accuracy = np.array([0.2, 0.5, 0.4, 0.6, 0.8])
    guess = relation(loss, accuracy)(np.linspace(0, 3, 50))
    assert (np.diff(guess) <= 1e-12).all()
    assert guess[0] == pytest.approx(0.8)


def test_first_epoch_counts_from_one():
    assert first_epoch(np.array([0.1, 0.5, 0.4]), 0.5) == 2
    assert first_epoch(np.array([0.1, 0.5, 0.4]), 0.6) == float("inf")


def test_hours_follow_from_epochs_and_speed(predicted):
    target, hours = predicted.one("SELECT target, hours FROM time_to_accuracy WHERE speed_model = 'synchronous' AND servers = 2 AND workers = 4")
    epochs = predicted.one("SELECT avg(predicted) FROM epochs_to_target WHERE target = ?", [target])[0]
    step_s = 1.02 * 40 / 4 + 2.78 + 4.92 * 4 / 2 + 0.02 * 2
    assert hours == pytest.approx(epochs * PER_EPOCH * 128 / 40 * step_s / 3600)


def test_the_highest_accuracy_that_is_predicted_stands_in_for_one_that_is_not(predicted):
    target = predicted.one("SELECT max(target) FROM time_to_accuracy")[0]
    assert target == predicted.one("SELECT max(target) FROM epochs_to_target WHERE predicted IS NOT NULL")[0] < 0.92


def test_each_curve_of_the_paper_has_its_minimum_inside(predicted):
    for servers in (2, 4):
        rows = predicted.df(
            "SELECT workers, hours FROM time_to_accuracy WHERE speed_model = 'synchronous' AND servers = ? ORDER BY workers", [servers]
        )
        assert 0 < rows["hours"].idxmin() < len(rows) - 1


def test_gpu_times_recover_a_planted_line():
    measured = [{"gpu_type": "K80", "depth": depth, "images_per_s": 128e3 / (2.0 + 0.7 * depth)} for depth in (20, 32, 44, 56)]
    found = gpu_times(measured)["K80"]
    assert (found.fixed_ms, found.per_layer_ms) == pytest.approx((2.0, 0.7))
    assert found.images_per_s(50) == pytest.approx(128e3 / 37.0)


def test_gpu_times_of_the_published_rows_are_within_a_sixth():
    measured = throughputs()
    found = gpu_times(measured)
    assert set(found) == {"K80", "P100", "V100"}
    for row in measured:
        assert found[row["gpu_type"]].images_per_s(row["depth"]) == pytest.approx(row["images_per_s"], rel=1 / 6)


def test_nothing_to_learn_from_is_one_line(tmp_path, capsys):
    plant(tmp_path, 50, "K80", 0, pieces(50), deviation=0.003)
    assert main(["predict", "--runs", str(tmp_path)]) == 2
    assert "learns from other depths than 50" in capsys.readouterr().err


def test_nothing_to_plan_from_is_one_line(tmp_path, capsys):
    assert main(["plan", "--runs", str(tmp_path)]) == 2
    assert "python -m compute predict" in capsys.readouterr().err
