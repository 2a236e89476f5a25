"""The experiment `evaluate`: networks measured whole, beside what six models predict for them.

`python -m compute profile --evaluate`: minutes, after `profile`. Forward passes of single images for networks of
torchvision and Caffe, and training steps of the CIFAR ResNets. The models:

- `flops`: FLOPs over the device's peak, the best matrix product of its profile;
- `paleo`: PALEO's equation with one platform percent of peak (PPP);
- `paleo_overhead`: the same with a constant time a layer beside it;
- `augur_products`: Lu et al.'s, the network's matrix products at their profiled throughput;
- `augur_layers`: every layer at the profiled throughput of its own operation;
- `augur_fitted`: the same times one factor, for what lies between the layers.

The constants of `paleo`, `paleo_overhead` and `augur_fitted` are fitted on all other networks of the same pass (leave
one out); the other models see no network at all.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
import torch.nn.functional as F
from torch import nn
from tqdm import tqdm

from compute import ComputeError
from compute.core.augur import (
    Element,
    Network,
    Profile,
    layers_forward_ms,
    layers_step_ms,
    products_forward_ms,
    products_step_ms,
)
from compute.core.paleo import Platform, layer_times
from compute.core.runs import Run, write_run
from compute.core.step_time import fit, typical_ratio
from compute.core.training_flops import TRAINING_PASSES
from compute.counting.count import Layer, count
from compute.flops.layers import build, build_on_meta, network
from compute.training import resnet_cifar

CIFAR_SHAPE = (3, 32, 32)
CIFAR_CLASSES = 10
CIFAR = "cifar_"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Networks whose forward pass of one image is measured, those whose training step is, and how often."""

    forward: tuple[str, ...]
    steps: tuple[str, ...]
    batch: int
    repeats: int


NAMED = ("caffe_nin", "vgg19", "caffe_alexnet", "vgg16", "caffe_googlenet", "caffe_resnet50")
OTHERS = ("alexnet", "vgg11", "resnet18", "resnet34", "resnet50", "wide_resnet50_2", "resnext50_32x4d", "googlenet")
MOBILE = ("squeezenet1_1", "mobilenet_v2", "mnasnet1_0", "shufflenet_v2_x1_0", "efficientnet_b0", "regnet_y_400mf")
DENSE = ("densenet121", "inception_v3")
PLANS = {
    "smoke": Plan(forward=("squeezenet1_1", "alexnet"), steps=("resnet8", "resnet18"), batch=2, repeats=1),
    "small": Plan(
        forward=(*NAMED, *OTHERS, *MOBILE, *DENSE),
        steps=tuple(name for name in resnet_cifar.BLOCKS if name != "resnet8"),
        batch=128,
        repeats=12,
    ),
}
PLANS["paper"] = replace(PLANS["small"], repeats=50)


def counted_network(layers: Sequence[Layer]) -> Network:
    """What of counted layers decides the time."""
    return Network(
        products=tuple(product for layer in layers for product in layer.products),
        elements=tuple(
            Element(kind=layer.kind, elements=layer.activation_bytes / 4) for layer in layers if not layer.products
        ),
        params=sum(layer.params for layer in layers),
    )


def fastest_ms(run: Callable[[], object], repeats: int, wait: Callable[[], None]) -> float:
    """The ms of the fastest of `repeats` runs, after two that are not timed."""
    times = []
    for repeat in range(-min(2, repeats), repeats):
        wait()
        start = time.perf_counter()
        run()
        wait()
        if repeat >= 0:
            times.append(1e3 * (time.perf_counter() - start))
    return min(times)


def forward_ms(model: str, device: str, repeats: int, wait) -> float:
    """The measured forward pass of one image."""
    module = build(model).to(device)
    data = torch.randn(1, *network(model).input_shape, device=device)
    with torch.inference_mode():
        return fastest_ms(lambda: module(data), repeats, wait)


def step_ms(model: str, device: str, batch: int, repeats: int, wait) -> float:
    """The measured training step of a CIFAR ResNet: both passes and SGD's update with momentum."""
    module = resnet_cifar.build(model, CIFAR_CLASSES).to(device).train()
    optimiser = torch.optim.SGD(module.parameters(), lr=1e-4, momentum=0.9)
    data = torch.randn(batch, *CIFAR_SHAPE, device=device)
    labels = torch.randint(CIFAR_CLASSES, (batch,), device=device)

    def step():
        optimiser.zero_grad()
        F.cross_entropy(module(data), labels).backward()
        optimiser.step()

    return fastest_ms(step, repeats, wait)


