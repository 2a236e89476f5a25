"""The experiment `timings`: a network's forward pass timed in three ways, as Lu et al. (2017) did.

- `full`: the whole pass, and one wait for the device at its end (their "Forward", section 4).
- `layerwise`: the host waits before and after each layer (their "Total"). On a GPU each wait costs
  time and lets the device run dry, so that the layers sum to more than the pass.
- `amortised`: a layer runs many times back to back on its own input, with one wait at the end, and
  the time is divided by the runs (section 5.1).

A layer is a module without modules inside, or a function that does counted work outside of one: the
residual sum and the concatenation, which are layers in Caffe. Tracing the network finds both (and
turns a sum in place, `y += x`, into one with an output of its own).
"""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn
from torch.fx.node import map_aggregate
from torch.nn.attention import SDPBackend, sdpa_kernel
from tqdm import tqdm

from compute import ComputeError
from compute.core.runs import Run, write_run
from compute.counting.count import Counter
from compute.flops.layers import build, build_on_meta, network
from compute.training import device as devices


@dataclass(frozen=True, kw_only=True)
class Effort:
    """`repeats` timed measurements of `iterations` each, after `warmups` that are not timed."""

    repeats: int
    iterations: int
    warmups: int


EFFORTS = {
    "smoke": Effort(repeats=2, iterations=2, warmups=1),
    "small": Effort(repeats=20, iterations=10, warmups=3),
    "paper": Effort(repeats=50, iterations=50, warmups=10),
}


def effort(scale: str, repeats: int = 0) -> Effort:
    """The effort of a scale, with another number of repeats if one is given."""
    return replace(EFFORTS[scale], repeats=repeats or EFFORTS[scale].repeats)


class Tracer(torch.fx.Tracer):
    """Notes in each node the path of the module that it ran in, for a leaf module its own."""

    path = ""

    def call_module(self, m, forward, args, kwargs):
        outside, self.path = self.path, self.path_of_module(m)
        try:
            return super().call_module(m, forward, args, kwargs)
        finally:
            self.path = outside

    def create_node(self, *args, **kwargs):
        node = super().create_node(*args, **kwargs)
        node.meta["path"] = self.path
        return node


def trace(model: nn.Module) -> torch.fx.GraphModule:
    """The network as a list of layers and functions. Raises ComputeError if its path depends on the data."""
    try:
        return torch.fx.GraphModule(model, Tracer().trace(model))
    except torch.fx.proxy.TraceError as error:
        raise ComputeError(f"the network cannot be traced into layers: {error}") from None


class Kinds(torch.fx.Interpreter):
    """Runs a traced network on meta tensors and counts the work of every node."""

    def __init__(self, traced: torch.fx.GraphModule):
        super().__init__(traced)
        self.counter = Counter(traced)

    def run_node(self, n):
        self.counter.enter(n.name, self.fetch_attr(n.target) if n.op == "call_module" else None)
        output = super().run_node(n)
        self.counter.leave(output)
        return output


def kinds(model: str) -> dict[str, str]:
    """For each node that does counted work, in order of execution, the kind of most of it (see rules.RULES)."""
    interpreter = Kinds(trace(build_on_meta(model)))
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), interpreter.counter:
        interpreter.run(torch.empty(1, *network(model).input_shape, device="meta"))
    best: dict[str, dict] = {}
    for row in interpreter.counter.rows.values():
        name = row["name"]
        if name not in best or (row["macs"], row["other_ops"]) > (best[name]["macs"], best[name]["other_ops"]):
            best[name] = row
    return {name: row["kind"] for name, row in best.items()}


class Timer(torch.fx.Interpreter):
    """Runs a traced network and collects milliseconds of each of its layers in `ms[node name]`."""

    def __init__(self, traced: torch.fx.GraphModule, layers: Iterable[str], wait: Callable[[], None]):
        super().__init__(traced)
        self.ms: dict[str, list[float]] = {name: [] for name in layers}
        self.wait = wait

    def run_node(self, n):
        if n.name not in self.ms:
            return super().run_node(n)
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        if n.op == "call_module":
            layer = self.fetch_attr(n.target)
        else:
            layer = getattr(torch.Tensor, n.target) if n.op == "call_method" else n.target
        return self.layer(n.name, layer, args, kwargs)

    def clock(self, layer: Callable, args, kwargs, iterations: int = 1) -> tuple[object, float]:
        """The last output and the ms of one iteration; the host waits before the first and after the last."""
        self.wait()
        start = time.perf_counter()
        for _ in range(iterations):
            output = layer(*args, **kwargs)
        self.wait()
        return output, 1e3 * (time.perf_counter() - start) / iterations


