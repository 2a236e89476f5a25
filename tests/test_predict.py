"""The experiment `predict` on planted trainings whose coefficients depend on depth in a known way."""

import numpy as np
import pandas as pd
import pytest

from compute.__main__ import main
from compute.core.loss_curve import LossCurve
from compute.core.vocabulary import BASELINE_GPU, DEPTHS, FITTED_DEPTHS
from compute.optimus.accuracy import relation
from compute.optimus.trainings import trainings
from store.build import build
from store.layout import Layout
from store.reader import open_reader
from tests.planted_optimus import EPOCHS, PER_EPOCH, pieces, plant, plant_all, plant_losses


def predict(layout: Layout):
    """A reader of the store after `predict` on the planted trainings."""
    assert main(["predict", "--runs", str(layout.runs)]) == 0
    assert build(layout).left_out == ()
    return open_reader(layout)


@pytest.fixture(scope="module")
def predicted(tmp_path_factory):
    layout = Layout.at(tmp_path_factory.mktemp("predict"))
    plant_all(layout.runs, pieces, deviation=0.003)
    return predict(layout)


def test_the_curve_of_the_held_out_depth_is_met(predicted):
    rows = predicted.df("SELECT * FROM curve_predictions ORDER BY gpu_type, epoch")
    assert len(rows) == 3 * EPOCHS
    assert np.sqrt(np.mean((rows["predicted"] - rows["measured"]) ** 2)) < 0.02


def beta2(reader, column: str):
    rows = reader.df("SELECT * FROM beta_regression WHERE segment = '1' AND parameter = 'beta2'")
    return rows.set_index("term")[column]


def test_the_regression_finds_the_planted_slope(predicted):
    assert beta2(predicted, "coefficient")["depth"] == pytest.approx(-0.005, rel=0.15)
    assert beta2(predicted, "r2").iloc[0] > 0.95


def test_the_regression_finds_no_effect_of_the_gpu_type(predicted):
    assert beta2(predicted, "gpu_p").iloc[0] > 0.01
    assert set(beta2(predicted, "gpu_p").index) == {"intercept", "depth", "P100", "V100"}


def test_the_coefficients_come_with_what_is_predicted_for_them(predicted):
    rows = predicted.df("""
        SELECT c.depth, c.gpu_type, r.value, r.predicted FROM regressed_coefficients AS r
        JOIN runs AS c ON c.run_id = r.source_run WHERE r.segment = '1' AND r.parameter = 'beta2'
    """)
    terms = beta2(predicted, "coefficient")
    seen = rows[rows["depth"].isin(FITTED_DEPTHS)]["value"]
    for row in rows.itertuples():
        line = terms["intercept"] + terms["depth"] * row.depth + terms.get(row.gpu_type, 0.0)
        assert row.predicted == pytest.approx(min(max(line, seen.min()), seen.max()))


@pytest.fixture(scope="module")
def level(tmp_path_factory):
    """Trainings whose third piece hardly moves, at a level that rises with depth."""
    layout = Layout.at(tmp_path_factory.mktemp("level"))

    def flat(depth: int) -> list[LossCurve]:
        return [*pieces(depth)[:2], LossCurve(beta0=0.0, beta1=1 / (0.1 + 0.01 * depth), beta2=0.0)]

    plant_all(layout.runs, flat, deviation=0.02)
    return predict(layout)


def test_a_piece_that_does_not_identify_its_asymptote_is_regressed_without_one(level):
    held = level.df("""
        SELECT segment, count(*) FILTER (parameter = 'beta2') AS asymptotes FROM regressed_coefficients GROUP BY segment
    """).set_index("segment")
    assert held["asymptotes"].to_dict() == {"all": 18, "1": 18, "2": 18, "3": 0}
    assert level.one("SELECT count(*) FROM beta_regression WHERE segment = '3' AND parameter = 'beta2'") == (0,)


def test_a_coefficient_without_a_regression_has_no_prediction(level):
    rows = level.df("SELECT parameter, predicted FROM regressed_coefficients WHERE segment = '3'")
    assert rows[rows["parameter"] == "beta0"]["predicted"].isna().all()
    assert rows[rows["parameter"] == "beta1"]["predicted"].notna().all()


