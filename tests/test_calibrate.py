"""Fits of Eq. 1 recover what was planted, and say where the data cannot tell."""

import numpy as np
import pytest

from compute import ComputeError
from compute.core.loss_curve import LossCurve, data_points
from compute.fitting.calibrate import fit

STEPS = np.arange(1, 2001, dtype=float)
TRUE = LossCurve(beta0=0.004, beta1=0.45, beta2=0.2)


def noisy(curve: LossCurve, steps=STEPS, deviation=0.02, seed=0):
    return curve.loss(steps) + np.random.default_rng(seed).normal(0, deviation, len(steps))


def assert_recovers(found, curve, rel=0.05):
    assert found.curve.beta0 == pytest.approx(curve.beta0, rel=rel)
    assert found.curve.beta1 == pytest.approx(curve.beta1, rel=rel)
    assert found.curve.beta2 == pytest.approx(curve.beta2, rel=rel, abs=0.005)


def test_without_noise_exactly():
    found = fit(STEPS, TRUE.loss(STEPS))
    assert_recovers(found, TRUE, rel=1e-4)
    assert found.rmse < 1e-6
    assert found.identified


@pytest.mark.parametrize("seed", range(5))
def test_under_noise_within_the_intervals(seed):
    found = fit(STEPS, noisy(TRUE, seed=seed))
    assert_recovers(found, TRUE)
    assert found.identified
    assert found.rmse == pytest.approx(0.02, rel=0.1)
    for (low, high), value in zip(
        found.intervals, (found.curve.beta0, found.curve.beta1, found.curve.beta2), strict=True
    ):
        assert low < value < high


def test_intervals_cover_at_about_their_level():
    inside = sum(
        low <= TRUE.beta0 <= high
        for seed in range(60)
        for low, high in [fit(STEPS[::10], noisy(TRUE, STEPS[::10], seed=seed)).intervals[0]]
    )
    assert 50 <= inside <= 60


def test_intervals_cover_when_neighbouring_points_err_alike():
    inside = 0
    for seed in range(60):
        noise = np.random.default_rng(seed).normal(0, 0.01, 200)
        for i in range(1, 200):
            noise[i] += 0.7 * noise[i - 1]
        low, high = fit(STEPS[::10], TRUE.loss(STEPS[::10]) + noise).intervals[0]
        inside += low <= TRUE.beta0 <= high
    assert 50 <= inside <= 60


def test_with_outliers():
    losses = noisy(TRUE, deviation=0.005)
    losses[[300, 900, 1500]] = 4.0
    k, l = data_points(losses, 40, block=2)
    assert_recovers(fit(k, l), TRUE)
    raw = data_points(losses, 40, block=2, outliers_replaced=False)
    assert fit(*raw).rmse > 2 * fit(k, l).rmse


def test_a_loss_that_nears_zero():
    low = LossCurve(beta0=0.05, beta1=0.5, beta2=0.0)
    found = fit(STEPS, np.abs(noisy(low, deviation=0.002)) + 1e-6)
    assert_recovers(found, low, rel=0.1)
    assert found.curve.beta2 < 0.005


def test_a_flat_curve_is_not_identified():
    found = fit(STEPS, np.full(len(STEPS), 0.7) + np.random.default_rng(0).normal(0, 0.01, len(STEPS)))
    assert not found.identified
    assert found.curve.loss(1000) == pytest.approx(0.7, abs=0.01)


def test_without_an_asymptote_a_flat_curve_is_its_level():
    flat = np.full(len(STEPS), 0.7) + np.random.default_rng(0).normal(0, 0.01, len(STEPS))
    found = fit(STEPS, flat, asymptote=False)
    assert (1 / found.curve.beta1, found.curve.beta2) == (pytest.approx(0.7, abs=0.01), 0.0)
    low, high = found.intervals[1]
    assert low < 1 / 0.7 < high and high - low < 0.01
    assert found.intervals[2] is None


def test_without_an_asymptote_the_other_two_are_recovered():
    found = fit(STEPS, noisy(LossCurve(beta0=0.004, beta1=0.45, beta2=0.0)), asymptote=False)
    assert_recovers(found, LossCurve(beta0=0.004, beta1=0.45, beta2=0.0))


def test_too_short_a_curve_leaves_the_asymptote_open():
    found = fit(STEPS[:20], noisy(TRUE, STEPS[:20]))
    assert found.intervals[2] is None
    assert not found.identified


def test_three_points_fit_but_identify_nothing():
    found = fit([1, 500, 2000], TRUE.loss([1, 500, 2000]))
    assert found.rmse < 1e-6
    assert found.intervals == (None, None, None)


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        ([1.0, 0.5], "2 points"),
        ([1.0, np.nan, 0.5], "not nan"),
        ([1.0, np.inf, 0.5], "not inf"),
        ([1.0, -0.1, 0.5], "not -0.1"),
        ([1.0, 0.0, 0.5], "not 0"),
    ],
)
def test_what_cannot_be_fitted_is_said(loss, says):
    with pytest.raises(ComputeError, match=says):
        fit(np.arange(1, len(loss) + 1), loss)


def test_the_unit_scales_losses_and_leaves_the_normalised_coefficients():
    k, l = STEPS, 3 * TRUE.loss(STEPS)
    found = fit(k, l, unit=3.0)
    assert_recovers(found, TRUE, rel=1e-4)
    assert found.curve.loss(1000) == pytest.approx(3 * TRUE.loss(1000), rel=1e-4)


@pytest.mark.parametrize("factor", [1e9, 1e-9])
def test_no_result_depends_on_the_unit_of_the_losses(factor):
    losses = noisy(TRUE)
    one, other = fit(STEPS, losses), fit(STEPS, factor * losses)
    units = (1 / factor, 1 / factor, factor)
    for name, unit in zip(("beta0", "beta1", "beta2"), units, strict=True):
        assert getattr(other.curve, name) == pytest.approx(unit * getattr(one.curve, name), rel=1e-5)
    assert other.rmse == pytest.approx(factor * one.rmse, rel=1e-6)
    for here, there, unit in zip(one.intervals, other.intervals, units, strict=True):
        assert there == pytest.approx((unit * here[0], unit * here[1]), rel=1e-4)


def test_a_constant_loss_fits_exactly_and_identifies_nothing_but_its_level():
    found = fit(STEPS, np.full(len(STEPS), 2.302585))
    assert found.curve.loss(STEPS) == pytest.approx(2.302585)
    assert not found.identified


def test_a_drop_of_the_learning_rate_breaks_one_curve_and_two_hold():
    drop = 1000
    after = LossCurve(beta0=0.02, beta1=4.0, beta2=0.05)
    losses = np.where(drop >= STEPS, TRUE.loss(STEPS), after.loss(np.maximum(STEPS - drop, 0)))
    losses += np.random.default_rng(0).normal(0, 0.005, len(STEPS))
    one = fit(STEPS, losses)
    two = fit(STEPS[:drop], losses[:drop]), fit(STEPS[drop:] - drop, losses[drop:])
    assert one.rmse > 3 * max(part.rmse for part in two)
    assert_recovers(two[0], TRUE)
    assert two[1].curve.beta2 == pytest.approx(0.05, abs=0.01)


def test_a_flat_loss_identifies_nothing_but_its_height():
    noise = np.random.default_rng(5).normal(0, 0.02, 200)
    found = fit(np.arange(1, 201), 0.5 + noise)
    assert found.intervals[0] is None and found.intervals[1] is None and not found.identified
    assert found.curve.loss(100) == pytest.approx(0.5, abs=0.01)
