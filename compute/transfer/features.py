"""What the frozen base network makes of the images, computed once: a new last layer sees nothing else of them."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from tqdm import tqdm

from compute.batches import Resident, epoch_plan
from compute.data import Images, cache

VIEWS_SEED = 0
BATCH = 128


@dataclass(frozen=True, kw_only=True)
class Features:
    """Pooled features, float32: `train` views x images x 2048, of random crops and flips; `plain` of the same images as they are; `val` and `test`.

    `seconds` is what computing each part took (`train`, `plain`, `val`, `test`), also where it comes from the cache.
    """

    train: Tensor
    plain: Tensor
    val: Tensor
    test: Tensor
    seconds: dict[str, float]


def extract(model: nn.Module, choose: Images, report: Images, resident: Resident, views: int, origin: str) -> Features:
    """Features of all splits, and of `views` augmented views of each train image, each part from the cache where it was computed before.

    `model` ends before its last layer and stays in evaluation mode, BatchNorm with it. `origin` tells
    one set of weights and statistics from another.
    """
    splits = {"plain": report.train_images, "val": choose.test_images, "test": report.test_images}
    digests = {name: digest(images) for name, images in splits.items()}
    found, seconds, base = {}, {"train": 0.0}, (origin, resident.train.device.type)
    total = len(report.train_images) * views + sum(map(len, splits.values()))
    with tqdm(total=total, desc="features", unit="image") as bar:
        for name, images in splits.items():
            part = resident.testing(images, torch.zeros(len(images)))
            found[name], seconds[name] = cached((*base, digests[name]), lambda part=part: embed(model, part, bar))
        seen = []
        for nth in range(views):
            one, took = cached((*base, digests["plain"], nth, VIEWS_SEED), lambda nth=nth: view(model, resident, nth, bar))
            seen.append(one)
            seconds["train"] += took
    return Features(train=torch.stack(seen), **found, seconds=seconds)


def digest(values: Tensor) -> str:
    """SHA-256 of a tensor on the CPU."""
    return hashlib.sha256(values.numpy().tobytes()).hexdigest()


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


def cached(key: tuple, compute: Callable[[], Tensor]) -> tuple[Tensor, float]:
    """A tensor and the seconds that computing it took, from the cache where it was computed before."""

    def timed() -> dict:
        start = time.perf_counter()
        features = compute()
        return {"features": features, "seconds": time.perf_counter() - start}

    saved = cache.cached("features-", key, timed)
    return saved["features"], saved["seconds"]
