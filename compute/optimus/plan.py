"""The experiment `plan`: what ResNet-50's epochs to an accuracy cost in hours, against workers and servers.

Question 4.3. Speeds come from Eqs. 3 and 4 of Optimus with the coefficients of its Table 2, and for each GPU
type from Eq. 4 with the computing time that published measurements give for that GPU. A GPU by itself needs
no server and exchanges nothing.

    python -m compute plan

Cost: less than a second. Results: the hours of question 4.3 (tables `speed_models`, `gpu_times` and
`time_to_accuracy`).
"""

import sys
import time
from dataclasses import asdict
from pathlib import Path

import pyarrow.parquet as pq

from compute import ComputeError
from compute.core import plans
from compute.core.runs import ArtefactError, Run, read_record, run_id, write_run
from compute.core.scales import shown_trainings
from compute.core.speed import MODES, AsynchronousSpeed, SynchronousSpeed
from compute.core.targets import EpochsToTarget, common_target
from compute.core.vocabulary import ACCURACIES, HELD_OUT_DEPTH, TARGET_ACCURACY
from compute.optimus.speeds import PARAMETERS, gpu_times, published, speed_model_rows, speed_models, throughputs
from compute.optimus.trainings import finished


def run(runs: Path, scale: str | None) -> Path:
    """Plan from the prediction of a scale and write the run; returns its folder.

    A GPU type without a published throughput is left out, with a line on standard error. Raises
    ComputeError where nothing has been predicted, or the prediction reaches no accuracy.
    """
    start = time.perf_counter()
    record, folder = prediction(runs, scale)
    target, gpu_types, epochs = epochs_at_target(folder)
    images = images_of_an_epoch(runs, record)
    gpus = gpu_times(throughputs())
    for gpu_type in gpu_types:
        if gpu_type not in gpus:
            print(f"{gpu_type} is not planned: {plans.THROUGHPUT_SOURCE} has no throughput of it", file=sys.stderr)
    models = speed_models(published(), {name: gpu for name, gpu in gpus.items() if name in gpu_types})
    made = Run(
        problem="optimus",
        job="plan",
        scale=record["scale"],
        provenance="modelled",
        config={
            "target": target,
            "images_of_an_epoch": images,
            "parameters": PARAMETERS,
            "measured_by": plans.THROUGHPUT_SOURCE,
        },
        depth=HELD_OUT_DEPTH,
        inputs=(record["run_id"],),
        seconds=round(time.perf_counter() - start, 3),
    )
    tables = {
        "gpu_times": [asdict(gpu) for gpu in gpus.values()],
        "speed_models": speed_model_rows(models),
        "time_to_accuracy": hours(models, epochs, images, target),
    }
    return write_run(made, tables, runs)


def prediction(runs: Path, scale: str | None) -> tuple[dict, Path]:
    """The record and folder of the prediction at a scale, by default the one of the trainings that the report shows."""
    places = shown_trainings(finished(runs))
    scale = scale or (places[0][0].scale if places else None)
    at = f" at scale {scale}" if scale else ""
    missing = ComputeError(f"there is no prediction{at} in {runs}; make it with: python -m compute predict")
    if scale is None:
        raise missing
    folder = runs / run_id({"problem": "optimus", "job": "predict", "scale": scale})
    try:
        return read_record(folder), folder
    except (ArtefactError, OSError):
        raise missing from None


def epochs_at_target(folder: Path) -> tuple[float, list[str], dict]:
    """The test accuracy that is planned for, the GPU types, and the epochs to it, the same on all types.

    The accuracy is `common_target` up to TARGET_ACCURACY; the epochs are the row of `depth_epochs`, with `predicted`
    and its range `low` to `high`, None where the accuracy may never be reached.
    """
    pooled = {
        row["target"]: row
        for row in pq.read_table(folder / "depth_epochs.parquet").to_pylist()
        if row["depth"] == HELD_OUT_DEPTH and row["accuracy"] == ACCURACIES[0]
    }
    trained = [
        row
        for row in pq.read_table(folder / "epochs_to_target.parquet").to_pylist()
        if row["accuracy"] == ACCURACIES[0]
    ]
    rows = [
        EpochsToTarget(
            gpu_type=row["gpu_type"],
            target=row["target"],
            predicted=pooled[row["target"]]["predicted"],
            trained=row["measured"],
        )
        for row in trained
    ]
    target = common_target(rows, TARGET_ACCURACY)
    if target is None:
        raise ComputeError(f"the prediction in {folder.name} reaches no accuracy on every GPU type; train for longer")
    return target, list(dict.fromkeys(row.gpu_type for row in rows)), pooled[target]


def images_of_an_epoch(runs: Path, record: dict) -> int:
    """Images that an epoch of the trainings behind a prediction goes through: its steps × their batch."""
    source = runs / record["inputs"][0]
    steps = pq.read_table(source / "epochs.parquet", columns=["step"])["step"][0].as_py()
    return steps * read_record(source)["config"]["batch"]


def hours(
    models: dict[str, SynchronousSpeed | AsynchronousSpeed], epochs: dict, images: int, target: float
) -> list[dict]:
    """Rows of `time_to_accuracy`: every speed model with every number of servers and workers."""
    paper_batch, rows = models["synchronous"].batch, []
    for name, speed in models.items():
        of_type, needed = name not in MODES, epochs["predicted"]
        grid = plans.plan(speed, images=needed * images, batch=getattr(speed, "batch", paper_batch), standalone=of_type)
        rows += [
            {
                "speed_model": name,
                "servers": int(servers),
                "workers": int(workers),
                "gpu_type": name if of_type else None,
                "target": target,
                "epochs": needed,
                "epochs_low": epochs["low"],
                "epochs_high": epochs["high"],
                "hours": float(took),
            }
            for servers, workers, took in zip(grid.servers, grid.workers, grid.hours, strict=True)
        ]
    return rows
