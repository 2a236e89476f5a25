"""Eq. 1 of Optimus at hand-computed points, its inverse, its restart at drops, and the preprocessing of losses."""

import math

import numpy as np
import pytest

from compute.core.loss_curve import (
    MOST_POINTS,
    LossCurve,
    PiecewiseCurve,
    block_means,
    block_of,
    data_points,
    without_outliers,
)


def test_points_by_hand():
    curve = LossCurve(beta0=0.21, beta1=1.07, beta2=0.07)  # the paper's Fig. 7
    assert curve.loss(0) == pytest.approx(1 / 1.07 + 0.07)
    assert curve.loss(10) == pytest.approx(1 / 3.17 + 0.07)
    assert LossCurve(beta0=0.21, beta1=1.07, beta2=0.07, unit=2.0).loss(10) == pytest.approx(2 * (1 / 3.17 + 0.07))


@pytest.mark.parametrize("step", [0, 1, 7.5, 1000])
def test_step_at_inverts_loss(step):
    curve = LossCurve(beta0=0.01, beta1=0.4, beta2=0.05, unit=2.3)
    assert curve.step_at(float(curve.loss(step))) == pytest.approx(step, abs=1e-6)


def test_a_loss_below_the_asymptote_is_never_reached():
    assert LossCurve(beta0=0.01, beta1=0.4, beta2=0.05).step_at(0.05) == math.inf
    assert LossCurve(beta0=0, beta1=2, beta2=0).step_at(0.4) == math.inf
    assert LossCurve(beta0=0, beta1=2, beta2=0).step_at(0.5) == 0


@pytest.mark.parametrize("change", [{"beta0": -1}, {"beta1": math.nan}, {"beta2": math.inf}, {"unit": 0}])
def test_impossible_parameters_are_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        LossCurve(**{"beta0": 1, "beta1": 1, "beta2": 0, **change})


def test_a_drop_starts_a_new_curve():
    before, after = LossCurve(beta0=0.01, beta1=1, beta2=0.3), LossCurve(beta0=0.1, beta1=4, beta2=0.1)
    both = PiecewiseCurve(starts=(0, 100), curves=(before, after))
    assert both.loss([0, 1, 100, 101, 150]) == pytest.approx(
        [before.loss(0), before.loss(1), before.loss(100), after.loss(1), after.loss(50)]
    )


def test_starts_must_rise_from_zero():
    curve = LossCurve(beta0=1, beta1=1, beta2=0)
    for starts in ((1,), (0, 0), (0, 5, 3)):
        with pytest.raises(ValueError, match="starts"):
            PiecewiseCurve(starts=starts, curves=(curve,) * len(starts))


def test_a_spike_is_replaced_by_its_neighbours_and_nothing_else_moves():
    loss = 1 / (0.1 * np.arange(50) + 0.5)
    spiked = loss.copy()
    spiked[20] = 9.0
    clean = without_outliers(spiked, window=5)
    assert clean[20] == pytest.approx((loss[19] + loss[21]) / 2)
    assert np.delete(clean, 20) == pytest.approx(np.delete(loss, 20))
    assert without_outliers([1.0, 5.0], window=5).tolist() == [1.0, 5.0]


def test_block_means_count_steps_from_one():
    steps, means = block_means([4.0, 2.0, 3.0, 1.0, 7.0], 2)
    assert steps.tolist() == [1.5, 3.5, 5.0]
    assert means.tolist() == [3.0, 2.0, 7.0]


def test_long_trainings_are_averaged_to_the_most_points():
    assert block_of(1) == block_of(MOST_POINTS) == 1
    assert block_of(MOST_POINTS + 1) == 2


def test_data_points_are_means_over_blocks_from_the_segments_first_step_on():
    k, l = data_points(np.arange(10.0), 5, block=4, outliers_replaced=False)
    assert k.tolist() == [2.5, 6.5, 9.5] and l.tolist() == [1.5, 5.5, 8.5]


def test_outliers_are_sought_in_five_epochs_of_points():
    losses = np.linspace(3, 2, 100)
    losses[50] = 9.0
    assert data_points(losses, 4, block=1)[1].max() == pytest.approx(3)
    assert data_points(losses, 4, block=1, outliers_replaced=False)[1].max() == 9
    # a point below all of the next five epochs, though not below those after them
    dip = np.concatenate([np.full(20, 2.0), [1.0], np.full(20, 2.0), np.full(20, 0.5)])
    assert data_points(dip, 4, block=1)[1][20] == 2.0
    assert data_points(dip, 8, block=1)[1][20] == 1.0