def test_the_level_of_a_flat_piece_is_predicted(level):
    last = level.df("SELECT predicted, measured FROM curve_predictions WHERE epoch >= 31")
    assert (last["predicted"] - last["measured"]).abs().max() < 0.03


def test_epochs_to_an_accuracy_agree_with_the_training(predicted):
    rows = predicted.df(
        """
        SELECT * FROM epochs_to_target
        WHERE accuracy = 'test' AND measured IS NOT NULL AND target BETWEEN 0.6 AND 0.82
    """
    )
    assert len(rows) > 30
    assert (rows["predicted"] - rows["measured"]).abs().max() <= 2
    assert (rows["low"] <= rows["predicted"]).all()


def test_an_accuracy_that_nobody_reached_has_no_epochs(predicted):
    row = predicted.one(
        """
        SELECT predicted, measured FROM epochs_to_target WHERE accuracy = 'test' AND target = 0.95 LIMIT 1
    """
    )
    assert row == (None, None)


@pytest.fixture(scope="module")
def one_type(tmp_path_factory):
    """All depths at scale full on the second GPU type alone, every second epoch evaluated; one training at small."""
    layout = Layout.at(tmp_path_factory.mktemp("one"))
    plant_all(layout.runs, pieces, gpu_types=("P100",), deviation=0.003, scale="full", evaluate_every=2)
    plant(layout.runs, 20, "K80", 0)
    return predict(layout)


def test_a_single_gpu_type_is_predicted_without_a_term(one_type):
    assert one_type.one("SELECT scale::VARCHAR FROM runs WHERE job = 'predict'") == ("full",)
    assert set(beta2(one_type, "gpu_p").index) == {"intercept", "depth"}
    assert one_type.one("SELECT count(gpu_p) FROM beta_regression") == (0,)
    rows = one_type.df("SELECT * FROM curve_predictions")
    assert set(rows["gpu_type"]) == {"P100"} and len(rows) == EPOCHS
    assert np.sqrt(np.mean((rows["predicted"] - rows["measured"]) ** 2)) < 0.02


def test_the_first_epoch_that_reaches_an_accuracy_is_an_evaluated_one(one_type):
    rows = one_type.df("SELECT * FROM epochs_to_target WHERE accuracy = 'test' AND measured < 20")
    assert len(rows) > 10 and (rows["measured"] % 2 == 0).all()
    assert (rows["predicted"] - rows["measured"]).abs().max() <= 3


def test_a_gpu_type_that_has_only_begun_is_predicted_with_the_others(tmp_path):
    layout = Layout.at(tmp_path)
    plant_all(layout.runs, pieces, gpu_types=("K80",), deviation=0.003)
    plant(layout.runs, 18, "V100", 0, pieces(18), 0.003)
    reader = predict(layout)
    assert set(beta2(reader, "gpu_p").index) == {"intercept", "depth"}
    rows = reader.df(
        "SELECT gpu_type, count(*) AS epochs, count(measured) AS measured FROM curve_predictions GROUP BY ALL"
    )
    assert sorted(rows.itertuples(index=False, name=None)) == [("K80", EPOCHS, EPOCHS), ("V100", EPOCHS, 0)]


def test_the_baseline_is_the_vocabularys_first_type(tmp_path):
    layout = Layout.at(tmp_path)
    plant_all(layout.runs, pieces, gpu_types=("A100", BASELINE_GPU), deviation=0.003)
    assert set(beta2(predict(layout), "gpu_p").index) == {"intercept", "depth", "A100"}


def test_a_training_with_another_number_of_drops_is_left_out_by_name(tmp_path, capsys):
    layout = Layout.at(tmp_path)
    plant_all(layout.runs, pieces, gpu_types=("K80",), deviation=0.003)
    odd = plant_losses(layout.runs, pieces(20)[0].loss(np.arange(PER_EPOCH)), gpu_type="V100")
    reader = predict(layout)
    lines = [line for line in capsys.readouterr().err.replace("\r", "\n").splitlines() if "left out" in line]
    assert lines == [f"left out {odd.name}: its learning rate drops 0 times, that of most trainings 2 times"]
    assert reader.one("SELECT len(inputs) FROM runs WHERE job = 'predict'") == (len(DEPTHS),)


