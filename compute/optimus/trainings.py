"""The training runs that fits are made from, read back from their artefacts."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from compute import ComputeError
from compute.core.runs import ArtefactError, read_record
from compute.core.vocabulary import SCALES, scale_order


@dataclass(frozen=True, kw_only=True)
class Training:
    """A finished training: `losses` (steps,) one a step, and by epoch (epochs,) its mean training loss and test accuracy.

    `milestones` are the steps at which the learning rate fell, in ascending order.
    """

    run_id: str
    scale: str
    depth: int
    gpu_type: str
    steps_per_epoch: int
    milestones: tuple[int, ...]
    losses: np.ndarray
    train_loss: np.ndarray
    test_accuracy: np.ndarray

    def segments(self) -> list[tuple[str, int, int]]:
        """(name, first step, end) of the whole training, `all`, and of its pieces between drops, `1`, `2`, …"""
        edges = [0, *self.milestones, len(self.losses)]
        return [("all", 0, edges[-1]), *((str(i + 1), first, end) for i, (first, end) in enumerate(pairwise(edges)))]


def trainings(runs: Path, scale: str | None = None) -> list[Training]:
    """All finished trainings of our own of the CIFAR family at one scale, by default the largest that is as complete as any, by depth and GPU type.

    Raises ComputeError where there are none; artefacts that cannot be read are passed over, the store says why.
    """
    found = []
    for folder in sorted(runs.glob("optimus-train-*")):
        try:
            record = read_record(folder)
        except (ArtefactError, OSError):
            continue
        # the losses of an imported log are not one a step
        if record["model"] == f"resnet{record['depth']}" and record["provenance"] != "imported":
            found.append((folder, record))
    kinds = {name: len({(r["depth"], r["gpu_type"]) for _, r in found if r["scale"] == name}) for name in SCALES}
    chosen = scale or max(SCALES, key=lambda name: (kinds[name], scale_order(name)))
    mine = [_read(folder, record) for folder, record in found if record["scale"] == chosen]
    if not mine:
        raise ComputeError(f"there are no trainings{f' at scale {scale}' if scale else ''} in {runs}; make them with: python -m compute train")
    return sorted(mine, key=lambda training: (training.depth, training.gpu_type))


def _read(folder: Path, record: dict) -> Training:
    steps, epochs = pq.read_table(folder / "steps.parquet"), pq.read_table(folder / "epochs.parquet")
    ends, lr = epochs["step"].to_numpy(), epochs["lr"].to_numpy()
    falls = np.flatnonzero(np.diff(lr) < 0)
    return Training(
        run_id=record["run_id"],
        scale=record["scale"],
        depth=record["depth"],
        gpu_type=record["gpu_type"],
        steps_per_epoch=int(ends[0]),
        milestones=tuple(int(ends[i]) for i in falls),
        losses=steps["loss"].to_numpy(),
        train_loss=epochs["train_loss"].to_numpy(),
        test_accuracy=epochs["test_accuracy"].to_numpy(),
    )
