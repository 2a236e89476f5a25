"""When a loss is reached, which form is best on the later part, and how much more identifies Eq. 1."""

import numpy as np
import pytest

from compute.fitting.calibrate import fit
from compute.fitting.forecast import held_out, steps_to_identify, until
from compute.fitting.forms import EQ1, EXPONENTIAL, MEAN, POWER, fit_form
from tests.test_fitting_forms import K, losses


def test_the_steps_to_a_loss_are_those_of_the_planted_curve():
    found = until(fit_form(EQ1, K, losses(EQ1, 0.002)), 0.25)
    real = (1 / 0.05 - 0.5) / 0.02 - 400  # where the curve is .25, from its 400th step on
    assert found.steps == pytest.approx(real, rel=0.05)
    assert found.earliest < real < found.latest


def test_a_loss_below_the_asymptote_is_never_reached():
    found = until(fit_form(EQ1, K, losses(EQ1, 0.002)), 0.1)
    assert (found.steps, found.latest) == (None, None)


def test_a_loss_that_is_reached_needs_no_more_steps():
    assert until(fit_form(EQ1, K, losses(EQ1, 0.002)), 1.0).steps == 0.0


def test_the_mean_reaches_nothing_below_itself():
    assert until(fit_form(MEAN, K, losses(MEAN, 0.001)), 0.35).steps is None


@pytest.mark.parametrize("form", [EQ1, POWER, EXPONENTIAL])
def test_the_planted_form_is_best_on_the_later_part(form):
    rows = held_out(K, losses(form, 0.002))
    assert rows[0].form == form
    assert rows[0].rmse == pytest.approx(0.002, rel=0.5) and abs(rows[0].end_percent) < 2


def test_errors_of_the_later_part_come_from_the_part_before_it_alone():
    l = losses(EQ1, 0.001)
    l[300:] += 1.0  # the last quarter, in what is held out, is another training
    errors = {row.form: row for row in held_out(K, l)}
    assert errors[EQ1].end_percent < -60


def test_few_points_are_not_compared():
    assert held_out(K[:9], losses(EQ1, 0.001)[:9]) == []


def test_what_is_identified_needs_no_more_steps():
    l = losses(EQ1, 0.005)
    assert fit(K, l).identified
    assert steps_to_identify(K, l, fit(K, l).curve) == 0.0


def test_twice_the_predicted_steps_identify_the_coefficients_in_most_of_twelve_seeds():
    k, identified = np.arange(1, 26.0), []
    for seed in range(12):
        seen = losses(EQ1, 0.03, seed, k)
        assert not fit(k, seen).identified
        more = steps_to_identify(k, seen, fit(k, seen).curve)
        assert more and more > 0
        longer = np.arange(1, 25 + 2 * more)
        identified.append(fit(longer, losses(EQ1, 0.03, seed, longer)).identified)
    assert sum(identified) >= 9


def test_a_loss_that_does_not_move_is_never_identified():
    l = np.full(len(K), 0.4) + np.random.default_rng(1).normal(0, 0.01, len(K))
    assert steps_to_identify(K, l, fit(K, l).curve) is None
