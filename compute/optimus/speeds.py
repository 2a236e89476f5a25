"""Speed models of ResNet-50's training: the paper's two, and one for each GPU type from published throughputs."""

import csv

import numpy as np
from scipy.optimize import nnls

from compute.core.gpu_time import GpuTime
from compute.core.plans import THROUGHPUT_SOURCE
from compute.core.runs import STORE
from compute.core.speed import MODES, AsynchronousSpeed, SynchronousSpeed
from compute.core.vocabulary import HELD_OUT_DEPTH

FACTS = STORE / "published"
PAPER = "Peng 2018"
PARAMETERS = 0.76e6  # of the CIFAR ResNet-50, as compute.training.resnet_cifar builds it


def published() -> dict[str, str]:
    """Values of published facts by key."""
    return {row["key"]: row["value"] for row in _facts("published")}


def throughputs() -> list[dict]:
    """Published training throughputs of the CIFAR family on one GPU: gpu_type, depth, batch, images_per_s."""
    return [
        {
            "gpu_type": row["gpu_type"],
            "depth": int(row["model"].removeprefix("resnet")),
            "batch": int(row["batch"]),
            "images_per_s": float(row["images_per_s"]),
        }
        for row in _facts("throughputs")
        if row["source"] == THROUGHPUT_SOURCE and row["model"].removeprefix("resnet").isdigit()
    ]


def _facts(name: str) -> list[dict[str, str]]:
    with open(FACTS / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def gpu_times(measured: list[dict]) -> dict[str, GpuTime]:
    """For each GPU type the non-negative least-squares line of ms a step over depth, at the batch of its first row."""
    found = {}
    for gpu_type in dict.fromkeys(row["gpu_type"] for row in measured):
        mine = [row for row in measured if row["gpu_type"] == gpu_type]
        batch = mine[0]["batch"]
        design = np.array([[1.0, row["depth"]] for row in mine])
        fixed, per_layer = nnls(design, np.array([1e3 * batch / row["images_per_s"] for row in mine]))[0]
        found[gpu_type] = GpuTime(gpu_type=gpu_type, fixed_ms=float(fixed), per_layer_ms=float(per_layer), batch=batch)
    return found


def speed_models(facts: dict[str, str], gpus: dict[str, GpuTime]) -> dict[str, SynchronousSpeed | AsynchronousSpeed]:
    """The paper's two models by mode, and one for each GPU type by its name, at the batch of its measurements.

    A GPU type's model is Eq. 4 with its computing terms replaced by the time that published measurements
    give for that GPU, and its transfer term in proportion to the size of the network that is planned.
    """
    theta = tuple(float(facts[f"optimus_sync_theta{i}"]) for i in range(5))
    smaller = PARAMETERS / (1e6 * float(facts["optimus_resnet50_params_millions"]))
    models: dict = {
        "synchronous": SynchronousSpeed(theta=theta, batch=float(facts["optimus_m_implied"])),
        "asynchronous": AsynchronousSpeed(theta=tuple(float(facts[f"optimus_async_theta{i}"]) for i in range(4))),
    }
    for gpu_type, gpu in gpus.items():
        computing_s = gpu.step_s(HELD_OUT_DEPTH) / gpu.batch
        models[gpu_type] = SynchronousSpeed(
            theta=(computing_s, 0.0, theta[2] * smaller, theta[3], theta[4]), batch=gpu.batch
        )
    return models


def speed_model_rows(models: dict[str, SynchronousSpeed | AsynchronousSpeed]) -> list[dict]:
    """Rows of `speed_models`; an asynchronous model has no θ4 and no M."""
    return [
        {
            "name": name,
            "mode": "synchronous" if isinstance(model, SynchronousSpeed) else "asynchronous",
            **{f"theta{i}": model.theta[i] if i < len(model.theta) else None for i in range(5)},
            "m_batch": float(model.batch) if isinstance(model, SynchronousSpeed) else None,
            "source": PAPER if name in MODES else THROUGHPUT_SOURCE,
        }
        for name, model in models.items()
    ]