def predictions(cases: list[tuple[list[Layer], float]], profile: Profile, *, step: bool, batch: int) -> list[dict]:
    """For each (counted layers, measured ms) of one pass, the ms of every model by its name."""
    passes = TRAINING_PASSES if step else 1
    peak = Platform(peak_tflops=profile.peak_tflops, memory_gbps=profile.memory_gbps)
    augur = (products_step_ms, layers_step_ms) if step else (products_forward_ms, layers_forward_ms)
    ideal, compute, layers = [], [], []
    for found, _ in cases:
        columns = {
            name: np.array([getattr(one, name) for one in found])
            for name in ("flops", "input_bytes", "params", "activation_bytes")
        }
        times = layer_times(
            columns["flops"], columns["input_bytes"], 4 * columns["params"], columns["activation_bytes"], batch, peak
        )
        ideal.append(passes * float(times.total_ms.sum()))
        compute.append(passes * float(times.compute_ms.sum()))
        layers.append(passes * sum(one.kind != "scale" for one in found))
    measured = np.array([ms for _, ms in cases])
    networks = [counted_network(found) for found, _ in cases]
    by_products, by_layers = ([model(one, profile, batch) for one in networks] for model in augur)
    result = []
    for nth in range(len(cases)):
        others = np.arange(len(cases)) != nth

        def scaled(whole: list[float], nth: int = nth, others: np.ndarray = others) -> float:
            found = typical_ratio(np.array(whole)[others], measured[others])
            return float(found.ms(whole[nth], 0))

        both = fit(np.array(ideal)[others], np.array(layers)[others], measured[others], overhead=True)
        result.append(
            {
                "flops": compute[nth],
                "paleo": scaled(ideal),
                "paleo_overhead": float(both.ms(ideal[nth], layers[nth])),
                "augur_products": by_products[nth],
                "augur_layers": by_layers[nth],
                "augur_fitted": scaled(by_layers),
            }
        )
    return result


def configuration(profile: Run) -> Run:
    """The record of the evaluation of a profile."""
    plan = PLANS[profile.scale]
    kept = ("device_kind", "threads", "precision")
    return replace(
        profile,
        job="evaluate",
        config={name: profile.config[name] for name in kept} | {"repeats": plan.repeats, "training_batch": plan.batch},
        inputs=(profile.run_id,),
        note="Random weights and data. The fastest of the repeats is kept, as in the profile.",
    )


def run(record: Run, runs: Path) -> Path:
    """Measure, predict and write the run; returns its folder. Raises ComputeError where the profile is missing."""
    start = time.perf_counter()
    folder, plan, device = runs / record.inputs[0], PLANS[record.scale], record.config["device_kind"]
    if not (folder / "profile_points.parquet").exists():
        raise ComputeError(f"there is no profile {record.inputs[0]}; run first: python -m compute profile")
    profile = Profile.of_rows(pq.read_table(folder / "profile_points.parquet").to_pylist())
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    forward = [
        (model, count(build_on_meta(model), network(model).input_shape), forward_ms(model, device, plan.repeats, wait))
        for model in tqdm(plan.forward, desc="forward passes", unit="network")
    ]
    steps = [
        (CIFAR + model, count(_cifar(model), CIFAR_SHAPE), step_ms(model, device, plan.batch, plan.repeats, wait))
        for model in tqdm(plan.steps, desc="training steps", unit="network")
    ]
    rows = compared({"forward": forward, "step": steps}, record, profile)
    return write_run(replace(record, seconds=round(time.perf_counter() - start, 3)), {"time_predictions": rows}, runs)


def compared(measured: dict[str, list], record: Run, profile: Profile) -> list[dict]:
    """The rows of table `time_predictions`: for each pass its cases, (name, counted layers, measured ms)."""
    rows = []
    for kind, cases in measured.items():
        batch = record.config["training_batch"] if kind == "step" else 1
        predicted = predictions([case[1:] for case in cases], profile, step=kind == "step", batch=batch)
        for (model, _, ms), models in zip(cases, predicted, strict=True):
            place = {"device": record.device, "model": model, "pass": kind, "batch": batch}
            known = {"measured_ms": ms, "repeats": record.config["repeats"]}
            rows += [{**place, "predictor": name, "predicted_ms": value, **known} for name, value in models.items()]
    return rows


def _cifar(model: str) -> nn.Module:
    return resnet_cifar.build(model, CIFAR_CLASSES)
