"""The experiment `train`: a ResNet on CIFAR-10 for a GPU type, from scratch, the same recipe everywhere."""

import multiprocessing
import os
import signal
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import wait
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from compute import ComputeError
from compute import device as devices
from compute.batches import Resident
from compute.checkpoint import CHECKPOINTS, Checkpoint, claim
from compute.data import Images, load, synthetic
from compute.lane import Lane
from compute.optimus import gpus
from compute.recipe import History, Recipe
from compute.resnet_cifar import build, depth
from compute.schedule import drops_at
from compute.train import train_together
from store.artefact import RECORD, Run, write_run


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much of the data set and for how long; None images: all of them. The learning rate drops at half and at three quarters."""

    dataset: str
    epochs: int
    train_images: int | None = None
    test_images: int | None = None


# cpu: eighteen runs in four hours on two cores, and enough epochs after each drop to fit a curve to
SCALES = {
    "smoke": Scale(dataset="synthetic", epochs=4, train_images=128, test_images=64),
    "cpu": Scale(dataset="cifar10", epochs=40, train_images=5_000, test_images=2_000),
    "paper": Scale(dataset="cifar10", epochs=350),
}
SUBSET_SEED = 0


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the command asks for; `together` networks share a process and its device, `processes` share the list of runs."""

    models: tuple[str, ...]
    gpu_types: tuple[str, ...]
    scale: str
    runs: Path
    data: Path | None = None
    device: str = "auto"
    precision: str = "fp32"
    engine: str = "auto"
    threads: int = 1
    together: int = 1
    again: bool = False
    contributor: str = "the report's authors"
    checkpoints: Path = CHECKPOINTS
    checkpoint_every_s: float = 5.0
    asked_at: float = 0.0


def recipe(request: Request, gpu_type: str) -> Recipe:
    """The one recipe; only its seed depends on the GPU type, and only its length on the scale."""
    epochs = SCALES[request.scale].epochs
    return Recipe(
        epochs=epochs,
        drops=drops_at((0.5, 0.75), epochs),
        batch=128 if request.scale != "smoke" else 32,
        seed=gpus.seed(gpu_type),
        precision=request.precision,
        engine=request.engine,
    )


def images(request: Request) -> Images:
    """The scale's data set: the same images for every run."""
    scale = SCALES[request.scale]
    if scale.dataset == "synthetic":
        return synthetic(train=scale.train_images, test=scale.test_images)
    return load(scale.dataset, request.data).subset(scale.train_images, scale.test_images, SUBSET_SEED)


def planned(request: Request) -> list[Run]:
    """The records of all runs that the request names: all depths of a GPU type before the next type."""
    scale, device = SCALES[request.scale], devices.pick(request.device)
    device_name = devices.name(device)
    records = []
    for gpu_type in request.gpu_types:
        for model in request.models:
            how = recipe(request, gpu_type)
            threads = {"threads": request.threads} if device.type == "cpu" else {"together": request.together}
            records.append(
                Run(
                    problem="optimus",
                    job="train",
                    scale=request.scale,
                    provenance=gpus.provenance(gpu_type, device_name),
                    identity=("model", "gpu_type"),
                    config={**how.plain(), **asdict(scale), "subset_seed": SUBSET_SEED, **threads},
                    model=model,
                    depth=depth(model),
                    gpu_type=gpu_type,
                    dataset=scale.dataset,
                    lr=how.lr,
                    seed=how.seed,
                    device=device_name,
                    contributor=request.contributor,
                    note=gpus.note(gpu_type, device_name),
                )
            )
    return records


def done(run: Run, request: Request) -> bool:
    """Whether the run needs no training: its artefact is there, and if all is asked for again, from after that was asked."""
    file = request.runs / run.run_id / RECORD
    return file.exists() and (not request.again or file.stat().st_mtime >= request.asked_at)


