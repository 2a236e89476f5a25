"""PALEO's time of a layer on a platform (Qi, Sparks, Talwalkar: PALEO, ICLR 2017, sections 3.1.1 and 3.3).

Equation 1: a layer's time is the time to read its inputs, plus the time to compute, plus the time to
write its outputs, one after the other: T = R + C + W, with C = FLOPs / speed, R and W = bytes /
bandwidth. FLOPs count a multiply-accumulate as two operations, as peak figures do (section 3.1.3).

No platform reaches its peak: section 3.3 scales by a *platform percent of peak* (PPP), one constant for
a device with its software, fitted on a few workloads. The authors' code divides the memory terms by
it too, and so does this module.
"""

import math
from dataclasses import dataclass

import numpy as np

MOST_PPP = 5  # as a fraction; more is a percentage by mistake


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A device with its software: peak in TFLOP/s, memory bandwidth in GB/s (10⁹ bytes), PPP as a fraction.

    A PPP above 1 means that less is done than the model counts.
    """

    peak_tflops: float
    memory_gbps: float
    ppp: float = 1.0

    def __post_init__(self):
        for name, unit in (("peak_tflops", "TFLOP/s"), ("memory_gbps", "GB/s")):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}; it must be a positive number of {unit}")
        if not 0 < self.ppp <= MOST_PPP:
            raise ValueError(
                f"ppp is {self.ppp}; it is a fraction of the peak, above 0 and at most {MOST_PPP} (62 % is 0.62)"
            )


@dataclass(frozen=True, kw_only=True)
class LayerTimes:
    """Milliseconds for a batch, one element a layer."""

    compute_ms: np.ndarray
    read_ms: np.ndarray
    write_ms: np.ndarray

    @property
    def total_ms(self) -> np.ndarray:
        return self.read_ms + self.compute_ms + self.write_ms


def layer_times(flops, input_bytes, param_bytes, output_bytes, batch: int, platform: Platform) -> LayerTimes:
    """Equation 1 for each layer: T = R + C + W, all divided by PPP.

    `flops`, `input_bytes` and `output_bytes` are arrays (layers,) for one image; `param_bytes` (layers,)
    are read once, whatever the batch. Raises ValueError for a batch below 1.
    """
    if batch < 1:
        raise ValueError(f"batch is {batch}; it must be at least 1")
    flops, inputs, params, outputs = (
        np.asarray(values, dtype=float) for values in (flops, input_bytes, param_bytes, output_bytes)
    )
    flop_per_ms = platform.peak_tflops * 1e9 * platform.ppp
    bytes_per_ms = platform.memory_gbps * 1e6 * platform.ppp
    return LayerTimes(
        compute_ms=batch * flops / flop_per_ms,
        read_ms=(batch * inputs + params) / bytes_per_ms,
        write_ms=batch * outputs / bytes_per_ms,
    )


def throughput(total_ms, batch: int) -> float:
    """Images per second when the layers of a batch take `total_ms` (a sum, or an array to sum) one after the other."""
    return 1e3 * batch / float(np.sum(total_ms))
