"""The training loop of the report: a plain function from a network, images and a recipe to a history.

It is fast by means that do not change the loss curve: the images are one tensor on the device, a batch
is augmented there by one indexing operation, memory is channels-last, and the host never waits within
an epoch, as losses are collected in a device tensor. On CUDA the time of these networks is that of
launching kernels; so a whole step is one CUDA graph, and several networks train concurrently, each on
its own stream.
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


def train(
    model: nn.Module, data: Images, recipe: Recipe, device: torch.device, *, bar: int | None = 0, **options
) -> History:
    """Train one network in place; `options` as in `Trainer`, the rest as in `train_concurrently`."""
    return train_concurrently([Trainer(model, DeviceDataset(data, device), recipe, device, **options)], bar=bar)[0]


def train_concurrently(trainers: list[Trainer], *, bar: int | None = 0) -> list[History]:
    """Train several networks in step, each with its own recipe, seed and checkpoint; on CUDA their steps overlap.

    `seconds` of an epoch is then the wall time of all of them. `bar` is the progress bar's line (each
    process has its own), None for no bar; there is none in a log file either. A trainer whose loss is no
    longer finite stops, and that epoch is not recorded; the others finish, and then its DivergedError is
    raised. Raises OSError when a checkpoint cannot be written.
    """
    diverged: dict[Trainer, DivergedError] = {}
    while active := [each for each in trainers if each.epoch < each.recipe.epochs and each not in diverged]:
        start = time.perf_counter()
        for trainer in active:
            trainer.begin_epoch()
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
            trainer.end_epoch(train_s, time.perf_counter() - start)
    if diverged:
        raise next(iter(diverged.values()))
    return [trainer.history() for trainer in trainers]


def progress(trainers: list[Trainer], bar: int | None) -> Iterable[int]:
    """The step numbers of an epoch, with a progress bar that shows the epoch and the last loss and accuracy."""
    first = trainers[0]
    description = f"{' + '.join(trainer.name for trainer in trainers)}: epoch {first.epoch + 1}/{first.recipe.epochs}"
    if first.rows:
        description += f", loss {first.rows[-1]['train_loss']:.3f}"
        accuracies = [row["test_accuracy"] for row in first.rows if row["test_accuracy"] is not None]
        description += f", test {accuracies[-1]:.1%}" if accuracies else ""
    steps = max(trainer.steps for trainer in trainers)
    hidden = True if bar is None else None  # None: where there is no terminal
    return tqdm(range(steps), desc=description, unit="step", leave=False, position=bar, disable=hidden)