def work_through(request: Request, bar: int = 0) -> list[Path]:
    """Train every planned run that is not done and that no other process has claimed; returns the artefacts written."""
    device = devices.pick(request.device)
    torch.set_num_threads(request.threads)
    waiting, written, resident = planned(request), [], None
    while waiting:
        with ExitStack() as held:
            group = []
            while waiting and len(group) < request.together:
                run = waiting.pop(0)
                if not done(run, request) and held.enter_context(claim(request.checkpoints / run.run_id)) and not done(run, request):
                    group.append(run)
            if group:
                resident = resident or Resident(images(request), device)
                written += train_group(group, request, resident, device, bar)
    return written


def train_group(group: list[Run], request: Request, resident: Resident, device: torch.device, bar: int) -> list[Path]:
    """Train the runs of a group together, write their artefacts, then drop their checkpoints."""
    lanes = []
    for run in group:
        how = recipe(request, run.gpu_type)
        model = build(run.model, resident.classes, how.seed)
        checkpoint = Checkpoint(request.checkpoints / run.run_id, request.checkpoint_every_s)
        lanes.append(Lane(model, resident, how, device, name=f"{run.model} {run.gpu_type}", checkpoint=checkpoint))
    written = []
    for run, lane, history in zip(group, lanes, train_together(lanes, bar=bar), strict=True):
        written.append(write_run(finished_record(run, history), tables(history), request.runs))
        lane.checkpoint.discard()
        last = history.epochs[-1]
        tqdm.write(f"{run.run_id}: loss {last['train_loss']:.3f}, test accuracy {last['test_accuracy']:.1%}, {history.seconds:.0f} s")
    return written


def finished_record(run: Run, history: History) -> Run:
    """The planned record, with what only the training could tell."""
    return replace(run, seconds=history.seconds, started_at=history.started_at, config={**run.config, "engine": history.engine})


def tables(history: History) -> dict:
    """The rows of `steps` and `epochs`; a step's number counts from 0."""
    steps = {"step": np.arange(len(history.losses), dtype=np.int32), "loss": history.losses}
    return {"steps": steps, "epochs": {name: [row[name] for row in history.epochs] for name in history.epochs[0]}}


def side_by_side(request: Request, processes: int) -> list[Path]:
    """`work_through` in several processes, which take the next unclaimed run each; a killed one's runs go to the others."""
    if processes == 1:
        return work_through(request)
    context = multiprocessing.get_context("spawn")
    messages = context.SimpleQueue()
    workers = [context.Process(target=worker, args=(request, bar, messages), daemon=True) for bar in range(processes)]
    written = []
    try:
        for process in workers:
            process.start()
        while alive := [process for process in workers if process.exitcode is None]:
            wait([process.sentinel for process in alive])
            while not messages.empty():
                kind, value = messages.get()
                if kind == "error":
                    raise value
                written += value
    finally:
        for process in workers:
            if process.is_alive():
                process.terminate()
        for process in workers:
            if process.pid:
                process.join()
    if any(process.exitcode for process in workers) and not all(done(run, request) for run in planned(request)):
        raise ComputeError("a training process was killed; the same command goes on from its checkpoint")
    return written


def worker(request: Request, bar: int, messages) -> None:
    """One process of `side_by_side`: leaves Ctrl-C to its parent, and ends with it, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    try:
        messages.put(("written", work_through(request, bar)))
    except (ComputeError, OSError) as error:
        messages.put(("error", error))


def seconds_per_epoch(run: Run, request: Request, resident: Resident, device: torch.device, steps: int = 3) -> float:
    """What an epoch of the run takes here, evaluation included, estimated from a few steps."""
    torch.set_num_threads(request.threads)
    how = replace(recipe(request, run.gpu_type), engine="eager")
    lane = Lane(build(run.model, resident.classes, how.seed), resident, how, device)
    lane.begin()
    lane.step()
    lane.settle()
    start = time.perf_counter()
    for _ in range(steps):
        lane.step()
    lane.settle()
    step_s = (time.perf_counter() - start) / steps
    # a forward pass is a third of a step: the gradients of inputs and of weights cost as much again each
    return step_s * (lane.steps + len(resident.test_labels) / lane.batch / 3)
