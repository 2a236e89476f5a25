"""Forms of loss curve get back planted parameters, and their bands hold what comes."""

import numpy as np
import pytest

from compute import ComputeError
from compute.fitting.forms import EQ1, EXPONENTIAL, FORMS, MEAN, POWER, fit_form

K = np.arange(1, 401.0)
CURVES = {
    EQ1: lambda k: 1 / (0.02 * k + 0.5) + 0.2,
    POWER: lambda k: 1.5 * k**-0.5 + 0.2,
    EXPONENTIAL: lambda k: 1.5 * np.exp(-k / 80) + 0.2,
    MEAN: lambda k: 0.4 + 0 * k,
}
# the parameters in the units of the fit: steps over 400, losses over the largest
PLANTED = {
    EQ1: lambda scale: (0.02 * 400 * scale, 0.5 * scale, 0.2 / scale),
    POWER: lambda scale: (1.5 * 400**-0.5 / scale, 0.5, 0.2 / scale),
    EXPONENTIAL: lambda scale: (1.5 / scale, 400 / 80, 0.2 / scale),
    MEAN: lambda scale: (0.4 / scale,),
}


def losses(form: str, noise: float, seed: int = 0, k=K) -> np.ndarray:
    return CURVES[form](k) + np.random.default_rng(seed).normal(0, noise, len(k))


@pytest.mark.parametrize("form", FORMS)
def test_planted_parameters_come_back_under_noise(form):
    fitted = fit_form(form, K, losses(form, 0.005))
    assert fitted.parameters == pytest.approx(PLANTED[form](fitted.scale), rel=0.08)
    assert fitted.rmse == pytest.approx(0.005, rel=0.25)


@pytest.mark.parametrize("form", FORMS)
def test_slopes_are_the_derivatives(form):
    fitted = fit_form(form, K, losses(form, 0.005))
    x, step = np.array([0.3, 1.0, 2.0]), 1e-6
    for column, value in enumerate(fitted.parameters):
        moved = fitted.parameters.copy()
        moved[column] = value + step
        slope = (FORMS[form].loss(x, *moved) - FORMS[form].loss(x, *fitted.parameters)) / step
        assert FORMS[form].slopes(x, fitted.parameters)[:, column] == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize("form", FORMS)
def test_the_band_holds_a_coming_point_in_most_of_forty_seeds(form):
    later = np.array([600.0])
    held = 0
    for seed in range(40):
        fitted = fit_form(form, K, losses(form, 0.02, seed))
        low, high = fitted.band(later)
        held += bool(low[0] <= losses(form, 0.02, 1000 + seed, later)[0] <= high[0])
    assert 34 <= held <= 40


def test_the_band_of_correlated_losses_is_wider():
    rng = np.random.default_rng(3)
    steps = rng.normal(0, 0.02, len(K))
    walk = steps.copy()
    for i in range(1, len(walk)):
        walk[i] = 0.9 * walk[i - 1] + np.sqrt(1 - 0.9**2) * steps[i]
    wide, narrow = (
        np.subtract(*fit_form(EQ1, K, CURVES[EQ1](K) + noise).band([800.0], of_points=False)[::-1])[0]
        for noise in (walk, steps)
    )
    assert wide > 2 * narrow


def test_a_loss_that_hardly_moves_leaves_the_far_future_open():
    fitted = fit_form(EQ1, K, losses(MEAN, 0.01))
    low, high = fitted.band([20 * 400.0])
    assert low[0] < 0.1, "nothing speaks against a further fall"
    assert high[0] < 0.45, "but the loss does not rise"


def test_no_bound_is_below_zero_or_above_where_the_loss_is():
    fitted = fit_form(POWER, K, losses(POWER, 0.1) + 0.3)
    low, high = fitted.band(np.geomspace(400, 40_000, 50))
    assert (low >= 0).all() and (high <= fitted.loss(400) + 3 * fitted.point_sd).all()


def test_the_mean_is_of_the_last_tenth():
    assert fit_form(MEAN, K, np.where(K > 360, 1.0, 9.0)).loss(999) == pytest.approx(1.0)


@pytest.mark.parametrize("bad", [[1.0, 0.5], [1.0, 0.5, 0.0, 0.1], [1.0, np.nan, 0.5, 0.1]])
@pytest.mark.parametrize("form", FORMS)
def test_losses_that_cannot_be_fitted_are_refused(form, bad):
    with pytest.raises(ComputeError):
        fit_form(form, np.arange(1.0, len(bad) + 1), bad)
