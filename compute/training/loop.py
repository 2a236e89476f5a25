"""The training loop of the report: a plain function from a network, images and a recipe to a history.

What makes it fast leaves the loss curve alone: the images lie on the device as one tensor, a batch is
augmented there in one gather, memory is channels-last, and the host never waits within an epoch
(losses collect in a device tensor). On CUDA these networks are bound by kernel launches, so that a
whole step is one CUDA graph, and several networks train side by side, each on its own stream.
"""

import time
from collections.abc import Iterable

import torch
from torch import nn
from tqdm import tqdm

from compute.data import Images
from compute.training.device_dataset import DeviceDataset
from compute.training.recipe import History, Recipe
from compute.training.trainer import DivergedError, Trainer


def train(model: nn.Module, data: Images, recipe: Recipe, device: torch.device, *, bar: int | None = 0, **options) -> History:
    """Train one network in place; `options` as in `Trainer`, the rest as in `train_concurrently`."""
    return train_concurrently([Trainer(model, DeviceDataset(data, device), recipe, device, **options)], bar=bar)[0]


def train_concurrently(trainers: list[Trainer], *, bar: int | None = 0) -> list[History]:
    """Train several networks in step, each with its own recipe, seed and checkpoint; on CUDA their steps overlap.

    `seconds` of an epoch is then the wall time of all of them. `bar` is the line of the progress bar
    (several processes have one each), None for none; a log file gets none. A trainer whose loss is no
    longer finite ends at that epoch, which is kept nowhere; the others go on, and then its
    DivergedError is raised. OSError when a checkpoint cannot be written.
    """
    diverged: dict[Trainer, DivergedError] = {}
    while active := [trainer for trainer in trainers if trainer.epoch < trainer.recipe.epochs and trainer not in diverged]:
        start = time.perf_counter()
        for trainer in active:
            trainer.begin()
        for step in progress(active, bar):
            for trainer in active:
                if step < trainer.steps:
                    trainer.step()
        for trainer in active:
            try:
                trainer.synchronize()
            except DivergedError as error:
                diverged[trainer] = error
        active = [trainer for trainer in active if trainer not in diverged]
        train_s = time.perf_counter() - start
        for trainer in active:
            trainer.evaluate()
        for trainer in active:
            trainer.end(train_s, time.perf_counter() - start)
    if diverged:
        raise next(iter(diverged.values()))
    return [trainer.history() for trainer in trainers]


def progress(trainers: list[Trainer], bar: int | None) -> Iterable[int]:
    """Step numbers of an epoch behind a progress bar that says where the trainers stand."""
    first = trainers[0]
    text = f"{' + '.join(trainer.name for trainer in trainers)}: epoch {first.epoch + 1}/{first.recipe.epochs}"
    if first.rows:
        text += f", loss {first.rows[-1]['train_loss']:.3f}"
        tested = [row["test_accuracy"] for row in first.rows if row["test_accuracy"] is not None]
        text += f", test {tested[-1]:.1%}" if tested else ""
    steps = max(trainer.steps for trainer in trainers)
    return tqdm(range(steps), desc=text, unit="step", leave=False, position=bar, disable=True if bar is None else None)
