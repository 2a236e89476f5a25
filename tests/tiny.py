"""A training that takes milliseconds, for the tests of the training loop and of what is around it."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from compute.data import synthetic
from compute.training.recipe import History, Recipe

CPU = torch.device("cpu")
DATA = synthetic(train=96, test=48, px=8)


def tiny(seed: int = 0) -> nn.Module:
    """A network of one convolution, one BatchNorm and one linear layer."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        body = [nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        return nn.Sequential(*body, nn.Linear(8, 4))


def recipe(**changes) -> Recipe:
    """Four epochs of three steps, in which the learning rate falls twice."""
    return replace(Recipe(epochs=4, batch=32, milestones=(2, 3), lr=0.05), **changes)


def same(one: History, other: History) -> bool:
    """Whether two histories agree bit for bit in everything but time."""
    return (
        np.array_equal(one.losses, other.losses)
        and untimed(one.epochs) == untimed(other.epochs)
        and all(torch.equal(one.state[key], other.state[key]) for key in one.state)
    )


def untimed(rows: list[dict]) -> list[dict]:
    """The rows of epochs without the columns that depend on time."""
    return [{key: value for key, value in row.items() if key not in ("seconds", "images_per_s")} for row in rows]
