"""Learning-rate drops: from the rate, from planted losses, and none where none is."""

import numpy as np
import pytest

from compute.core.loss_curve import LossCurve, PiecewiseCurve
from compute.logs import read_log
from tests.planted_logs import lines

PER_EPOCH, EPOCHS = 20, 120
DROPS = (60, 90)
# like the losses of a ResNet on CIFAR-10 at rates of 0.1, 0.01 and 0.001; a step has 0.12 of its loss as noise
CURVE = PiecewiseCurve(
    starts=(0, *(PER_EPOCH * epoch for epoch in DROPS)),
    curves=(
        LossCurve(beta0=0.005, beta1=0.45, beta2=0.15),
        LossCurve(beta0=0.125, beta1=12.0, beta2=0.05),
        LossCurve(beta0=0.25, beta1=90.0, beta2=0.03),
    ),
)
SEEDS = range(20)


def noisy(curve: np.ndarray, seed: int, deviation: float = 0.12) -> np.ndarray:
    return curve * np.exp(np.random.default_rng(seed).normal(0, deviation, len(curve)))


def found(losses: np.ndarray, **more) -> list[int]:
    """The epochs of the drops that are found in a log without a learning rate, with a loss a step."""
    steps = np.arange(1, len(losses) + 1)
    return [
        each.epoch
        for each in read_log("a.csv", lines("step,loss", steps, losses), steps_per_epoch=PER_EPOCH, **more).milestones
    ]


def test_planted_drops_are_found_at_their_epoch_and_nowhere_else():
    curve = CURVE.loss(np.arange(1, EPOCHS * PER_EPOCH + 1))
    results = [found(noisy(curve, seed)) for seed in SEEDS]
    assert sum(result == list(DROPS) for result in results) >= 19
    assert all(set(result) <= set(DROPS) for result in results)


def test_they_are_found_in_means_of_epochs_as_well():
    losses = noisy(CURVE.loss(np.arange(1, EPOCHS * PER_EPOCH + 1)), 0).reshape(EPOCHS, PER_EPOCH).mean(axis=1)
    log = read_log("a.csv", lines("epoch,loss", range(EPOCHS), losses))
    assert [(each.epoch, each.step, each.source) for each in log.milestones] == [(60, 60, "losses"), (90, 90, "losses")]
    assert log.milestones[0].factor == pytest.approx(CURVE.loss(61 * PER_EPOCH) / CURVE.loss(60 * PER_EPOCH), rel=0.15)
    assert any("no learning rate in the log" in line for line in log.understood) and any(
        "found from the losses: after epochs 60 and 90" in line for line in log.understood
    )


WITHOUT = {
    "a constant rate": LossCurve(beta0=0.005, beta1=0.45, beta2=0.05).loss(np.arange(1, EPOCHS * PER_EPOCH + 1)),
    "a smooth end": 0.02 + 0.3 * (1 + np.cos(np.pi * np.arange(EPOCHS * PER_EPOCH) / (EPOCHS * PER_EPOCH))),
    "a plateau": np.full(EPOCHS * PER_EPOCH, 0.5),
    "a straight line": np.linspace(2.0, 0.5, EPOCHS * PER_EPOCH),
}


@pytest.mark.parametrize("what", WITHOUT)
def test_none_is_found_where_none_is(what):
    assert [found(noisy(WITHOUT[what], seed)) for seed in SEEDS] == [[]] * len(SEEDS)


def test_a_drop_within_the_noise_is_not_claimed():
    curve = np.where(np.arange(EPOCHS * PER_EPOCH) < 60 * PER_EPOCH, 0.5, 0.48)
    assert all(found(noisy(curve, seed)) == [] for seed in SEEDS)


def test_too_few_points_and_losses_below_0_are_said():
    short = read_log("a.csv", lines("epoch,loss", range(12), np.linspace(2, 1, 12)))
    assert any("12 points are too few" in line for line in short.understood)
    below = read_log("a.csv", lines("epoch,loss", range(60), np.linspace(2, -1, 60)))
    assert below.milestones == () and any("losses of 0 or less" in line for line in below.understood)


def rated(rates: np.ndarray) -> tuple:
    """The drops of a log whose learning rates are given by epoch, and what was said of it."""
    log = read_log("a.csv", lines("epoch,loss,lr", range(len(rates)), np.linspace(2, 1, len(rates)), rates))
    return [(each.epoch, each.source, round(each.factor, 3)) for each in log.milestones], " ".join(log.understood)


def test_drops_of_the_rate():
    epochs = np.arange(60)
    warmed = np.minimum(1, (epochs + 1) / 5) * np.where(epochs < 30, 0.1, np.where(epochs < 45, 0.02, 0.002))
    assert rated(warmed)[0] == [(30, "learning rate", 0.2), (45, "learning rate", 0.1)]
    assert (
        rated(np.full(60, 0.1)) == ([], rated(np.full(60, 0.1))[1])
        and "the rate does not drop" in rated(np.full(60, 0.1))[1]
    )


@pytest.mark.parametrize(
    "shape",
    [np.linspace(1, 0, 60), (1 + np.cos(np.pi * np.arange(60) / 60)) / 2, 0.5 ** np.arange(60.0)],
    ids=["linear", "cosine", "exponential"],
)
def test_a_smooth_rate_has_no_drops(shape):
    found_, said = rated(0.1 * shape)
    assert found_ == [] and "falls smoothly" in said


def test_drops_that_are_known_go_before_those_that_are_found():
    curve = noisy(CURVE.loss(np.arange(1, EPOCHS * PER_EPOCH + 1)), 0)
    log = read_log(
        "a.csv", lines("step,loss", np.arange(1, len(curve) + 1), curve), steps_per_epoch=PER_EPOCH, drops=(50, 100)
    )
    assert [(each.epoch, each.step, each.source, each.factor) for each in log.milestones] == [
        (50, 1000, "given", None),
        (100, 2000, "given", None),
    ]
