"""Time of a forward pass or of a training step of a network, by PALEO's model and with an overhead for each layer.

PALEO (Qi et al. 2017, Eq. 1 and section 3.3) adds up, layer by layer, the times to fetch the inputs, to compute
and to write the outputs at the device's peaks, and divides the whole by one constant, the Platform Percent of
Peak (PPP). What it leaves out is the time that a layer costs whatever its size: launching its kernels. Lu et
al. (2017, section 4) see it as the gap between layers that are timed one by one and a whole pass. Here it is a
second constant of the platform:

    t = T_peak / PPP + overhead × launches

A platform is a device with its software; both constants are fitted to throughputs that were measured on it.
"""

from dataclasses import dataclass

import numpy as np

from compute.core.paleo import Platform, layer_times

FP32_BYTES = 4
# bytes of an element as it is read and written; `mixed` stores activations in 16 bits and weights in 32
ELEMENT_BYTES = {"fp32": 4, "tf32": 4, "mixed": 2, "bf16": 2, "fp16": 2, "fp8": 1}


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one image costs in a network, layer by layer, in order of execution.

    Arrays (layers,): `flops` (two a multiply-accumulate), `input_bytes` and `output_bytes` in fp32, `params`
    (weights and biases). `first` is the place of the first layer with weights, whose input needs no gradient.
    """

    flops: np.ndarray
    input_bytes: np.ndarray
    output_bytes: np.ndarray
    params: np.ndarray

    def __post_init__(self):
        shapes = {len(np.atleast_1d(value)) for value in vars(self).values()}
        if len(shapes) != 1 or shapes == {0}:
            raise ValueError("a network's work needs arrays of one length, one element a layer, and at least one layer")

    def at_size(self, ratio: float, by_position) -> "Work":
        """The work for images whose side is `ratio` times as long; `by_position` (layers,) says which layers grow.

        Layers that work at every position (convolutions, pooling, normalisation, activations) do and move ratio² times
        as much; fully connected layers behind a pooling to a fixed size do not change.
        """
        factor = np.where(by_position, ratio**2, 1.0)
        return Work(
            flops=np.asarray(self.flops) * factor,
            input_bytes=np.asarray(self.input_bytes) * factor,
            output_bytes=np.asarray(self.output_bytes) * factor,
            params=self.params,
        )

    @property
    def first(self) -> int:
        """The place of the first layer with weights."""
        return int(np.argmax(np.asarray(self.params) > 0))

    def image_flops(self, training: bool) -> float:
        """FLOPs of one image in a forward pass or in a training step, without the update.

        A training step has three times those of the forward pass, less the gradient of the network's input.
        """
        flops = np.asarray(self.flops, dtype=float)
        return float(3 * np.sum(flops) - flops[self.first] if training else np.sum(flops))

    def launches(self, training: bool) -> int:
        """Layers that are launched in a pass or, with the gradients and the updates, in a training step.

        The gradients of a layer without weights are one launch, with weights two, and the update a third.
        """
        layers, weighted = len(self.flops), int(np.sum(np.asarray(self.params) > 0))
        return layers if not training else 2 * layers + 2 * weighted - 1


def forward_at_peak_ms(work: Work, *, batch: int, peak_tflops: float, memory_gbps: float, precision="fp32") -> float:
    """PALEO's time of a forward pass at 100 % of the peaks, in ms for a batch."""
    return float(np.sum(_layers_ms(work, batch, Platform(peak_tflops=peak_tflops, memory_gbps=memory_gbps), precision)))


