"""A list of trainings that several processes share: each takes the next run that nobody has done or claimed.

A problem's `Sweep` says which runs there are and how a group of them is trained; claims,
processes, and what happens when one of them is killed are the same for all.
"""

import multiprocessing
import os
import signal
import threading
import time
from abc import ABC, abstractmethod
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from pathlib import Path

import torch

from compute import ComputeError
from compute.core.runs import RECORD, ArtefactError, Run, code_version, read_record
from compute.training import device as devices
from compute.training.checkpoint import CHECKPOINTS, Checkpoint, claim
from compute.training.device_dataset import DeviceDataset
from compute.training.loop import train_concurrently
from compute.training.trainer import DivergedError, Trainer

RETRY_S = 2.0  # between two looks at what other processes have claimed


@dataclass(frozen=True, kw_only=True)
class Sweep(ABC):
    """What a command asks for; `concurrency` networks share a process and its device, `processes` share the list of runs."""

    scale: str
    runs: Path
    data: Path | None = None
    device: str = "auto"
    precision: str = "fp32"
    execution_mode: str = "auto"
    threads: int = 1
    concurrency: int = 1
    again: bool = False
    contributor: str = "the report's authors"
    checkpoints: Path = CHECKPOINTS
    checkpoint_every_s: float = 5.0
    asked_at: float = field(default_factory=time.time)

    @abstractmethod
    def planned(self) -> list[Run]:
        """The records of all runs that the sweep names, in the order in which they are trained."""

    @abstractmethod
    def device_dataset(self) -> DeviceDataset:
        """The data set on the device; the first call also shows whether it is there."""

    @abstractmethod
    def trainer(self, run: Run, device_dataset: DeviceDataset, checkpoint: Checkpoint | None) -> Trainer:
        """The network of a run at its beginning, or where its checkpoint left off."""

    def extra_steps(self, run: Run) -> int:
        """Steps that `finish` trains beyond the trainer's, for the estimate of `--list`."""
        return 0

    @abstractmethod
    def finish(self, run: Run, trainer: Trainer, device_dataset: DeviceDataset) -> Path:
        """Write the artefact of a run whose trainer has come to its end; returns its folder."""


def done(run: Run, sweep: Sweep) -> bool:
    """Whether the run needs no training: its artefact is there, made from the same base weights, and if all is asked for again, from after that was asked."""
    file = sweep.runs / run.run_id / RECORD
    try:
        if sweep.again and file.stat().st_mtime < sweep.asked_at:
            return False
    except FileNotFoundError:  # none, or another process is just replacing it
        return False
    return made_from(file.parent, run.weights)


def made_from(folder: Path, weights: str | None) -> bool:
    """Whether a run is there, whole, and was made from these base weights."""
    try:
        return read_record(folder).get("weights") == weights
    except (ArtefactError, OSError):
        return False


def work_through(sweep: Sweep, bar: int = 0) -> list[Path]:
    """Train every planned run that is not done; returns the artefacts written.

    A run that another process has claimed is left to it, but not forgotten: should that process be
    killed, it is taken over. A run that diverges is said at the end, when all others are done.
    """
    torch.set_num_threads(sweep.threads)
    waiting, written, device_dataset, diverged = sweep.planned(), [], None, []
    while waiting:
        with ExitStack() as held:
            group, others = [], []
            for run in waiting:
                if done(run, sweep):
                    forget(run, sweep)
                if len(group) == sweep.concurrency or (not done(run, sweep) and not held.enter_context(claim(sweep.checkpoints / run.run_id))):
                    others.append(run)
                elif not done(run, sweep):  # asked once more now that nobody else can be at it
                    group.append(run)
            if group:
                device_dataset = device_dataset or sweep.device_dataset()
                try:
                    written += train_group(sweep, group, device_dataset, bar)
                except DivergedError as error:
                    diverged.append(error)
            elif others:
                time.sleep(RETRY_S)
            waiting = others
    if diverged:
        raise diverged[0]
    return written


def forget(run: Run, sweep: Sweep) -> None:
    """Drop the checkpoint of a run whose process was killed just before it could; a run that is asked for again would go on from it."""
    folder = sweep.checkpoints / run.run_id
    if folder.exists():
        with claim(folder) as mine:
            if mine:
                Checkpoint(folder).discard()


