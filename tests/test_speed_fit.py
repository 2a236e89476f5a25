"""Eqs. 3 and 4 fitted to speeds, their errors on other points, and what the published measurements give."""

import csv

import numpy as np
import pytest

from compute.__main__ import parser
from compute.core.speed import MODES, AsynchronousSpeed, SynchronousSpeed
from compute.optimus.published_speeds import derive
from compute.optimus.speed_fit import error_percent, fit, held_out_errors, theta_intervals
from compute.optimus.speed_measured import fitted
from store.build import build
from store.optimus import speeds
from store.reader import open_reader
from tests.conftest import make_run

P, W = (grid.ravel() for grid in np.meshgrid((1, 2, 4, 8), (1, 2, 4, 8, 12)))
SYNCHRONOUS = SynchronousSpeed(theta=(0.01, 0.3, 0.2, 0.02, 0.01), batch=32.0)
ASYNCHRONOUS = AsynchronousSpeed(theta=(0.5, 0.3, 0.02, 0.01))


@pytest.mark.parametrize("model", [SYNCHRONOUS, ASYNCHRONOUS])
def test_a_fit_finds_the_planted_coefficients(model):
    mode = MODES[0] if model is SYNCHRONOUS else MODES[1]
    found = fit(mode, P, W, model.steps_per_s(P, W), 32.0)
    assert found.theta == pytest.approx(model.theta, abs=1e-9)
    assert error_percent(found, P, W, model.steps_per_s(P, W)) < 1e-6


def test_an_error_is_a_share_of_the_measured_speed():
    assert error_percent(SYNCHRONOUS, P, W, 2 * SYNCHRONOUS.steps_per_s(P, W)) == pytest.approx(50)


def test_more_points_miss_less_and_intervals_hold_the_truth():
    noise = np.random.default_rng(1).normal(1, 0.05, len(P))
    measured = (MODES[0], P, W, SYNCHRONOUS.steps_per_s(P, W) * noise, 32.0)
    errors = {row["points"]: row for row in held_out_errors(*measured)}
    assert list(errors) == [5, 8, 10, 15], "as many as leave points out"
    assert errors[15]["median_percent"] < errors[5]["median_percent"] < 30
    assert all(row["low_percent"] <= row["median_percent"] <= row["high_percent"] for row in errors.values())
    low, high = theta_intervals(*measured)[1]
    assert low <= 0.3 <= high


def test_failed_measurements_of_the_published_file_are_left_out(tmp_path):
    file = tmp_path / "speeds.csv"
    with open(file, "w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["model", "mode", "batch", "servers", "workers", "images_per_s"])
        for p, w, speed in zip(P, W, SYNCHRONOUS.steps_per_s(P, W), strict=True):
            writer.writerow(["net", "sync", 32, p, w, 32 * speed])
        writer.writerow(["net", "sync", 32, 3, 3, 0])
    (row,), errors = derive(file)
    assert row["points"] == len(P) and float(row["theta1"]) == pytest.approx(0.3)
    assert {one["points"] for one in errors} == {5, 8, 10, 15}


def test_measured_models_stand_in_the_store_beside_the_published(layout):
    from compute.core.runs import write_run

    samples = [
        {"mode": mode, "servers": p, "workers": w, "steps": 10, "seconds": 1.0, "steps_per_s": float(s)}
        for mode, model in ((MODES[0], SynchronousSpeed(theta=SYNCHRONOUS.theta, batch=64.0)), (MODES[1], ASYNCHRONOUS))
        for p, w, s in zip(P.tolist(), W.tolist(), model.steps_per_s(P, W), strict=True)
    ]
    run = make_run(
        job="speed", provenance="measured", identity=("device",), device="a CPU", config={"cores": 2, "batch": 64}
    )
    write_run(run, {"speed_samples": samples, **fitted(samples, "measured here: contention")}, layout.runs)
    assert build(layout).left_out == ()
    reader = open_reader(layout)
    rows = speeds.coefficients(reader).set_index("name")
    assert rows.loc["measured here, synchronous", "theta1"] == pytest.approx(0.3)
    assert rows.loc["measured here, asynchronous", "source"] == "measured here: contention"
    assert rows["points"].notna().all() and "published, resnet-50" in rows.index
    assert set(speeds.errors(reader)["origin"]) == {"measured", "published", "paper"}
    assert len(speeds.samples(reader)) == len(samples)


def test_of_too_few_points_there_is_no_model():
    samples = [{"mode": MODES[0], "servers": 1, "workers": w, "steps_per_s": 1.0} for w in (1, 2, 3, 4)]
    assert not any(fitted(samples, "").values())


def test_numbers_of_servers_are_read_from_the_command_line():
    asked = parser().parse_args(["speed", "--servers", "4,1,2,2", "--workers", "8"])
    assert asked.servers == (1, 2, 4) and asked.workers == (8,)
    with pytest.raises(SystemExit):
        parser().parse_args(["speed", "--servers", "0,1"])
