"""What the frozen base network makes of the images, computed once: a new last layer sees nothing else of them."""

import hashlib
import io
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from compute import data as data_sets
from compute.batches import Resident, epoch_plan
from compute.data import Images

VIEWS_SEED = 0
BATCH = 128


@dataclass(frozen=True, kw_only=True)
class Features:
    """Pooled features, float32: `train` views x images x 2048, of random crops and flips; `plain` of the same images as they are; `val` and `test`."""

    train: Tensor
    plain: Tensor
    val: Tensor
    test: Tensor


def extract(model: nn.Module, choose: Images, report: Images, resident: Resident, views: int, origin: str) -> Features:
    """Features of all splits, and of `views` augmented views of each train image, from the cache where they were computed before.

    `model` ends before its last layer and stays in evaluation mode, BatchNorm with it. `origin` tells
    one set of weights from another.
    """
    pixels = [hashlib.sha256(split.numpy().tobytes()).hexdigest() for split in (report.train_images, choose.test_images, report.test_images)]
    name = hashlib.sha256(repr((origin, pixels, views, VIEWS_SEED)).encode()).hexdigest()[:20]
    kept = data_sets.CACHE / f"features-{name}.pt"
    with suppress(Exception):  # none there, or one that cannot be read: made again
        return Features(**torch.load(kept, weights_only=True))
    splits = {"val": choose.test_images, "test": report.test_images}
    total = len(report.train_images) * (views + 1) + sum(map(len, splits.values()))
    with tqdm(total=total, desc="features", unit="image") as bar:
        plain = embed(model, resident.testing(report.train_images, report.train_labels), bar)
        others = {split: embed(model, resident.testing(images, torch.zeros(len(images))), bar) for split, images in splits.items()}
        train = torch.stack([view(model, resident, nth, bar) for nth in range(views)])
    found = {"train": train, "plain": plain, **others}
    keep(found, kept)
    return Features(**found)


@torch.no_grad()
def embed(model: nn.Module, data: Resident, bar: tqdm | None = None) -> Tensor:
    """The model's output for every test image of `data`, N x 2048, on the CPU."""
    model.eval()
    found = []
    for pixels in data.test.split(BATCH):
        found.append(model(data.normalise(pixels)).float().cpu())
        if bar:
            bar.update(len(pixels))
    return torch.cat(found)


@torch.no_grad()
def view(model: nn.Module, resident: Resident, nth: int, bar: tqdm | None = None) -> Tensor:
    """The model's output for the `nth` random crop and flip of every train image, in the order of the images, N x 2048."""
    model.eval()
    count = len(resident.train_labels)
    plan = epoch_plan(count, count, VIEWS_SEED, nth, pad=resident.pad, augment=True)[0]
    plan = plan[:, plan[0].argsort()]
    found = []
    for part in plan.to(resident.train.device).split(BATCH, dim=1):
        found.append(model(resident.batch(part)[0]).float().cpu())
        if bar:
            bar.update(part.shape[1])
    return torch.cat(found)


def keep(found: dict[str, Tensor], file: Path) -> None:
    """Write the cache; where that fails the features are only computed again the next time."""
    fresh = file.with_suffix(f".{os.getpid()}.new")
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        torch.save(found, buffer)
        try:
            fresh.write_bytes(buffer.getbuffer())
            fresh.replace(file)
        finally:
            fresh.unlink(missing_ok=True)
