"""A log as the page shows it: pieces, units, forecasts, hours and cost."""

import numpy as np
import pytest

from compute import ComputeError
from compute.fitting import outlook
from compute.fitting.analysis import analyse
from compute.fitting.forms import EQ1, FORMS, MEAN
from compute.fitting.pieces import pieces
from compute.logs import read_log
from compute.logs.recorded import recorded
from tests.planted_logs import lines

PER_EPOCH, EPOCHS = 20, 60


def planted(epochs: int = EPOCHS, lr: bool = True, drop: int = 40):
    """A log that drops after epoch 40, seconds in each row."""
    step = np.arange(1, epochs * PER_EPOCH + 1)
    first, k = step <= drop * PER_EPOCH, np.maximum(step - drop * PER_EPOCH, 0)
    loss = np.where(first, 1 / (0.01 * step + 0.5) + 0.2, 1 / (0.02 * k + 6) + 0.1)
    loss = np.round(loss + np.random.default_rng(5).normal(0, 0.002, len(step)), 5)
    epoch = (step - 1) // PER_EPOCH
    rate = np.where(first, 0.1, 0.01)
    columns = (step, epoch, loss, rate) if lr else (step, epoch, loss)
    return read_log("a.csv", lines("step,epoch,loss" + (",lr" if lr else ""), *columns))


def test_the_pieces_are_those_between_drops():
    first, second = pieces(planted())
    assert (first.first, first.end, second.first, second.end) == (0, 800, 800, 1200)
    assert (len(first.k) + len(second.k)) == 600, "means of two steps, as there are more than a thousand"
    assert second.k[0] == pytest.approx(1.5)


def test_a_part_of_a_log_ends_there():
    (only,) = pieces(planted(), 0.5)
    assert only.end == 600


def test_the_last_piece_is_forecast_with_what_was_planted():
    found = analyse(planted(), form=EQ1)
    curve = found.pieces[-1].fit.curve
    assert (curve.beta0, curve.beta1, curve.beta2) == pytest.approx((0.02, 6, 0.1), rel=0.15)
    said = outlook.outlook(found, EQ1, ahead=20, target=0.14, unit_s=1800, usd_per_h=2)
    assert said.loss == pytest.approx(1 / (0.02 * 800 + 6) + 0.1, rel=0.03)
    assert said.low < said.loss < said.high
    steps = (1 / 0.04 - 6) / 0.02 - 400
    assert said.until == pytest.approx(steps / PER_EPOCH, rel=0.15)
    assert said.hours == pytest.approx(said.until / 2) and said.usd == pytest.approx(said.until)
    assert (said.ahead_hours, said.ahead_usd) == (10, 20)


def test_without_time_or_price_there_are_no_hours_or_costs():
    found = analyse(planted())
    said = outlook.outlook(found, EQ1, ahead=20, target=0.14, unit_s=None, usd_per_h=2)
    assert (said.hours, said.usd, said.ahead_hours) == (None, None, None)


def test_the_form_is_the_best_one_or_the_one_asked_for():
    found = analyse(planted())
    assert found.chosen == found.held_out[0].form
    assert analyse(planted(), form=MEAN).chosen == MEAN
    assert analyse(planted(), form="nonsense").chosen == found.chosen
    assert set(found.forms) == set(FORMS)


def test_what_came_after_is_what_the_fit_did_not_see():
    log = planted()
    later = outlook.came_after(log, analyse(log, 0.5), 0.5)
    assert later["at"].min() > 30 and later["at"].max() == pytest.approx(EPOCHS, abs=0.1)
    everything = outlook.came_after(log, analyse(log), 1.0)
    assert len(everything["at"]) == 0


def test_a_log_that_does_not_tell_its_epochs_is_in_steps():
    log = read_log("a.csv", lines("step,loss", np.arange(1, 101), 1 / (0.1 * np.arange(1, 101) + 0.5)))
    assert outlook.unit(analyse(log)) == "step"
    assert outlook.seen_points(analyse(log))["at"].max() == 100


def test_coefficients_are_in_epochs_with_their_intervals():
    first, second = outlook.coefficient_rows(analyse(planted()))
    assert first["beta0"] == pytest.approx(0.01 * PER_EPOCH, rel=0.05)
    assert first["beta0_low"] < first["beta0"] < first["beta0_high"] and first["identified"]
    assert (second["from"], second["to"]) == (40, 60)


def test_a_smooth_schedule_is_noticed():
    step = np.arange(1, 201)
    rate = 0.05 * (1 + np.cos(np.pi * step / 200)) + 1e-4
    log = read_log("a.csv", lines("step,loss,lr", step, 1 / (0.1 * step + 0.5) + 0.1, rate))
    assert analyse(log).smooth_schedule and not analyse(planted()).smooth_schedule


def test_a_last_piece_that_cannot_be_fitted_is_refused_with_the_reason():
    log = read_log("a.csv", lines("step,loss", np.arange(1, 31), np.r_[np.linspace(2, 1, 29), 0.0]))
    with pytest.raises(ComputeError, match="above 0"):
        analyse(log)


def test_the_log_of_a_run_has_its_drops_and_times():
    epochs = {"epoch": np.arange(4), "step": np.arange(1, 5) * 5, "lr": np.array([0.1, 0.1, 0.01, 0.01])}
    log = recorded("a-run", np.arange(1, 21), np.linspace(2, 1, 20), epochs | {"seconds": np.full(4, 3.0)})
    assert [(each.step, each.epoch) for each in log.milestones] == [(10, 2)]
    assert log.steps_per_epoch == 5
    assert analyse(log).epoch_s == 3.0
    assert np.isnan(log.epochs.test_accuracy).all()
