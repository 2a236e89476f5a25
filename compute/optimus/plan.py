"""The experiment `plan`: what ResNet-50's epochs to an accuracy cost in hours, against workers and servers (question 4.3).

Speeds come from Eqs. 3 and 4 of Optimus with the coefficients of its Table 2, and for each GPU type
from Eq. 4 with its computing terms replaced by the time that published measurements give for that GPU,
and its transfer term in proportion to the size of the network that is planned. A GPU by itself needs
no server and exchanges nothing.
"""

import csv
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from scipy.optimize import nnls

from compute import ComputeError
from compute.core.gpu_time import GpuTime
from compute.core.runs import STORE, ArtefactError, Run, read_record, write_run
from compute.core.speed import AsynchronousSpeed, SynchronousSpeed
from compute.core.vocabulary import HELD_OUT_DEPTH, TARGET_ACCURACY, scale_order

FACTS = STORE / "published"
MEASURED_BY, BATCH = "CIFAR course runs", 128
PARAMETERS = 0.76e6  # of the CIFAR ResNet-50, as compute.training.resnet_cifar builds it
SERVERS, WORKERS = (1, 2, 4, 8), range(1, 41)


def run(runs: Path, scale: str | None) -> Path:
    """Plan from the newest prediction at a scale and write the run; returns its folder.

    Raises ComputeError where nothing has been predicted, or the prediction reaches no accuracy.
    """
    start = time.perf_counter()
    record, folder = prediction(runs, scale)
    epochs, target = epochs_at(folder, TARGET_ACCURACY)
    images = images_of_an_epoch(runs, record)
    gpus = gpu_times(throughputs())
    models = speeds(published(), {name: gpu for name, gpu in gpus.items() if name in epochs})
    sync_batch, hours = models["synchronous"].batch, []
    for name, speed in models.items():
        gpu_type = name if name in epochs else None
        # the paper's cluster stands for no GPU type: it gets the mean of their epochs, which should be one and the same
        steps = epochs.get(name, float(np.mean(list(epochs.values())))) * images / getattr(speed, "batch", sync_batch)
        for servers in SERVERS:
            for workers in WORKERS:
                took = steps / float(speed.steps_per_s(servers, workers)) / 3600
                row = {"speed_model": name, "servers": servers, "workers": workers, "gpu_type": gpu_type, "target": target, "hours": took}
                hours.append(row)
        if gpu_type:
            alone = {"speed_model": name, "servers": 0, "workers": 1, "gpu_type": gpu_type, "target": target}
            hours.append({**alone, "hours": steps * gpus[name].step_s(HELD_OUT_DEPTH) / 3600})
    made = Run(
        problem="optimus",
        job="plan",
        scale=record["scale"],
        provenance="modelled",
        config={"target": target, "images_of_an_epoch": images, "parameters": PARAMETERS, "measured_by": MEASURED_BY},
        depth=HELD_OUT_DEPTH,
        inputs=(record["run_id"],),
        seconds=round(time.perf_counter() - start, 3),
    )
    tables = {"gpu_times": [asdict(gpu) for gpu in gpus.values()], "speed_models": rows(models), "time_to_accuracy": hours}
    return write_run(made, tables, runs)


def prediction(runs: Path, scale: str | None) -> tuple[dict, Path]:
    """The record and folder of the prediction at a scale, by default the one from the most trainings, of equal ones at the largest."""
    found = {}
    for folder in runs.glob("optimus-predict-*"):
        try:
            record = read_record(folder)
        except (ArtefactError, OSError):
            continue
        found[record["scale"]] = (record, folder)
    chosen = scale or max(found, key=lambda name: (len(found[name][0]["inputs"]), scale_order(name)), default=None)
    if chosen not in found:
        raise ComputeError(f"there is no prediction{f' at scale {scale}' if scale else ''} in {runs}; make it with: python -m compute predict")
    return found[chosen]