class Layerwise(Timer):
    """Runs each layer once and waits for it."""

    def layer(self, name, layer, args, kwargs):
        output, ms = self.clock(layer, args, kwargs)
        self.ms[name].append(ms)
        return output


class Amortised(Timer):
    """Repeats each layer on a copy of its input, since many ReLUs and sums work in place."""

    def __init__(self, traced, layers, wait, effort: Effort, bar: tqdm):
        super().__init__(traced, layers, wait)
        self.effort, self.bar = effort, bar

    def layer(self, name, layer, args, kwargs):
        copied = map_aggregate(
            (args, kwargs), lambda value: value.clone() if isinstance(value, torch.Tensor) else value
        )
        self.clock(layer, *copied)
        self.ms[name] += [self.clock(layer, *copied, self.effort.iterations)[1] for _ in range(self.effort.repeats)]
        self.bar.update()
        return layer(*args, **kwargs)


def measure(model: str, device: str, batch: int, effort: Effort) -> list[dict]:
    """The rows of table `timings` but for model, device and batch; times are milliseconds for a batch.

    Full and layerwise passes take turns, so that a machine that slows down slows both.
    """
    layers = kinds(model)
    module = build(model).to(device)
    traced = trace(module)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    data = torch.randn(batch, *network(model).input_shape, device=device)
    full = []
    with torch.inference_mode(), tqdm(total=effort.repeats + len(layers), desc=model, unit="step") as bar:
        layerwise, amortised = Layerwise(traced, layers, wait), Amortised(traced, layers, wait, effort, bar)
        for repeat in range(-effort.warmups, effort.repeats):
            _, ms = layerwise.clock(module, (data,), {})
            layerwise.run(data)
            if repeat >= 0:
                full.append(ms)
                bar.update()
        amortised.run(data)
    rows = [row("full", 0, "forward", "forward", full)]
    nodes = [node for node in traced.graph.nodes if node.name in layers]
    for mode, timer in (("layerwise", layerwise), ("amortised", amortised)):
        for position, node in enumerate(nodes, start=1):
            ms = timer.ms[node.name][-effort.repeats :]  # without the warm-up passes
            rows.append(row(mode, position, node.meta["path"] or "(network)", layers[node.name], ms))
    return rows


def row(mode: str, position: int, what: str, kind: str, ms: list[float]) -> dict:
    """One row of table `timings` from its samples in milliseconds: their median and standard deviation."""
    middle, spread = statistics.median(ms), statistics.stdev(ms) if len(ms) > 1 else 0.0
    return {
        "mode": mode,
        "position": position,
        "what": what,
        "kind": kind,
        "ms": middle,
        "sd_ms": spread,
        "repeats": len(ms),
    }


def configuration(model: str, device: str, batch: int, scale: str, effort: Effort) -> Run:
    """The record of one run: one network on one device (cpu or cuda) at one batch size."""
    config = {"device_kind": device, "batch": batch, "input_px": network(model).input_px, **vars(effort)}
    config |= {"threads": torch.get_num_threads(), "precision": "fp32", "memory_format": "contiguous"}
    if device == "cuda":  # convolutions may round their factors to TF32, which is torch's default
        config["tf32_convolutions"] = torch.backends.cudnn.allow_tf32
    return Run(
        problem="flops",
        job="timings",
        scale=scale,
        provenance="measured",
        identity=("model", "device", *(["threads"] if device == "cpu" else []), "batch"),
        config=config,
        model=model,
        device=devices.name(torch.device(device)),
        note="Random weights and input: neither changes the operations. Evaluation mode; times are for a whole batch.",
    )


def run(record: Run, runs: Path) -> Path:
    """Measure what `record` configures and write it; returns the run's folder.

    Raises ComputeError where the network does not fit into memory.
    """
    start = time.perf_counter()
    device, batch = record.config["device_kind"], record.config["batch"]
    effort = Effort(**{name: record.config[name] for name in ("repeats", "iterations", "warmups")})
    try:
        table = measure(record.model, device, batch, effort)
    except RuntimeError as error:  # CUDA has a subclass for a full memory, the CPU only a message
        if not isinstance(error, torch.cuda.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        raise ComputeError(
            f"{record.model} with batch {batch} does not fit into {record.device}; choose a smaller --batch"
        ) from None
    table = [{"model": record.model, "device": record.device, "batch": batch, **measured} for measured in table]
    return write_run(replace(record, seconds=round(time.perf_counter() - start, 3)), {"timings": table}, runs)
