"""The trainings that loss models are fitted to, read back from their run artefacts.

A training that no loss model can be fitted to (losses that are not finite or not above 0, too few data
points) stands back: the next one of its depth and GPU type takes its place, or none.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from compute import ComputeError
from compute.core.loss_curve import block_of, data_points
from compute.core.runs import ArtefactError, read_record
from compute.core.scales import TrainingRun, shown_trainings
from compute.core.vocabulary import SCALES
from compute.fitting.calibrate import check_points


@dataclass(frozen=True, kw_only=True)
class Training:
    """A finished training: `losses` (steps,), one a step, and by epoch (epochs,) mean training loss and accuracies.

    `milestones` are the steps at which the learning rate fell, in ascending order; `accuracy` maps each of
    ACCURACIES to one value an epoch, NaN for epochs that were not evaluated.
    """

    run_id: str
    scale: str
    depth: int
    gpu_type: str
    steps_per_epoch: int
    milestones: tuple[int, ...]
    losses: np.ndarray
    train_loss: np.ndarray
    accuracy: dict[str, np.ndarray]

    @property
    def epochs(self) -> int:
        return len(self.train_loss)

    def segments(self) -> dict[str, tuple[int, int]]:
        """First step and end by name: the whole training, `all`, and its segments between drops, `1`, `2`, …"""
        edges = [0, *self.milestones, len(self.losses)]
        return {"all": (0, edges[-1]), **{str(i): bounds for i, bounds in enumerate(pairwise(edges), start=1)}}

    def points(self, segment: str, *, outliers_replaced: bool = True) -> tuple[np.ndarray, np.ndarray]:
        """The data points (k, l) of a segment; k counts from the segment's first step."""
        first, end = self.segments()[segment]
        block = block_of(len(self.losses))
        return data_points(
            self.losses[first:end], self.steps_per_epoch, block=block, outliers_replaced=outliers_replaced
        )


@dataclass(frozen=True, kw_only=True)
class Trainings:
    """The trainings to fit, by depth and GPU type, all at one `scale`; `left_out` maps the ids of others to why not."""

    scale: str
    fitted: list[Training]
    left_out: dict[str, str]

    def without(self, refused: Callable[[Training], str | None]) -> "Trainings":
        """The same without the trainings for which `refused` returns a reason; they join `left_out`."""
        reasons = {training.run_id: refused(training) for training in self.fitted}
        left_out = self.left_out | {run_id: reason for run_id, reason in reasons.items() if reason}
        kept = [training for training in self.fitted if training.run_id not in left_out]
        return Trainings(scale=self.scale, fitted=kept, left_out=left_out)

    def say_left_out(self) -> None:
        """Print a line on standard error for each training that was left out."""
        for run_id, reason in self.left_out.items():
            print(f"left out {run_id}: {reason}", file=sys.stderr)


def trainings(runs: Path, scale: str | None = None) -> Trainings:
    """The trainings of the CIFAR family that the report shows, at a scale or else at the one that it shows.

    Raises ComputeError where there are none that can be fitted. Artefacts whose record cannot be read are
    passed over; the store's build says why.
    """
    places = shown_trainings(finished(runs), scale)
    if not places:
        at = f" at scale {scale}" if scale else ""
        raise ComputeError(f"there are no trainings{at} in {runs}; make them with: python -m compute train")
    chosen, left_out = places[0][0].scale, {}
    fitted = [training for place in places if (training := _first_fittable(runs, place, left_out))]
    if not fitted:
        run_id, reason = next(iter(left_out.items()))
        raise ComputeError(f"none of the trainings at scale {chosen} can be fitted; {run_id}: {reason}")
    return Trainings(scale=chosen, fitted=fitted, left_out=left_out)


def finished(runs: Path) -> Iterable[TrainingRun]:
    """The finished trainings of Problem 4 by their records."""
    for folder in sorted(runs.glob("optimus-train-*")):
        try:
            record = read_record(folder)
            names = ("run_id", "scale", "model", "depth", "gpu_type", "provenance")
            started_s = datetime.fromisoformat(record["started_at"]).timestamp()
            run = TrainingRun(**{name: record[name] for name in names}, started_s=started_s)
        except (ArtefactError, OSError, KeyError, TypeError, ValueError):
            continue
        if run.depth and run.gpu_type and run.scale in SCALES:
            yield run


def _first_fittable(runs: Path, place: list[TrainingRun], left_out: dict[str, str]) -> Training | None:
    for run in place:
        try:
            training = read(runs / run.run_id, run)
            for segment in training.segments():
                check_points(training.points(segment, outliers_replaced=False)[1])
        except (ComputeError, OSError, KeyError, ValueError, pa.ArrowException) as error:
            left_out[run.run_id] = " ".join(str(error).split())
        else:
            return training
    return None


def read(folder: Path, run: TrainingRun) -> Training:
    """The training of a run folder. Raises KeyError, OSError or ArrowException where a table or column is not there."""
    steps = pq.read_table(folder / "steps.parquet", columns=["step", "loss"]).sort_by("step")
    epochs = pq.read_table(folder / "epochs.parquet").sort_by("epoch")
    ends, lr = epochs["step"].to_numpy(), epochs["lr"].to_numpy()
    if not len(ends):
        raise ComputeError("its table epochs has no rows")
    return Training(
        run_id=run.run_id,
        scale=run.scale,
        depth=run.depth,
        gpu_type=run.gpu_type,
        steps_per_epoch=int(ends[0]),
        milestones=tuple(int(ends[i]) for i in np.flatnonzero(np.diff(lr) < 0)),
        losses=_numbers(steps["loss"]),
        train_loss=_numbers(epochs["train_loss"]),
        accuracy={"test": _numbers(epochs["test_accuracy"]), "training": _numbers(epochs["train_accuracy"])},
    )


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    """A column as float64, shape (rows,), with NaN for NULL."""
    return column.cast(pa.float64()).to_numpy()
