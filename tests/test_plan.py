"""The experiment `plan` on a planted prediction, and the speed models that it is made from."""

import pytest

from compute.__main__ import main
from compute.core.plans import COMPARED_SERVERS, SERVERS, THROUGHPUT_SOURCE, WORKERS
from compute.optimus.speeds import PARAMETERS, gpu_times, throughputs
from compute.training.resnet_cifar import build as build_network
from store.build import build
from store.layout import Layout
from store.reader import open_reader
from tests.planted_optimus import PER_EPOCH, pieces, plant, plant_all


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    layout = Layout.at(tmp_path_factory.mktemp("plan"))
    plant_all(layout.runs, pieces, gpu_types=("K80", "V100"), deviation=0.003)
    for command in ("predict", "plan"):
        assert main([command, "--runs", str(layout.runs)]) == 0
    assert build(layout).left_out == ()
    return open_reader(layout)


def test_hours_follow_from_epochs_and_speed(planned):
    target, epochs, hours = planned.one("""
        SELECT target, epochs, hours FROM time_to_accuracy
        WHERE speed_model = 'synchronous' AND servers = 2 AND workers = 4
    """)
    predicted = "SELECT predicted FROM depth_epochs WHERE depth = 50 AND accuracy = 'test' AND target = ?"
    assert epochs == planned.one(predicted, [target])[0]
    step_s = 1.02 * 40 / 4 + 2.78 + 4.92 * 4 / 2 + 0.02 * 2
    assert hours == pytest.approx(epochs * PER_EPOCH * 128 / 40 * step_s / 3600)


def test_the_highest_accuracy_that_is_predicted_stands_in_for_one_that_is_not(planned):
    target = planned.one("SELECT max(target) FROM time_to_accuracy")[0]
    reached = "SELECT max(target) FROM depth_epochs WHERE depth = 50 AND accuracy = 'test' AND predicted IS NOT NULL"
    assert target == planned.one(reached)[0] < 0.92


def test_every_gpu_type_and_the_paper_have_the_same_epochs_with_their_range(planned):
    rows = planned.df("SELECT DISTINCT epochs, epochs_low, epochs_high FROM time_to_accuracy")
    assert len(rows) == 1
    assert rows["epochs_low"].iloc[0] <= rows["epochs"].iloc[0]


def test_each_curve_of_the_paper_has_its_minimum_inside(planned):
    for servers in COMPARED_SERVERS:
        rows = planned.df(
            "SELECT hours FROM time_to_accuracy WHERE speed_model = 'synchronous' AND servers = ? ORDER BY workers",
            [servers],
        )
        assert 0 < rows["hours"].idxmin() < len(rows) - 1


def test_each_gpu_type_has_the_whole_grid_and_itself_alone(planned):
    rows = planned.df("SELECT gpu_type, count(*) AS plans FROM time_to_accuracy WHERE gpu_type IS NOT NULL GROUP BY 1")
    assert set(rows["gpu_type"]) == {"K80", "V100"}
    assert (rows["plans"] == len(SERVERS) * len(WORKERS) + 1).all()


def test_a_gpu_type_without_a_published_throughput_is_named(tmp_path, capsys):
    layout = Layout.at(tmp_path)
    plant_all(layout.runs, pieces, gpu_types=("K80", "T4"), deviation=0.003)
    for command in ("predict", "plan"):
        assert main([command, "--runs", str(layout.runs)]) == 0
    assert f"T4 is not planned: {THROUGHPUT_SOURCE} has no throughput of it\n" in capsys.readouterr().err
    build(layout)
    names = open_reader(layout).df("SELECT name FROM speed_models")["name"]
    assert set(names) == {"synchronous", "asynchronous", "K80"}


def test_the_plan_follows_the_scale_of_the_trainings_that_are_shown(tmp_path, capsys):
    plant_all(tmp_path, pieces, gpu_types=("K80",), deviation=0.003)
    assert main(["predict", "--runs", str(tmp_path)]) == 0
    plant_all(tmp_path, pieces, gpu_types=("K80",), deviation=0.003, scale="full")
    assert main(["plan", "--runs", str(tmp_path)]) == 2
    assert "no prediction at scale full" in capsys.readouterr().err
    assert main(["plan", "--runs", str(tmp_path), "--scale", "small"]) == 0


def test_gpu_times_recover_a_planted_line():
    measured = [
        {"gpu_type": "K80", "depth": depth, "batch": 128, "images_per_s": 128e3 / (2.0 + 0.7 * depth)}
        for depth in (20, 32, 44, 56)
    ]
    found = gpu_times(measured)["K80"]
    assert (found.fixed_ms, found.per_layer_ms) == pytest.approx((2.0, 0.7))
    assert found.images_per_s(50) == pytest.approx(128e3 / 37.0)


def test_gpu_times_of_the_published_rows_are_within_a_sixth():
    measured = throughputs()
    found = gpu_times(measured)
    assert set(found) == {"K80", "P100", "V100"}
    for row in measured:
        assert found[row["gpu_type"]].images_per_s(row["depth"]) == pytest.approx(row["images_per_s"], rel=1 / 6)


def test_the_planned_network_has_as_many_parameters_as_is_said():
    network = build_network("resnet50", 10)
    assert sum(parameter.numel() for parameter in network.parameters()) == pytest.approx(PARAMETERS, rel=0.01)


def test_nothing_to_plan_from_is_one_line(tmp_path, capsys):
    plant(tmp_path, 20, "K80", 0)
    assert main(["plan", "--runs", str(tmp_path)]) == 2
    assert "python -m compute predict" in capsys.readouterr().err
