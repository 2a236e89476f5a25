"""The network whose parameter-server training is timed, as a function from a vector of parameters to its gradient.

It has no BatchNorm: its statistics are those of a worker's share, with which a gradient summed over
shares would not be that of the whole batch.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

PX, CLASSES, CHANNELS = 16, 10, 32


def build(seed: int = 0) -> nn.Module:
    """Three convolutions and two linear layers, some 150,000 parameters, for images of 16 pixels."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, CHANNELS, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(CHANNELS * (PX // 4) ** 2, 240),
        nn.ReLU(),
        nn.Linear(240, CLASSES),
    )


def sizes(network: nn.Module) -> list[int]:
    """Parameters of each weight and bias."""
    return [parameter.numel() for parameter in network.parameters()]


def vector(network: nn.Module) -> np.ndarray:
    """All parameters, one after the other."""
    return nn.utils.parameters_to_vector(network.parameters()).detach().numpy().copy()


def images(step: int, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The images and labels of a step, the same whoever asks: random images with labels that depend on them."""
    make = torch.Generator().manual_seed(step)
    x = torch.randn(batch, 3, PX, PX, generator=make)
    return x, (x.mean((1, 2, 3)) * 1e3).long().remainder(CLASSES)


def share(batch: int, worker: int, workers: int) -> slice:
    """The images of a step that a worker has; numbers that cannot be divided differ by one."""
    return slice(batch * worker // workers, batch * (worker + 1) // workers)


def gradient(network: nn.Module, parameters: np.ndarray, step: int, batch: int, part: slice) -> np.ndarray:
    """The part of a step's gradient that some of its images give: their summed loss over the whole batch's size."""
    nn.utils.vector_to_parameters(torch.from_numpy(parameters), network.parameters())
    x, y = (one[part] for one in images(step, batch))
    network.zero_grad(set_to_none=True)
    (F.cross_entropy(network(x), y, reduction="sum") / batch).backward()
    return torch.cat([p.grad.reshape(-1) for p in network.parameters()]).numpy()
