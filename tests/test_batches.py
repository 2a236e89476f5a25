"""Learning-rate schedule and batches: milestones, random crops and flips, the order of an epoch's images."""

import numpy as np
import torch

from compute.core.schedule import milestones_at, multi_step, segment
from compute.data import synthetic
from compute.training.device_dataset import DeviceDataset, batch_indices

CPU = torch.device("cpu")


def test_the_learning_rate_falls_at_the_milestones():
    rates = [multi_step(step, lr=0.1, milestones=(10, 15)) for step in (0, 9, 10, 14, 15, 99)]
    assert rates == [0.1, 0.1, 0.01, 0.01, 0.001, 0.001]
    assert [segment(step, (10, 15)) for step in (9, 10, 15)] == [0, 1, 2]
    assert milestones_at((0.5, 0.75), 350) == (175, 262)


def test_batches_are_cropped_and_flipped_as_their_indices_say():
    data = synthetic(train=20, test=4, px=16)
    device_dataset = DeviceDataset(data, CPU)
    indices = batch_indices(20, 8, seed=1, epoch=0, pad=device_dataset.pad, augment=True)
    assert indices.shape == (2, 4, 8) and indices[:, 3].unique().tolist() == [0, 1]
    seen = []
    for step in indices:
        images, labels = device_dataset.batch(step)
        assert images.is_contiguous(memory_format=torch.channels_last)
        for image, label, (source, down, right, flip) in zip(images, labels, step.T.tolist(), strict=True):
            border = np.pad(data.train_images[source].numpy(), ((0, 0), (2, 2), (2, 2)))
            crop = border[:, down : down + 16, right : right + 16]
            crop = torch.from_numpy(crop[:, :, ::-1].copy() if flip else crop)
            expected = (crop.float() - device_dataset.mean[:, None, None]) / device_dataset.std[:, None, None]
            assert torch.allclose(image, expected, atol=1e-6) and label == data.train_labels[source]
            seen.append(source)
    assert len(set(seen)) == 16  # without replacement; the incomplete batch is dropped


def test_pixels_are_normalised():
    device_dataset = DeviceDataset(synthetic(train=96, test=48, px=8), CPU)
    indices = batch_indices(96, 96, seed=0, epoch=0, pad=device_dataset.pad, augment=False)
    images, _ = device_dataset.batch(indices[0])
    assert torch.allclose(images.mean((0, 2, 3)), torch.zeros(3), atol=1e-4)
    assert torch.allclose(images.std((0, 2, 3)), torch.ones(3), atol=1e-3)


def test_indices_are_a_function_of_seed_and_epoch():
    def indices(seed, epoch):
        return batch_indices(50, 10, seed, epoch, pad=4, augment=True)

    assert torch.equal(indices(1, 2), indices(1, 2))
    assert not torch.equal(indices(1, 2), indices(1, 3)) and not torch.equal(indices(1, 2), indices(2, 2))
    assert indices(0, 0)[:, 1:3].min() == 0 and indices(0, 0)[:, 1:3].max() == 8


def test_weights_sample_an_epoch_with_replacement():
    weights = torch.zeros(50)
    weights[[3, 7]] = torch.tensor([1.0, 3.0])
    taken = batch_indices(50, 50, 0, 0, pad=0, augment=False, weights=weights)[0, 0]
    assert set(taken.tolist()) == {3, 7} and (taken == 7).sum() > (taken == 3).sum()


def test_fewer_images_than_a_batch_make_one_batch():
    assert batch_indices(5, 128, 0, 0, pad=0, augment=False).shape == (1, 4, 5)


def test_an_epoch_can_be_shorter_or_longer_than_the_data():
    def taken(size):
        return batch_indices(10, 4, 0, 0, pad=0, augment=False, size=size)[:, 0].flatten().tolist()

    assert len(taken(8)) == len(set(taken(8))) == 8
    assert len(taken(24)) == 24 and min(taken(24).count(i) for i in range(10)) >= 2
