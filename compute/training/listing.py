"""What `--list` prints: the state of each run of a sweep, and how long the pending ones would take on this machine."""

import time

import torch

from compute.core.runs import Run
from compute.core.training_flops import TRAINING_PASSES
from compute.training.checkpoint import Checkpoint
from compute.training.device_dataset import DeviceDataset
from compute.training.former_releases import former_ids
from compute.training.sweep import MissingInputError, Sweep
from compute.training.trainer import Trainer


def print_runs(sweep: Sweep, runs: list[Run], pending: list[Run], processes: int) -> None:
    """Print each run's state and the estimated time of the `pending` ones, from a few timed steps of each network."""
    torch.set_num_threads(sweep.threads)
    device_dataset = sweep.device_dataset() if pending else None
    step_s: dict[str | None, float] = {}
    total_s = 0.0
    for run in runs:
        state = "done"
        if run in pending:
            try:
                state, remaining_s = estimate(sweep, run, device_dataset, step_s)
                total_s += remaining_s
            except MissingInputError as error:
                state = f"pending: {error}"
        print(f"{run.run_id:48} {run.provenance:9} {state}")
    if pending:
        where = f"{processes} process{'es' if processes > 1 else ''} on {runs[0].device}"
        print(f"{len(pending)} pending: about {total_s / processes / 3600:.1f} h in {where}")


def estimate(
    sweep: Sweep, run: Run, device_dataset: DeviceDataset, step_s: dict[str | None, float]
) -> tuple[str, float]:
    """A pending run's state as text and its remaining seconds; `step_s` collects the seconds a step by network."""
    trainer = sweep.trainer(run, device_dataset, None)
    if run.model not in step_s:
        step_s[run.model] = step_seconds(trainer)
    folders = (run.run_id, *former_ids(run))
    finished = max(Checkpoint(sweep.checkpoints / folder).epochs() for folder in folders)
    epochs = trainer.recipe.epochs
    # an evaluation of an image is one of the passes of a training step
    evaluations = sum(trainer.evaluation_due(epoch) for epoch in range(finished + 1, epochs + 1))
    evaluation_steps = evaluations * len(trainer.data.test_labels) / trainer.batch / TRAINING_PASSES
    steps = (epochs - finished) * trainer.steps + evaluation_steps + sweep.extra_steps(run)
    remaining_s = steps * step_s[run.model]
    return f"pending, {finished} of {epochs} epochs, about {remaining_s / 60:.0f} min", remaining_s


def step_seconds(trainer: Trainer, steps: int = 3) -> float:
    """Seconds a step of the trainer takes on this machine, executed eagerly, from a few steps."""
    trainer.execution.mode = "eager"
    trainer.begin_epoch()
    trainer.step()
    trainer.synchronize()
    start = time.perf_counter()
    for _ in range(steps):
        trainer.step()
    trainer.synchronize()
    return (time.perf_counter() - start) / steps
