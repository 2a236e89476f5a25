"""Seconds of a training step of a CIFAR ResNet on a GPU type, from published throughputs.

A step takes a part that every network has and a part for each layer: these networks are thin, and
what a layer costs hardly depends on its width. Both are at the batch size of the measurements.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class GpuTime:
    """A step takes `fixed_ms` + `per_layer_ms` × depth milliseconds for `batch` images on a GPU of type `gpu_type`."""

    gpu_type: str
    fixed_ms: float
    per_layer_ms: float
    batch: int

    def __post_init__(self):
        for name in ("fixed_ms", "per_layer_ms"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}; it must be a finite number of milliseconds, at least 0")
        if self.batch < 1:
            raise ValueError(f"batch is {self.batch}; it must be at least 1")

    def step_s(self, depth: float, batch: float | None = None) -> float:
        """Seconds of a step; another batch takes time in proportion to its images, as if the GPU were kept busy."""
        return (self.fixed_ms + self.per_layer_ms * depth) / 1e3 * (1.0 if batch is None else batch / self.batch)

    def images_per_s(self, depth: float) -> float:
        """Training throughput at the measured batch size."""
        return self.batch / self.step_s(depth)
