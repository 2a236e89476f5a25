"""The sizes of Problem 2's experiments: scales, and as many steps for every student."""

import pytest

from compute.supervision.commands import SCALES
from compute.supervision.sizes import SIZES
from compute.training.device_dataset import steps_per_epoch


def test_every_scale_that_the_commands_offer_has_sizes():
    assert list(SIZES) == list(SCALES)


@pytest.mark.parametrize("scale", ["small", "paper"])
def test_the_supervised_baseline_makes_as_many_steps_as_a_student(scale):
    sizes = SIZES[scale]
    pretraining = sizes.student_epochs * steps_per_epoch(sizes.student_images, sizes.batch)
    labelled_steps = steps_per_epoch(sizes.labelled_images, sizes.batch)
    baseline = sizes.supervised_epochs * labelled_steps
    student = pretraining + sizes.finetune_epochs * labelled_steps
    assert abs(baseline - student) < labelled_steps, "the same to less than an epoch"


def test_every_kind_of_student_is_trained_at_the_middle_k_and_p():
    assert SIZES["small"].middle == (4000, 2)


def test_the_learning_rate_drops_at_half_and_three_quarters():
    recipe = SIZES["small"].recipe(epochs=15, seed=3, lr=0.01)
    assert (recipe.milestones, recipe.batch, recipe.lr, recipe.seed) == ((7, 11), 128, 0.01, 3)
