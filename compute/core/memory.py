"""Memory of inference and of a training step, in bytes, from a network's counted layers.

Inference holds the weights and, at its fullest moment, the activations that are alive at once. Training
holds weights, gradients and the optimiser's state, and all that autograd keeps of the forward pass for the
backward pass. What that is, is counted layer by layer (compute/counting/kept.py): the inputs of
convolutions, linear layers and normalisations, the outputs of ReLU (in place or not), indices of pooling,
masks of dropout; a tensor that two operations keep counts once. A training step is at its fullest where the
forward pass ends, if the gradients of the step before are still there, or within the backward pass.

Left out is what a framework takes beside: its context on a GPU, workspaces of convolutions, fragments of
its allocator. `reserve_bytes` of `largest_batch` stands for them.
"""

import math
from dataclasses import dataclass

import numpy as np

FP32_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Bytes of one element: of a weight (with copies of it), a gradient, a value of the optimiser's state, an
    activation.
    """

    weight: float
    gradient: float
    state: float
    activation: float


# how a training holds its numbers; `mixed` is automatic mixed precision: fp32 weights and a 16-bit copy of them,
# `bf16` and `fp16` hold everything in 16 bits, `fp8` is mixed with 8-bit copies and activations (the least that it can
# take: layers that stay in 16 bits take more)
TRAINING = {
    "fp32": Precision(weight=4, gradient=4, state=4, activation=4),
    "tf32": Precision(weight=4, gradient=4, state=4, activation=4),
    "mixed": Precision(weight=6, gradient=4, state=4, activation=2),
    "bf16": Precision(weight=2, gradient=2, state=2, activation=2),
    "fp16": Precision(weight=2, gradient=2, state=2, activation=2),
    "fp8": Precision(weight=5, gradient=4, state=4, activation=1),
}
INFERENCE_BYTES = {"fp32": 4, "tf32": 4, "mixed": 2, "bf16": 2, "fp16": 2, "fp8": 1}  # of a weight or an activation

STATE_VALUES = {"sgd": 0, "momentum": 1, "adam": 2}  # that an optimiser keeps for each weight


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes by what they hold; `activations_bytes` are a whole batch's."""

    weights_bytes: float
    gradients_bytes: float = 0.0
    optimiser_bytes: float = 0.0
    activations_bytes: float = 0.0

    @property
    def total_bytes(self) -> float:
        return self.weights_bytes + self.gradients_bytes + self.optimiser_bytes + self.activations_bytes


def inference_memory(params, live_bytes, *, batch: int, precision: str = "fp32") -> Memory:
    """Memory of a forward pass that keeps nothing.

    Arrays (layers,) of the table `layers`: `params`, and `live_bytes`, the activations of one image that
    exist at once while the layer runs, in fp32. Raises ValueError for a batch below 1 or an unknown precision.
    """
    element = _known(INFERENCE_BYTES, "precision", precision)
    live = np.max(np.asarray(live_bytes, dtype=float), initial=0)
    return Memory(
        weights_bytes=float(element * np.sum(params)),
        activations_bytes=float(_checked(batch) * live * element / FP32_BYTES),
    )


def training_memory(
    params, kept_bytes, kept_index_bytes=0, *, batch: int, precision: str = "fp32", optimiser: str = "momentum"
) -> Memory:
    """Memory of a training step.

    Arrays (layers,) of the table `layers`, for one image: `params`, `kept_bytes` (floating-point tensors
    kept for the backward pass, in fp32) and `kept_index_bytes` (indices and masks, whose width does not
    change with the precision). `optimiser` is a key of STATE_VALUES. Raises ValueError for a batch below
    1, an unknown precision or optimiser.
    """
    width = _known(TRAINING, "precision", precision)
    values = _known(STATE_VALUES, "optimiser", optimiser)
    weights = float(np.sum(params))
    image = float(np.sum(kept_bytes) * width.activation / FP32_BYTES + np.sum(kept_index_bytes))
    return Memory(
        weights_bytes=width.weight * weights,
        gradients_bytes=width.gradient * weights,
        optimiser_bytes=values * width.state * weights,
        activations_bytes=_checked(batch) * image,
    )


def largest_batch(memory_bytes: float, of_one: Memory, reserve_bytes: float = 0.0) -> int:
    """The largest batch that fits into `memory_bytes`; 0 where not even one image does.

    `of_one` is the memory at batch 1, from either function; `reserve_bytes` stay free for the framework.
    """
    fixed = of_one.total_bytes - of_one.activations_bytes
    left = memory_bytes - reserve_bytes - fixed
    if left < of_one.activations_bytes:
        return 0
    if of_one.activations_bytes <= 0:
        raise ValueError("the network keeps no activations, so that every batch fits; count its layers first")
    return math.floor(left / of_one.activations_bytes)


def _known(table: dict, what: str, name: str):
    if name not in table:
        raise ValueError(f"{what} is {name!r}; it must be one of {', '.join(table)}")
    return table[name]


def _checked(batch: int) -> int:
    if batch < 1:
        raise ValueError(f"batch is {batch}; it must be at least 1")
    return batch