def train_group(sweep: Sweep, group: list[Run], device_dataset: DeviceDataset, bar: int) -> list[Path]:
    """Train some runs together, write their artefacts, then drop their checkpoints; `concurrency` in their configuration says how many shared the seconds."""
    trainers = [sweep.trainer(run, device_dataset, Checkpoint(sweep.checkpoints / run.run_id, sweep.checkpoint_every_s)) for run in group]
    written, error = [], None
    try:
        train_concurrently(trainers, bar=bar)
    except DivergedError as found:
        error = found
    for run, trainer in zip(group, trainers, strict=True):
        if trainer.epoch == trainer.recipe.epochs:
            try:
                written.append(sweep.finish(replace(run, config={**run.config, "concurrency": len(group)}), trainer, device_dataset))
                trainer.checkpoint.discard()
            except DivergedError as found:
                error = found
    if error:
        raise error
    return written


def side_by_side(sweep: Sweep, processes: int) -> list[Path]:
    """`work_through` in several processes, which take the next unclaimed run each; a killed one's runs go to the others."""
    if processes == 1:
        return work_through(sweep)
    context = multiprocessing.get_context("spawn")
    messages = context.SimpleQueue()
    workers = [context.Process(target=worker, args=(sweep, bar, messages), daemon=True) for bar in range(processes)]
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
    if any(process.exitcode for process in workers) and not all(done(run, sweep) for run in sweep.planned()):
        raise ComputeError("a training process was killed; the same command goes on from its checkpoint")
    return written


def worker(sweep: Sweep, bar: int, messages) -> None:
    """One process of `side_by_side`: leaves Ctrl-C to its parent, and ends with it, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code_version()
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    try:
        messages.put(("written", work_through(sweep, bar)))
    except (ArtefactError, ComputeError, OSError) as error:
        messages.put(("error", error))


def step_seconds(trainer: Trainer, steps: int = 3) -> float:
    """What a step takes here, from a few of them."""
    trainer.execution_mode = "eager"
    trainer.begin()
    trainer.step()
    trainer.synchronize()
    start = time.perf_counter()
    for _ in range(steps):
        trainer.step()
    trainer.synchronize()
    return (time.perf_counter() - start) / steps


# ---------------------------------------------------------------- what the command line does with it


def run(sweep: Sweep, processes: int, listed: bool) -> list[Path]:
    """Train what is owed, or say what is there and what is owed; returns the run folders written."""
    cuda = devices.pick(sweep.device).type == "cuda"
    runs = sweep.planned()
    owed = [one for one in runs if not done(one, sweep)]
    processes = min(processes or (1 if cuda else max(1, devices.cores() // sweep.threads)), max(1, len(owed)))
    if listed:
        show(sweep, runs, owed, processes)
        return []
    if len(owed) < len(runs):
        print(f"{len(runs) - len(owed)} of {len(runs)} runs are there already; --again trains them anew")
    if owed and processes > 1:
        sweep.device_dataset()  # a missing data set is said once, and decoded once, before any process starts
    return side_by_side(sweep, processes) if owed else []


def show(sweep: Sweep, runs: list[Run], owed: list[Run], processes: int) -> None:
    """Print each run's state, and what the owed ones would take here by a few timed steps of each network."""
    torch.set_num_threads(sweep.threads)
    device_dataset = sweep.device_dataset() if owed else None
    step_s: dict[str | None, float] = {}
    total_s = 0.0
    for run in runs:
        state = "there"
        if run in owed:
            try:
                trainer = sweep.trainer(run, device_dataset, None)
            except ComputeError as error:
                print(f"{run.run_id:48} {run.provenance:9} owed: {error}")
                continue
            if run.model not in step_s:
                step_s[run.model] = step_seconds(trainer)
            at, epochs = Checkpoint(sweep.checkpoints / run.run_id).epochs(), trainer.recipe.epochs
            # a forward pass is a third of a step: the gradients of inputs and of weights cost as much again each
            evaluations = sum(trainer.evaluation_due(done) for done in range(at + 1, epochs + 1))
            evaluation_steps = evaluations * len(trainer.data.test_labels) / trainer.batch / 3
            left_s = ((epochs - at) * trainer.steps + evaluation_steps + sweep.extra_steps(run)) * step_s[run.model]
            total_s += left_s
            state = f"owed, at epoch {at} of {epochs}, about {left_s / 60:.0f} min"
        print(f"{run.run_id:48} {run.provenance:9} {state}")
    if owed:
        places = f"{processes} process{'es' if processes > 1 else ''} on {runs[0].device}"
        print(f"{len(owed)} owed: about {total_s / processes / 3600:.1f} h in {places}")