def training_at_peak_ms(work: Work, *, batch: int, peak_tflops: float, memory_gbps: float, precision="fp32") -> float:
    """PALEO's time of a training step at 100 % of the peaks, in ms for a batch.

    For each layer the forward pass; the gradient of its input (as many operations, reads the gradient of its
    output and the weights, writes that of the input), which the first layer with weights does not need; the
    gradient of its weights (as many operations, reads input and gradient, writes the weights' gradients); and the
    update, which reads weights, gradients and momentum in fp32 and writes weights and momentum.
    """
    platform = Platform(peak_tflops=peak_tflops, memory_gbps=memory_gbps)
    forward = _layers_ms(work, batch, platform, precision)
    data, weights = forward.copy(), np.where(np.asarray(work.params) > 0, forward, 0.0)
    data[: work.first + 1] = 0.0
    update_bytes = 5 * FP32_BYTES * float(np.sum(work.params))
    return float(np.sum(forward + data + weights)) + update_bytes / (memory_gbps * 1e6)


def at_peak_ms(work: Work, *, training: bool, **conditions) -> float:
    """The time at the peaks of a training step or of a forward pass, in ms for a batch."""
    return (training_at_peak_ms if training else forward_at_peak_ms)(work, **conditions)


def _layers_ms(work: Work, batch: int, platform: Platform, precision: str) -> np.ndarray:
    if precision not in ELEMENT_BYTES:
        raise ValueError(f"precision is {precision!r}; it must be one of {', '.join(ELEMENT_BYTES)}")
    element = ELEMENT_BYTES[precision]
    return layer_times(
        flops=work.flops,
        input_bytes=np.asarray(work.input_bytes) * element / FP32_BYTES,
        param_bytes=np.asarray(work.params) * element,
        output_bytes=np.asarray(work.output_bytes) * element / FP32_BYTES,
        batch=batch,
        platform=platform,
    ).total_ms


@dataclass(frozen=True, kw_only=True)
class StepTime:
    """The constants of a platform: PPP as a fraction, and the overhead of a launch in ms (0: PALEO's own model).

    A PPP above 1 means that the platform does less work than a direct convolution has, or in lower precision.
    """

    ppp: float
    overhead_ms: float = 0.0

    def __post_init__(self):
        if not self.ppp > 0:
            raise ValueError(f"ppp is {self.ppp}; it is a fraction of the peak, above 0 (62 % is 0.62)")
        if not self.overhead_ms >= 0:
            raise ValueError(f"overhead_ms is {self.overhead_ms}; it must not be negative")

    def ms(self, at_peak_ms, launches):
        """The time in ms of what takes `at_peak_ms` at the peaks with so many launches."""
        return np.asarray(at_peak_ms, dtype=float) / self.ppp + self.overhead_ms * np.asarray(launches, dtype=float)


def fit(at_peak_ms, launches, measured_ms, *, overhead: bool) -> StepTime:
    """The constants of a platform, none of them negative.

    Arrays (measurements,). Least squares of the relative error: of both with `overhead`, of PPP alone without, and
    where the overhead would be negative. Raises ValueError for no measurement or times that are not positive.
    """
    peak, launched, measured = (np.atleast_1d(np.asarray(v, dtype=float)) for v in (at_peak_ms, launches, measured_ms))
    if not len(measured) or not (np.all(measured > 0) and np.all(peak > 0)):
        raise ValueError("a fit needs at least one measurement, and all times above 0")
    terms = np.column_stack([peak, launched]) / measured[:, None]
    if overhead and len(measured) > 1:
        (slope, constant), *_ = np.linalg.lstsq(terms, np.ones(len(measured)), rcond=None)
        if slope > 0 and constant >= 0 and np.linalg.matrix_rank(terms) == 2:
            return StepTime(ppp=1 / float(slope), overhead_ms=float(constant))
    return StepTime(ppp=float(np.sum(terms[:, 0] ** 2) / np.sum(terms[:, 0])))


def typical_ratio(at_peak_ms, measured_ms) -> StepTime:
    """PPP alone as the geometric mean of estimate over measurement, in which a factor counts the same up and down.

    For estimates that are all off by much the same factor, of different networks at one batch; least squares of the
    relative error would follow the slowest. Arrays (measurements,).
    """
    ratio = np.asarray(at_peak_ms, dtype=float) / np.asarray(measured_ms, dtype=float)
    return StepTime(ppp=float(np.exp(np.mean(np.log(ratio)))))
