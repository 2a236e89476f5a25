"""Features of the frozen base network, computed once and cached: all that a new last layer is trained on."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from tqdm import tqdm

from compute.data import Images, cache
from compute.training.device_dataset import DeviceDataset, batch_indices

AUGMENTATION_SEED = 0
BATCH = 128


@dataclass(frozen=True, kw_only=True)
class Features:
    """Pooled features, float32: `train` augmentations x images x 2048, the others images x 2048.

    `train` is of random crops and flips, `unaugmented` of the same train images as they are. `seconds` is
    what computing each part took (`train`, `unaugmented`, `val`, `test`), also where it is read from the cache.
    """

    train: Tensor
    unaugmented: Tensor
    val: Tensor
    test: Tensor
    seconds: dict[str, float]


def extract(
    model: nn.Module,
    val_data: Images,
    test_data: Images,
    device_dataset: DeviceDataset,
    augmentations: int,
    origin: str,
) -> Features:
    """The features of all splits, and of `augmentations` random augmentations of each train image.

    Each part is read from the cache where it was computed before. `model` ends before its last layer and stays
    in evaluation mode, also its BatchNorm. `origin` identifies the weights and statistics.
    """
    images = {"unaugmented": test_data.train_images, "val": val_data.test_images, "test": test_data.test_images}
    digests = {name: digest(pixels) for name, pixels in images.items()}
    parts, seconds, key = {}, {"train": 0.0}, (origin, device_dataset.train.device.type)
    total = len(test_data.train_images) * augmentations + sum(map(len, images.values()))
    with tqdm(total=total, desc="features", unit="image") as bar:
        for name, pixels in images.items():
            part = device_dataset.with_evaluation_images(pixels, torch.zeros(len(pixels)))
            parts[name], seconds[name] = cached((*key, digests[name]), lambda part=part: features_of(model, part, bar))
        augmented = []
        for nth in range(augmentations):
            features, took_s = cached(
                (*key, digests["unaugmented"], nth, AUGMENTATION_SEED),
                lambda nth=nth: augmented_features(model, device_dataset, nth, bar),
            )
            augmented.append(features)
            seconds["train"] += took_s
    return Features(train=torch.stack(augmented), **parts, seconds=seconds)


def digest(values: Tensor) -> str:
    """SHA-256 of the values of a tensor on the CPU."""
    return hashlib.sha256(values.numpy().tobytes()).hexdigest()


@torch.no_grad()
def features_of(model: nn.Module, data: DeviceDataset, bar: tqdm | None = None) -> Tensor:
    """The model's output for every evaluation image of `data`, N x 2048, on the CPU."""
    model.eval()
    batches = []
    for pixels in data.test.split(BATCH):
        batches.append(model(data.normalise(pixels)).float().cpu())
        if bar:
            bar.update(len(pixels))
    return torch.cat(batches)


@torch.no_grad()
def augmented_features(model: nn.Module, device_dataset: DeviceDataset, nth: int, bar: tqdm | None = None) -> Tensor:
    """The model's output for the `nth` random crop and flip of every train image, in the images' order, N x 2048."""
    model.eval()
    count = len(device_dataset.train_labels)
    indices = batch_indices(count, count, AUGMENTATION_SEED, nth, pad=device_dataset.pad, augment=True)[0]
    indices = indices[:, indices[0].argsort()]
    batches = []
    for part in indices.to(device_dataset.train.device).split(BATCH, dim=1):
        batches.append(model(device_dataset.batch(part)[0]).float().cpu())
        if bar:
            bar.update(part.shape[1])
    return torch.cat(batches)


def cached(key: tuple, compute: Callable[[], Tensor]) -> tuple[Tensor, float]:
    """A tensor and the seconds that computing it took, read from the cache where it was computed before."""

    def timed() -> dict:
        start = time.perf_counter()
        features = compute()
        return {"features": features, "seconds": time.perf_counter() - start}

    saved = cache.cached("features-", key, timed)
    return saved["features"], saved["seconds"]
