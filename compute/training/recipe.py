"""The settings of a training, and its results."""

from dataclasses import asdict, dataclass

import numpy as np
from torch import Tensor

from compute import ComputeError

PRECISIONS = ("fp32", "tf32", "bf16")
EXECUTION_MODES = ("auto", "eager", "graph")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train: SGD whose learning rate falls to a tenth at each of `milestones` (in epochs).

    The defaults are Problem 4's. `execution_mode` graph replays a captured CUDA graph, eager launches each
    kernel, auto is graph on CUDA and eager elsewhere. `precision` fp32 keeps TF32 off; bf16 is autocast
    with fp32 weights. Raises ComputeError for impossible values.
    """

    epochs: int
    lr: float = 0.1
    milestones: tuple[int, ...] = ()
    batch: int = 128
    momentum: float = 0.9
    weight_decay: float = 1e-4
    augment: bool = True
    seed: int = 0
    precision: str = "fp32"
    execution_mode: str = "auto"

    def __post_init__(self):
        for name, least in (("epochs", 1), ("batch", 1)):
            if getattr(self, name) < least:
                raise ComputeError(f"{name} is {getattr(self, name)}; it must be at least {least}")
        if not self.lr > 0:
            raise ComputeError(f"the learning rate is {self.lr}; it must be above 0")
        for name, allowed in (("precision", PRECISIONS), ("execution_mode", EXECUTION_MODES)):
            if getattr(self, name) not in allowed:
                raise ComputeError(f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(allowed)}")

    def as_dict(self) -> dict:
        """The recipe as a dict of values that JSON and a checkpoint can hold: tuples become lists."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


@dataclass(frozen=True, kw_only=True)
class History:
    """The results of a training.

    `losses`: float32, one a step. `epochs`: one dict an epoch, whose keys are columns of the store's table
    `epochs`. `state`: the weights, on the CPU. `seconds`: wall time with evaluations, summed over all
    processes that continued the training. `execution_mode`: the one that was used, eager or graph.
    """

    losses: np.ndarray
    epochs: list[dict]
    state: dict[str, Tensor]
    seconds: float
    started_at: str
    execution_mode: str
