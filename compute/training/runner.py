"""Running a sweep: processes share its runs, and each takes the next one that is not done and not claimed."""

import multiprocessing
import os
import signal
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path

import torch

from compute import ComputeError
from compute.core.runs import ArtefactError, Run, code_version, read_record
from compute.training import device as devices
from compute.training.checkpoint import Checkpoint
from compute.training.claim import claim
from compute.training.device_dataset import DeviceDataset
from compute.training.former_releases import former_ids
from compute.training.listing import print_runs
from compute.training.loop import train_concurrently
from compute.training.sweep import Sweep, already_done
from compute.training.trainer import DivergedError

RETRY_S = 2.0  # pause before looking again whether other processes have released a claim


def run(sweep: Sweep, processes: int, list_only: bool) -> list[Path]:
    """Train the pending runs of a sweep, or with `list_only` print all runs; returns the run folders written.

    `processes` 0: one on CUDA, elsewhere as many as there are cores for their threads.
    """
    cuda = devices.pick(sweep.device).type == "cuda"
    runs = sweep.planned()
    pending = [run for run in runs if not sweep.done(run)]
    processes = processes or (1 if cuda else max(1, devices.cores() // sweep.threads))
    processes = min(processes, max(1, len(pending)))
    if list_only:
        print_runs(sweep, runs, pending, processes)
        return []
    for finished in runs:
        if finished not in pending:
            discard_leftover(sweep.checkpoint(finished))
    if len(pending) < len(runs):
        print(already_done(len(runs) - len(pending), len(runs)))
    if pending and sweep.ray:
        from compute.cluster.tasks import train_on_ray

        return train_on_ray(sweep, None if sweep.ray == "local" else sweep.ray)
    if pending and processes > 1:
        sweep.device_dataset()  # here, so that a missing data set is reported once and decoding is done once
    if not pending:
        return []
    return train_pending(sweep) if processes == 1 else train_in_processes(sweep, processes)


def train_pending(sweep: Sweep, bar: int = 0) -> list[Path]:
    """Train, in this process, every planned run that is not done; returns the run folders written.

    Runs that another process has claimed come last: if it finishes them they are done, if it is killed
    they are trained here. A DivergedError is raised when all other runs are done.
    """
    torch.set_num_threads(sweep.threads)
    remaining, written, device_dataset, diverged = sweep.planned(), [], None, []
    while remaining:
        with ExitStack() as claims:
            group, others = [], []
            for run in remaining:
                if sweep.done(run):
                    discard_leftover(sweep.checkpoint(run))
                elif len(group) == sweep.concurrency or not claims.enter_context(claim(sweep.checkpoint(run).folder)):
                    others.append(run)
                elif sweep.done(run):  # another process finished it between the two lines above
                    sweep.checkpoint(run).discard()
                else:
                    group.append(run)
            if group:
                device_dataset = device_dataset or sweep.device_dataset()
                try:
                    written += train_group(sweep, group, device_dataset, bar)
                except DivergedError as error:
                    diverged.append(error)
            elif others:
                time.sleep(RETRY_S)
            remaining = others
    if diverged:
        raise diverged[0]
    return written


def train_group(sweep: Sweep, group: list[Run], device_dataset: DeviceDataset, bar: int) -> list[Path]:
    """Train claimed runs concurrently, write their artefacts and delete their checkpoints; returns the run folders.

    `concurrency` in their configuration says how many shared the measured seconds. A DivergedError is
    raised when the other runs are written.
    """
    trainers = [sweep.trainer(run, device_dataset, checkpoint_to_continue(sweep, run)) for run in group]
    written, diverged = [], None
    try:
        train_concurrently(trainers, bar=bar)
    except DivergedError as error:
        diverged = error
    for run, trainer in zip(group, trainers, strict=True):
        if trainer.epoch == trainer.recipe.epochs:
            run = replace(run, config={**run.config, "concurrency": len(group)})
            try:
                written.append(sweep.finish(run, trainer, device_dataset))
                trainer.checkpoint.discard()
            except DivergedError as error:
                diverged = error
    if diverged:
        raise diverged
    return written


def checkpoint_to_continue(sweep: Sweep, run: Run) -> Checkpoint:
    """The checkpoint of a claimed run, with the state that an older release left under the run's former id.

    A state whose artefact was written is deleted: its process was killed just before it could do that,
    and training again must not begin at its end.
    """
    checkpoint = sweep.checkpoint(run)
    for former in former_ids(run):
        checkpoint.take_over(sweep.checkpoints / former)
    started_at = checkpoint.started_at()
    try:
        if started_at and read_record(sweep.runs / run.run_id)["started_at"] == started_at:
            checkpoint.clear()
    except (ArtefactError, OSError):  # there is no artefact
        pass
    return checkpoint


def discard_leftover(checkpoint: Checkpoint) -> None:
    """Delete the checkpoint of a run that is done, if there is one and no process is about to delete it."""
    if checkpoint.folder.exists():
        with claim(checkpoint.folder) as idle:
            if idle:
                checkpoint.discard()


def train_in_processes(sweep: Sweep, processes: int) -> list[Path]:
    """`train_pending` in several processes; the runs of one that is killed are trained by the others."""
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
    if any(process.exitcode for process in workers) and not all(sweep.done(run) for run in sweep.planned()):
        raise ComputeError("a training process was killed; the same command continues from its checkpoint")
    return written


def worker(sweep: Sweep, bar: int, messages) -> None:
    """One of the processes: it ignores Ctrl-C, which its parent handles, and ends when its parent does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code_version()
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    try:
        messages.put(("written", train_pending(sweep, bar)))
    except (ArtefactError, ComputeError, OSError) as error:
        messages.put(("error", error))
