"""The experiment `profile`: a device's time of matrix products, convolutions and other layers over their sizes.

`python -m compute profile`: minutes. No network is run: the sizes are a grid that the layers of common networks
lie in. Every operation runs many times back to back, with one wait at the end, and the time is divided by
the runs (Lu et al. 2017, section 5.1); the fastest of a few such samples is kept, since other programs can only
slow one down. Learnt weights take turns among copies, so that they come out of memory as in a network, and
not out of a cache.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product as grid
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from compute.core.augur import SIZES, Product, operation
from compute.core.runs import Run, write_run
from compute.training import device as devices

COLD_BYTES = 64 << 20  # copies of a weight fill as much, or are COPIES
COPIES = 32
LARGEST = 2**24  # elements of a product's input or output: 64 MiB


@dataclass(frozen=True, kw_only=True)
class Effort:
    """`samples` of at least `sample_s` each; sizes per axis; no product above `largest_macs`."""

    samples: int
    sample_s: float
    wide: tuple[int, ...]
    columns: tuple[int, ...]
    largest_macs: float
    elements: tuple[int, ...]


EFFORTS = {
    "smoke": Effort(samples=1, sample_s=0, wide=(16, 64), columns=(1, 64), largest_macs=1e6, elements=(1024, 4096)),
    "small": Effort(
        samples=4,
        sample_s=4e-3,
        wide=(16, 64, 256, 1024),
        columns=(1, 49, 196, 784, 3136, 12544, 50176, 131072),
        largest_macs=2e9,
        elements=tuple(4**power for power in range(4, 13)),
    ),
    "paper": Effort(
        samples=10,
        sample_s=2e-2,
        wide=(16, 32, 64, 128, 256, 512, 1024, 2048),
        columns=(1, 16, 49, 196, 784, 3136, 12544, 50176, 131072),
        largest_macs=5e9,
        elements=tuple(2**power for power in range(8, 26)),
    ),
}


def products(effort: Effort) -> Iterator[Product]:
    """The products to time: plain ones, then convolutions of every size of filter, then depthwise ones."""
    wide, columns = effort.wide, effort.columns
    for rows, depth, column in grid((*wide, 4096), (*wide, 4 * wide[-1], 24 * wide[-1]), columns):
        yield Product(groups=1, rows=rows, depth=depth, columns=column)
    for kernel, channels in ((1, wide), (9, (3, *wide[:-1], 512)), (25, wide[:-1]), (49, (3, *wide[:2]))):
        for rows, inputs, column in grid(
            wide[: None if kernel == 1 else 3] + (512,) * (kernel == 9), channels, columns
        ):
            for stride in (1, 2) if kernel in (9, 49) or rows == wide[-1] else (1,):
                yield Product(groups=1, rows=rows, depth=inputs * kernel, columns=column, kernel=kernel, stride=stride)
    for groups, column, stride in grid(wide, columns, (1, 2)):
        yield Product(groups=groups, rows=1, depth=9, columns=column, kernel=9, stride=stride)


def largest_tensor(one: Product) -> int:
    """About how many elements the larger of a product's input and output has."""
    inputs = one.groups * one.depth // max(one.kernel, 1) * one.stride**2
    return one.columns * max(inputs, one.groups * one.rows)


def image(columns: int) -> tuple[int, int]:
    """Images and their side, of at most 56 pixels, that have about so many output pixels."""
    side = min(math.isqrt(columns), 56)
    return max(1, round(columns / side**2)), side