def test_trainings_that_end_within_an_epoch_are_predicted(tmp_path):
    layout = Layout.at(tmp_path)
    for depth in DEPTHS:
        steps = np.arange(1, 10 * PER_EPOCH + 8)
        plant_losses(layout.runs, pieces(depth)[0].loss(steps), depth=depth)
    rows = predict(layout).df("SELECT * FROM curve_predictions")
    assert len(rows) == 10 and (rows["predicted"] - rows["measured"]).abs().max() < 0.05


def test_the_relation_of_loss_and_accuracy_only_falls(tmp_path):
    plant(tmp_path, 20, "K80", 0, deviation=0.1, evaluate_every=2)
    accuracy = relation(trainings(tmp_path).fitted, "test")(np.linspace(0, 3, 50))
    assert (np.diff(accuracy) <= 1e-12).all() and accuracy[0] > accuracy[-1]


def test_nothing_to_learn_from_is_one_line(tmp_path, capsys):
    plant(tmp_path, 50, "K80", 0, pieces(50), deviation=0.003)
    assert main(["predict", "--runs", str(tmp_path)]) == 2
    assert "learns from other depths than 50" in capsys.readouterr().err


def test_too_few_depths_are_one_line(tmp_path, capsys):
    for depth in (18, 20):
        plant(tmp_path, depth, "K80", 0, pieces(depth), deviation=0.003)
    assert main(["predict", "--runs", str(tmp_path)]) == 2
    assert "three depths at least; there are 2" in capsys.readouterr().err


def test_one_number_of_epochs_for_all_types_lies_between_theirs(predicted):
    rows = predicted.df("""
        SELECT accuracy, target, p.predicted, min(t.predicted) AS least, max(t.predicted) AS most FROM depth_epochs AS p
        JOIN epochs_to_target AS t USING (depth, accuracy, target) WHERE t.predicted IS NOT NULL
        GROUP BY ALL HAVING count(*) = 3
    """).dropna()
    assert len(rows) > 30
    assert (rows["least"] - 1 <= rows["predicted"]).all() and (rows["predicted"] <= rows["most"] + 1).all()


def test_every_drawn_depth_has_a_curve_within_its_range(predicted):
    rows = predicted.df("SELECT * FROM depth_curves WHERE depth BETWEEN 18 AND 56")
    assert set(rows["depth"]) == set(range(18, 57, 2)) and len(rows) == 20 * EPOCHS
    assert (rows["low"] <= rows["high"]).all()
    planted = rows[(rows["depth"] == 32) & (rows["epoch"] == 19)]["predicted"].iloc[0]
    assert planted == pytest.approx(pieces(32)[0].loss(19.5 * PER_EPOCH), abs=0.02)


def test_an_earlier_drop_brings_the_accuracy_earlier(predicted):
    """At a target that is reached right after the first drop, as many epochs earlier as the drop."""
    rows = predicted.df("""
        SELECT first_drop, predicted, trained FROM schedule_epochs WHERE accuracy = 'test' AND target = 0.83
        ORDER BY first_drop
    """)
    assert rows[rows["trained"]]["first_drop"].tolist() == [20]
    assert pd.isna(rows["predicted"].iloc[-1]), "without a drop the planted loss stays above"
    moved = rows.dropna()
    assert (moved["predicted"] - moved["first_drop"]).abs().max() <= 12
    assert moved["predicted"].is_monotonic_increasing


def test_training_accuracy_has_epochs_of_its_own(predicted):
    """The planted training accuracy rises evenly from 20 to 90 %, whatever the loss."""
    row = predicted.one(
        "SELECT measured FROM epochs_to_target WHERE accuracy = 'training' AND target = 0.55 AND gpu_type = 'K80'"
    )
    assert row[0] == pytest.approx(EPOCHS / 2, abs=1)
