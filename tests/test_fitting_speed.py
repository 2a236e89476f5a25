"""Speed models fitted to planted points, and the point to measure next."""

import numpy as np
import pytest

from compute.core.speed import MODES, AsynchronousSpeed, SynchronousSpeed
from compute.fitting.speed import fit, next_point

SYNC = SynchronousSpeed(theta=(1.02, 2.78, 4.92, 0.1, 0.02), batch=40)
ASYNC = AsynchronousSpeed(theta=(2.83, 3.92, 0.2, 0.11))
SERVERS, WORKERS = (g.ravel() for g in np.meshgrid([1, 2, 4, 8], [1, 2, 4, 8, 16], indexing="ij"))


def measured(model, noise: float, seed: int = 0):
    exact = model.steps_per_s(SERVERS, WORKERS)
    return exact * np.random.default_rng(seed).normal(1, noise, len(exact))


@pytest.mark.parametrize(("model", "mode", "batch"), [(SYNC, MODES[0], 40), (ASYNC, MODES[1], None)])
def test_theta_is_recovered_without_noise(model, mode, batch):
    found = fit(SERVERS, WORKERS, measured(model, 0), mode=mode, batch=batch)
    assert found.model.theta == pytest.approx(model.theta, rel=1e-6, abs=1e-6)
    assert found.error_percent < 1e-6


def test_intervals_hold_the_planted_values_under_noise():
    held = []
    for seed in range(40):
        found = fit(SERVERS, WORKERS, measured(SYNC, 0.02, seed), mode=MODES[0], batch=40)
        held += [low <= true <= high for (low, high), true in zip(found.intervals, SYNC.theta, strict=True)]
        assert found.model.theta[2] == pytest.approx(4.92, rel=0.1)
    assert np.mean(held) > 0.9


def test_more_points_err_less():
    every = np.arange(len(SERVERS))
    errors = []
    for count in (5, 10):
        off = []
        for seed in range(30):
            some = np.random.default_rng(seed).choice(every, count, replace=False)
            speed = measured(SYNC, 0.05, seed)
            found = fit(SERVERS[some], WORKERS[some], speed[some], mode=MODES[0], batch=40)
            off.append(
                np.mean(np.abs(SYNC.steps_per_s(SERVERS, WORKERS) / found.model.steps_per_s(SERVERS, WORKERS) - 1))
            )
        errors.append(np.median(off))
    assert errors[1] < errors[0] < 0.2


def test_too_few_points_leave_coefficients_open():
    found = fit([1, 2, 4], [1, 2, 4], SYNC.steps_per_s([1, 2, 4], [1, 2, 4]), mode=MODES[0], batch=40)
    assert found.intervals == (None,) * 5


def test_the_next_point_says_something_about_what_is_least_known():
    """Points on one server alone cannot tell w/p from w; only more servers can."""
    servers, workers = np.ones(6), np.array([1, 2, 3, 4, 6, 8])
    point = next_point(
        servers, workers, SYNC.steps_per_s(servers, workers), mode=MODES[0], batch=40, most_servers=8, most_workers=16
    )
    assert point.servers > 1 and point.narrower_percent > 50


def test_the_next_point_is_the_one_that_narrows_most():
    some = [0, 3, 7, 9, 12, 18]
    args = {"mode": MODES[0], "batch": 40}
    speed = measured(SYNC, 0.01)
    point = next_point(SERVERS[some], WORKERS[some], speed[some], **args, most_servers=8, most_workers=16)

    def width(servers, workers):
        p, w = np.append(SERVERS[some], servers), np.append(WORKERS[some], workers)
        found = fit(p, w, np.append(speed[some], SYNC.steps_per_s(servers, workers)), **args)
        low, high = found.intervals[point.theta]
        return high - low

    assert width(point.servers, point.workers) < min(width(2, 2), width(4, 4), width(1, 1))


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (([1], [1], [1.0]), "measure 2"),
        (([1, 1], [1, 2], [1.0, 0.0]), "not above 0"),
        (([1, 0], [1, 2], [1.0, 1.0]), "at least one server"),
    ],
)
def test_points_that_cannot_be_used_are_refused(points, said):
    with pytest.raises(ValueError, match=said):
        fit(*points, mode=MODES[0], batch=40)


def test_the_synchronous_model_needs_its_batch():
    with pytest.raises(ValueError, match="images of a step"):
        fit([1, 2], [1, 2], [1.0, 1.0], mode=MODES[0])