def of_product(one: Product, device: str) -> tuple[Product, list[Callable[[], Tensor]], list[tuple[Tensor, Tensor]]]:
    """The product as it can be run (whole images), functions that run it on one copy of the weights each, and the
    tensors whose gradients its backward pass gives.
    """
    if not one.kernel:
        data = torch.randn(one.columns, one.depth, device=device, requires_grad=True)
        shape, run = (one.rows, one.depth), lambda weight: F.linear(data, weight)
    else:
        images, side = image(one.columns)
        kernel = math.isqrt(one.kernel)
        channels = one.depth // one.kernel * one.groups
        one = replace(one, columns=images * side * side)
        data = torch.randn(images, channels, side * one.stride, side * one.stride, device=device, requires_grad=True)
        shape = (one.rows * one.groups, one.depth // one.kernel, kernel, kernel)

        def run(weight):
            return F.conv2d(data, weight, stride=one.stride, padding=kernel // 2, groups=one.groups)

    copies = max(1, min(COPIES, COLD_BYTES // (4 * math.prod(shape))))
    weights = [torch.randn(shape, device=device, requires_grad=True) for _ in range(copies)]
    return one, [lambda weight=weight: run(weight) for weight in weights], [(data, weight) for weight in weights]


def elementwise(kind: str, elements: int, device: str) -> tuple[int, Callable[[], Tensor], Tensor]:
    """How many elements a layer of this kind writes here (about `elements`), the layer, and its input."""
    channels = max(1, min(128, elements // 64))
    side = max(1, math.isqrt(elements // channels))
    wide = 2 * side if kind == "pool" else side
    data = torch.randn(1, channels, wide, wide, device=device, requires_grad=True)
    half, scale = data.detach()[:, : max(1, channels // 2)], torch.ones(channels, device=device, requires_grad=True)
    momentum, parameter = torch.zeros_like(data), data.detach().clone()
    layer = {
        "relu": lambda: F.relu(data),
        "activation": lambda: F.silu(data),
        "eltwise": lambda: data + data,
        "norm": lambda: F.batch_norm(data, scale.detach(), scale.detach(), scale, scale),
        "norm_training": lambda: F.batch_norm(data, None, None, scale, scale, training=True),
        "pool": lambda: F.max_pool2d(data, 3, 2, 1),
        "lrn": lambda: F.local_response_norm(data, 5),
        "softmax": lambda: F.softmax(data, 1),
        "concat": lambda: torch.cat([data[:, : half.shape[1]], half], 1),
        "update": lambda: parameter.add_(momentum.mul_(0.9).add_(data), alpha=-1e-9),
    }[kind]
    return layer().numel(), layer, data


KINDS = ("relu", "activation", "eltwise", "norm", "norm_training", "pool", "lrn", "softmax", "concat", "update")


def clock(runs: list[Callable[[], object]], effort: Effort, wait: Callable[[], None]) -> float:
    """The ms of one run, the fastest of the samples; `runs` take turns."""

    def sample(times: int) -> float:
        wait()
        start = time.perf_counter()
        for nth in range(times):
            runs[nth % len(runs)]()
        wait()
        return (time.perf_counter() - start) / times

    for run in runs[:2]:
        run()
    once = sample(1)
    times = max(1, min(2000, math.ceil(effort.sample_s / max(once, 1e-7))))
    return 1e3 * min(sample(times) for _ in range(effort.samples))


def both_directions(runs: list, inputs: list, effort: Effort, wait) -> Iterator[tuple[str, float]]:
    """(direction, ms) of the forward pass without and of the backward pass with gradients."""
    with torch.inference_mode():
        yield "forward", clock(runs, effort, wait)
    backwards = []
    for run, leaves in list(zip(runs, inputs, strict=True))[:2]:
        output = run()
        gradient = torch.randn_like(output)
        backwards.append(
            lambda output=output, leaves=leaves, gradient=gradient: torch.autograd.grad(
                output, leaves, gradient, retain_graph=True
            )
        )
    yield "backward", clock(backwards, effort, wait)


def measure(device: str, effort: Effort) -> list[dict]:
    """The rows of table `profile_points` but for the device."""
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    rows = []
    wanted = [one for one in products(effort) if one.macs <= effort.largest_macs and largest_tensor(one) <= LARGEST]
    nothing = dict.fromkeys(SIZES, 0)
    for one in tqdm(wanted, desc="products", unit="size"):
        real, runs, inputs = of_product(one, device)
        for direction, ms in both_directions(runs, inputs, effort, wait):
            sizes = {name: getattr(real, name) for name in SIZES}
            rows.append({"operation": operation(real), "direction": direction, **sizes, "elements": 0, "ms": ms})
    for kind, elements in tqdm(list(grid(KINDS, effort.elements)), desc="other layers", unit="size"):
        written, layer, data = elementwise(kind, elements, device)
        for direction, ms in (
            both_directions([layer], [(data,)], effort, wait)
            if kind != "update"
            else (("forward", _without_gradients(layer, effort, wait)),)
        ):
            rows.append({"operation": kind, "direction": direction, **nothing, "elements": written, "ms": ms})
    return rows


def _without_gradients(layer: Callable[[], Tensor], effort: Effort, wait) -> float:
    with torch.no_grad():
        return clock([layer], effort, wait)


def configuration(device: str, scale: str) -> Run:
    """The record of a device's profile."""
    effort = EFFORTS[scale]
    return Run(
        problem="flops",
        job="profile",
        scale=scale,
        provenance="measured",
        identity=("device", *(["threads"] if device == "cpu" else [])),
        config={
            "device_kind": device,
            "threads": torch.get_num_threads(),
            "precision": "fp32",
            "samples": effort.samples,
            "sample_s": effort.sample_s,
        },
        device=devices.name(torch.device(device)),
        note="Operations run back to back; the fastest sample is kept. No network of the report is run.",
    )


def run(record: Run, runs: Path) -> Path:
    """Profile the device that `record` names and write the run; returns its folder."""
    start = time.perf_counter()
    rows = measure(record.config["device_kind"], EFFORTS[record.scale])
    place = {"device": record.device, "threads": record.config["threads"]}
    rows = [{**place, "position": position, **row} for position, row in enumerate(rows)]
    return write_run(replace(record, seconds=round(time.perf_counter() - start, 3)), {"profile_points": rows}, runs)