def epochs_at(folder: Path, target: float) -> tuple[dict[str, float], float]:
    """Predicted epochs by GPU type to `target`, or else to the highest lower accuracy that is predicted for all and that every replica reached; and that accuracy."""
    table = pq.read_table(folder / "epochs_to_target.parquet").to_pylist()
    trained = {row["gpu_type"] for row in table if row["measured"] is not None}
    by_target: dict[float, dict[str, float]] = {}
    for row in table:
        reached = by_target.setdefault(row["target"], {})
        if row["predicted"] is not None and (row["measured"] is not None or row["gpu_type"] not in trained):
            reached[row["gpu_type"]] = row["predicted"]
    gpu_types = {row["gpu_type"] for row in table}
    common = [accuracy for accuracy, epochs in by_target.items() if accuracy <= target and set(epochs) == gpu_types]
    if not common:
        raise ComputeError(f"the prediction in {folder.name} reaches no accuracy on every GPU type; train for longer")
    return by_target[max(common)], max(common)


def images_of_an_epoch(runs: Path, record: dict) -> int:
    """Images that an epoch of the trainings behind a prediction goes through: its steps × their batch."""
    source = read_record(runs / record["inputs"][0])
    first = pq.read_table(runs / record["inputs"][0] / "epochs.parquet", columns=["step"])["step"][0].as_py()
    return first * source["config"]["batch"]


def throughputs() -> list[dict]:
    """Published training throughputs of the CIFAR family: gpu_type, depth, images_per_s."""
    with open(FACTS / "throughputs.csv", encoding="utf-8", newline="") as file:
        every = [row for row in csv.DictReader(file) if row["source"] == MEASURED_BY and row["model"].removeprefix("resnet").isdigit()]
    return [{"gpu_type": r["gpu_type"], "depth": int(r["model"].removeprefix("resnet")), "images_per_s": float(r["images_per_s"])} for r in every]


def published() -> dict[str, str]:
    """Values of published facts by key."""
    with open(FACTS / "published.csv", encoding="utf-8", newline="") as file:
        return {row["key"]: row["value"] for row in csv.DictReader(file)}


def gpu_times(measured: list[dict]) -> dict[str, GpuTime]:
    """For each GPU type the non-negative least-squares line of ms a step over depth."""
    found = {}
    for gpu_type in dict.fromkeys(row["gpu_type"] for row in measured):
        mine = [row for row in measured if row["gpu_type"] == gpu_type]
        design = np.array([[1.0, row["depth"]] for row in mine])
        fixed, per_layer = nnls(design, np.array([1e3 * BATCH / row["images_per_s"] for row in mine]))[0]
        found[gpu_type] = GpuTime(gpu_type=gpu_type, fixed_ms=float(fixed), per_layer_ms=float(per_layer), batch=BATCH)
    return found


def speeds(facts: dict[str, str], gpus: dict[str, GpuTime]) -> dict[str, SynchronousSpeed | AsynchronousSpeed]:
    """The paper's two models, and one for each GPU type at the batch size of its measurements."""
    sync = tuple(float(facts[f"optimus_sync_theta{i}"]) for i in range(5))
    smaller = PARAMETERS / (1e6 * float(facts["optimus_resnet50_params_millions"]))
    models: dict = {
        "synchronous": SynchronousSpeed(theta=sync, batch=float(facts["optimus_m_implied"])),
        "asynchronous": AsynchronousSpeed(theta=tuple(float(facts[f"optimus_async_theta{i}"]) for i in range(4))),
    }
    for gpu_type, gpu in gpus.items():
        theta = (gpu.step_s(HELD_OUT_DEPTH) / gpu.batch, 0.0, sync[2] * smaller, sync[3], sync[4])
        models[gpu_type] = SynchronousSpeed(theta=theta, batch=gpu.batch)
    return models


def rows(models: dict) -> list[dict]:
    """Rows of `speed_models`; an asynchronous model has no θ4 and no M."""
    return [
        {
            "name": name,
            "mode": "synchronous" if isinstance(model, SynchronousSpeed) else "asynchronous",
            **{f"theta{i}": model.theta[i] if i < len(model.theta) else None for i in range(5)},
            "m_batch": float(model.batch) if isinstance(model, SynchronousSpeed) else None,
            "source": "Peng 2018" if name in ("synchronous", "asynchronous") else MEASURED_BY,
        }
        for name, model in models.items()
    ]
