"""What frozen features save: a sweep of four rates with cached features, beside the plain way and beside fine-tuning.

The plain way passes every image through the frozen network in every epoch, once for each rate. One of
its epochs is measured and multiplied, as all of them would take an hour.
"""

import time

import torch
from torch import nn

from compute.core.vocabulary import LAST_LAYER_LRS
from compute.data import synthetic
from compute.training.device import cores
from compute.training.device_dataset import DeviceDataset
from compute.training.loop import train
from compute.training.recipe import Recipe
from compute.transfer.base import resnet50
from compute.transfer.features import augmented_features, features_of
from compute.transfer.heads import train_heads

IMAGES, CLASSES, PX, EPOCHS, AUGMENTATIONS = 512, 102, 64, 200, 8
RATES = LAST_LAYER_LRS


def transfer() -> dict[str, float]:
    """Seconds of the sweep (features, heads), of the plain sweep, and of an epoch of each approach; all with as many
    images in val as in train.
    """
    torch.set_num_threads(cores())
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data = synthetic(classes=CLASSES, train=IMAGES, test=IMAGES, px=PX)
    device_dataset, recipe = (
        DeviceDataset(data, device),
        Recipe(epochs=EPOCHS, milestones=(60, 120, 180), batch=64, weight_decay=0.0),
    )
    frozen = resnet50(CLASSES, None, 0)
    frozen.fc = nn.Identity()
    frozen.to(device, memory_format=torch.channels_last)
    features_of(frozen, device_dataset.with_evaluation_images(data.test_images[:64], data.test_labels[:64]))

    start = time.perf_counter()
    features = torch.stack([augmented_features(frozen, device_dataset, nth) for nth in range(AUGMENTATIONS)])
    val = features_of(frozen, device_dataset)
    features_s = time.perf_counter() - start
    start = time.perf_counter()
    train_heads(
        features, data.train_labels, val, data.test_labels, classes=CLASSES, lrs=RATES, seeds=(0,), recipe=recipe
    )
    heads_s = time.perf_counter() - start

    plain = resnet50(CLASSES, None, 0).requires_grad_(False)
    plain.fc.requires_grad_(True)
    plain_s = epoch_s(plain, data, device)
    finetune_s = epoch_s(resnet50(CLASSES, None, 0), data, device)
    return {
        "features_s": features_s,
        "heads_s": heads_s,
        "sweep_s": features_s + heads_s,
        "plain_epoch_s": plain_s,
        "plain_sweep_s": plain_s * EPOCHS * len(RATES),
        "finetune_epoch_s": finetune_s,
        "head_epoch_s": (features_s + heads_s) / EPOCHS / len(RATES),
    }


def epoch_s(model: nn.Module, data, device: torch.device) -> float:
    """Seconds of the second epoch, evaluation included."""
    times = []
    for epochs in (1, 2):
        start = time.perf_counter()
        train(
            model,
            data,
            Recipe(epochs=epochs, batch=64, lr=0.01, weight_decay=0.0, execution_mode="eager"),
            device,
            bar=None,
        )
        times.append(time.perf_counter() - start)
    return times[1] - times[0]
