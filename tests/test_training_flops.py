"""FLOPs of a training: three forward passes an image of all layers, or one an augmentation of the frozen ones."""

import pytest

from compute.core.training_flops import (
    images_per_epoch,
    last_layer_flops,
    last_layer_parameters,
    training_flops,
)

RUN = {"forward_flops": 1e9, "train_images": 100, "classes": 10}


def test_an_epoch_has_the_images_of_its_whole_batches():
    assert images_per_epoch(1020, 64) == 960


def test_a_last_layer_counts_a_multiply_accumulate_as_two():
    assert last_layer_flops(10, features=4) == 80


def test_a_last_layer_has_a_bias_for_each_class():
    assert last_layer_parameters(10, features=4) == 50


@pytest.mark.parametrize("job", ["finetune", "scratch"])
def test_all_layers_take_three_forward_passes_of_every_image_of_every_epoch(job):
    assert training_flops(job=job, epochs=2, batch=30, **RUN) == 3 * 1e9 * 90 * 2


def test_a_linear_probe_takes_one_forward_pass_of_every_image():
    assert training_flops(job="linear_probe", **RUN) == 1e9 * 100


def test_a_last_layer_takes_a_forward_pass_of_every_augmented_image_and_its_own_training():
    own = 3 * last_layer_flops(10) * 90 * 2
    assert training_flops(job="extract", epochs=2, batch=30, augmentations=8, **RUN) == 1e9 * 100 * 8 + own


def test_adabn_takes_one_pass_more_for_the_statistics():
    how = {"epochs": 2, "batch": 100, "augmentations": 8, **RUN}
    assert training_flops(job="adabn", **how) - training_flops(job="extract", **how) == 1e9 * 100
