"""Learning curves of planted runs, and what is read off them."""

import numpy as np
import pytest

from store.transfer import curves
from tests.planted_transfer import EPOCHS, MILESTONES

FLOWERS = ("flowers102", 64)


def loss(epoch: int) -> float:
    """The planted training loss of an epoch, counted from 1."""
    return 0.1 + 2 * np.exp(-(epoch - 1) / 5)


def test_curves_are_means_over_seeds_with_least_and_most(planted_transfer):
    rows = curves.curves(planted_transfer, *FLOWERS, "extract")
    assert len(rows) == 4 * EPOCHS and set(rows["seeds"]) == {3}
    last = rows[(rows["lr"] == 0.1) & (rows["epoch"] == EPOCHS)].iloc[0]
    assert (last["val_low"], last["val_percent"], last["val_high"]) == pytest.approx((40, 100 * 25 / 60, 100 * 26 / 60))
    assert last["rate"] == "0.1" and last["epoch_lr"] == pytest.approx(1e-4)


def test_milestones_are_the_epochs_after_which_the_rate_falls(planted_transfer):
    assert curves.milestones(planted_transfer, *FLOWERS, "finetune")["epoch"].tolist() == list(MILESTONES)


@pytest.fixture
def summary(planted_transfer):
    return curves.curve_summary(planted_transfer, *FLOWERS).set_index(["job", "lr"])


def test_losses_are_those_of_the_first_epoch_the_first_milestone_and_the_last(summary):
    row = summary.loc[("finetune", 0.01)]
    assert (row["first_loss"], row["milestone_loss"], row["last_loss"]) == pytest.approx(
        (loss(1), loss(MILESTONES[0]), loss(EPOCHS))
    )
    assert row["largest_loss"] == pytest.approx(loss(1))


def test_steps_and_epochs_before_the_first_milestone(summary):
    row = summary.loc[("finetune", 0.01)]
    assert (row["milestone_epoch"], row["milestone_step"], row["epoch_steps"]) == (MILESTONES[0], MILESTONES[0], 1)


def test_accuracies_are_those_of_the_last_epoch(summary):
    row = summary.loc[("finetune", 0.01)]
    assert row["last_train_percent"] == pytest.approx(90 - 80 * np.exp(-(EPOCHS - 1) / 5))
    assert row["last_val_percent"] == pytest.approx(100 * 30 / 60)


def test_the_early_accuracy_is_that_of_the_first_epoch_that_fine_tuning_is_evaluated_after(summary):
    assert set(summary["early_epoch"]) == {5}
    assert summary.loc[("scratch", 0.1), "early_val_percent"] == pytest.approx(100 * 6 / 60 * 5 / EPOCHS)
