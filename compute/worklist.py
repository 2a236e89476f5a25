"""A list of trainings that several processes share: each takes the next run that nobody has done or claimed.

A problem's `Request` says which runs there are and how a group of them is trained; claims,
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
from compute import device as devices
from compute.batches import Resident
from compute.checkpoint import CHECKPOINTS, Checkpoint, claim
from compute.data import Location
from compute.lane import DivergedError, Lane
from compute.train import train_together
from store.artefact import RECORD, ArtefactError, Run, code_version, read_record

RETRY_S = 2.0  # between two looks at what other processes have claimed


class MissingInputError(ComputeError):
    """A run begins with the artefact of another run that is not there yet."""


@dataclass(frozen=True, kw_only=True)
class Request(ABC):
    """What a command asks for; `together` networks share a process and its device, `processes` share the list of runs."""

    scale: str
    runs: Path
    data: Location = field(default_factory=Location)
    device: str = "auto"
    precision: str = "fp32"
    engine: str = "auto"
    threads: int = 1
    together: int = 1
    again: bool = False
    contributor: str = "the report's authors"
    checkpoints: Path = CHECKPOINTS
    checkpoint_every_s: float = 5.0
    asked_at: float = field(default_factory=time.time)

    @abstractmethod
    def planned(self) -> list[Run]:
        """The records of all runs that the request names, in the order in which they are trained."""

    @abstractmethod
    def resident(self) -> Resident:
        """The data set on the device; the first call also shows whether it is there."""

    @abstractmethod
    def lane(self, run: Run, resident: Resident, checkpoint: Checkpoint | None) -> Lane:
        """The network of a run at its beginning, or where its checkpoint left off."""

    def extra_steps(self, run: Run) -> int:
        """Steps that `finish` trains beyond the lane's, for the estimate of `--list`."""
        return 0

    @abstractmethod
    def finish(self, run: Run, lane: Lane, resident: Resident) -> Path:
        """Write the artefact of a run whose lane has come to its end; returns its folder."""


def done(run: Run, request: Request) -> bool:
    """Whether the run needs no training: its artefact is there, made from the same base weights, and if all is asked for again, from after that was asked."""
    file = request.runs / run.run_id / RECORD
    try:
        if request.again and file.stat().st_mtime < request.asked_at:
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


def work_through(request: Request, bar: int = 0) -> list[Path]:
    """Train every planned run that is not done; returns the artefacts written.

    A run that another process has claimed is left to it, but not forgotten: should that process be
    killed, it is taken over. A run that diverges is said at the end, when all others are done.
    """
    torch.set_num_threads(request.threads)
    waiting, written, resident, diverged = request.planned(), [], None, []
    while waiting:
        with ExitStack() as held:
            group, others = [], []
            for run in waiting:
                if done(run, request):
                    forget(run, request)
                if len(group) == request.together or (not done(run, request) and not held.enter_context(claim(request.checkpoints / run.run_id))):
                    others.append(run)
                elif not done(run, request):  # asked once more now that nobody else can be at it
                    group.append(run)
            if group:
                resident = resident or request.resident()
                try:
                    written += train_group(request, group, resident, bar)
                except DivergedError as error:
                    diverged.append(error)
            elif others:
                time.sleep(RETRY_S)
            waiting = others
    if diverged:
        raise diverged[0]
    return written


def forget(run: Run, request: Request) -> None:
    """Drop the checkpoint of a run whose process was killed just before it could; a run that is asked for again would go on from it."""
    folder = request.checkpoints / run.run_id
    if folder.exists():
        with claim(folder) as mine:
            if mine:
                Checkpoint(folder).discard()


def train_group(request: Request, group: list[Run], resident: Resident, bar: int) -> list[Path]:
    """Train some runs together, write their artefacts, then drop their checkpoints; `together` in their configuration says how many shared the seconds."""
    lanes = [request.lane(run, resident, Checkpoint(request.checkpoints / run.run_id, request.checkpoint_every_s)) for run in group]
    written, error = [], None
    try:
        train_together(lanes, bar=bar)
    except DivergedError as found:
        error = found
    for run, lane in zip(group, lanes, strict=True):
        if lane.epoch == lane.recipe.epochs:
            try:
                written.append(request.finish(replace(run, config={**run.config, "together": len(group)}), lane, resident))
                lane.checkpoint.discard()
            except DivergedError as found:
                error = found
    if error:
        raise error
    return written


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
    if any(process.exitcode for process in workers) and not all(done(run, request) for run in request.planned()):
        raise ComputeError("a training process was killed; the same command goes on from its checkpoint")
    return written


def worker(request: Request, bar: int, messages) -> None:
    """One process of `side_by_side`: leaves Ctrl-C to its parent, and ends with it, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code_version()
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    try:
        messages.put(("written", work_through(request, bar)))
    except (ArtefactError, ComputeError, OSError) as error:
        messages.put(("error", error))


def step_seconds(lane: Lane, steps: int = 3) -> float:
    """What a step takes here, from a few of them."""
    lane.engine = "eager"
    lane.begin()
    lane.step()
    lane.settle()
    start = time.perf_counter()
    for _ in range(steps):
        lane.step()
    lane.settle()
    return (time.perf_counter() - start) / steps


# ---------------------------------------------------------------- what the command line does with it


def run(request: Request, processes: int, listed: bool) -> list[Path]:
    """Train what is owed, or say what is there and what is owed; returns the run folders written."""
    cuda = devices.pick(request.device).type == "cuda"
    runs = request.planned()
    owed = [one for one in runs if not done(one, request)]
    processes = min(processes or (1 if cuda else max(1, devices.cores() // request.threads)), max(1, len(owed)))
    if listed:
        show(request, runs, owed, processes)
        return []
    if len(owed) < len(runs):
        print(f"{len(runs) - len(owed)} of {len(runs)} runs are there already; --again trains them anew")
    if owed and processes > 1:
        request.resident()  # a missing data set is said once, and decoded once, before any process starts
    return side_by_side(request, processes) if owed else []


def show(request: Request, runs: list[Run], owed: list[Run], processes: int) -> None:
    """Print each run's state, and what the owed ones would take here by a few timed steps of each network."""
    torch.set_num_threads(request.threads)
    resident = request.resident() if owed else None
    step_s: dict[str | None, float] = {}
    total_s = 0.0
    for run in runs:
        state = "there"
        if run in owed:
            try:
                lane = request.lane(run, resident, None)
            except MissingInputError as error:
                print(f"{run.run_id:48} {run.provenance:9} owed: {error}")
                continue
            if run.model not in step_s:
                step_s[run.model] = step_seconds(lane)
            at, epochs = Checkpoint(request.checkpoints / run.run_id).epochs(), lane.recipe.epochs
            # a forward pass is a third of a step: the gradients of inputs and of weights cost as much again each
            evaluations = sum(lane.evaluation_due(done) for done in range(at + 1, epochs + 1))
            evaluation_steps = evaluations * len(lane.data.test_labels) / lane.batch / 3
            left_s = ((epochs - at) * lane.steps + evaluation_steps + request.extra_steps(run)) * step_s[run.model]
            total_s += left_s
            state = f"owed, at epoch {at} of {epochs}, about {left_s / 60:.0f} min"
        print(f"{run.run_id:48} {run.provenance:9} {state}")
    if owed:
        places = f"{processes} process{'es' if processes > 1 else ''} on {runs[0].device}"
        print(f"{len(owed)} owed: about {total_s / processes / 3600:.1f} h in {places}")
