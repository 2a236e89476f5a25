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

from compute.batches import Resident
from compute.data import Images
from compute.lane import DivergedError, Lane
from compute.recipe import History, Recipe


def train(model: nn.Module, data: Images, recipe: Recipe, device: torch.device, *, bar: int | None = 0, **options) -> History:
    """Train one network in place; `options` as in `Lane`, the rest as in `train_together`."""
    return train_together([Lane(model, Resident(data, device), recipe, device, **options)], bar=bar)[0]


def train_together(lanes: list[Lane], *, bar: int | None = 0) -> list[History]:
    """Train several networks in step, each with its own recipe, seed and checkpoint; on CUDA their steps overlap.

    `seconds` of an epoch is then the wall time of all of them. `bar` is the line of the progress bar
    (several processes have one each), None for none; a log file gets none. A lane whose loss is no
    longer finite ends at that epoch, which is kept nowhere; the others go on, and then its
    DivergedError is raised. OSError when a checkpoint cannot be written.
    """
    diverged: dict[Lane, DivergedError] = {}
    while active := [lane for lane in lanes if lane.epoch < lane.recipe.epochs and lane not in diverged]:
        start = time.perf_counter()
        for lane in active:
            lane.begin()
        for step in progress(active, bar):
            for lane in active:
                if step < lane.steps:
                    lane.step()
        for lane in active:
            try:
                lane.settle()
            except DivergedError as error:
                diverged[lane] = error
        active = [lane for lane in active if lane not in diverged]
        train_s = time.perf_counter() - start
        for lane in active:
            lane.evaluate()
        for lane in active:
            lane.end(train_s, time.perf_counter() - start)
    if diverged:
        raise next(iter(diverged.values()))
    return [lane.history() for lane in lanes]


def progress(lanes: list[Lane], bar: int | None) -> Iterable[int]:
    """Step numbers of an epoch behind a progress bar that says where the lanes stand."""
    first = lanes[0]
    text = f"{' + '.join(lane.name for lane in lanes)}: epoch {first.epoch + 1}/{first.recipe.epochs}"
    if first.rows:
        text += f", loss {first.rows[-1]['train_loss']:.3f}"
        tested = [row["test_accuracy"] for row in first.rows if row["test_accuracy"] is not None]
        text += f", test {tested[-1]:.1%}" if tested else ""
    steps = max(lane.steps for lane in lanes)
    return tqdm(range(steps), desc=text, unit="step", leave=False, position=bar, disable=True if bar is None else None)
