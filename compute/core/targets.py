"""Epochs until a test accuracy is reached (questions 4.2 and 4.3)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


def first_epoch(accuracy, target: float) -> float:
    """The first epoch, counted from 1, whose test accuracy is at least `target`; infinite where there is none.

    `accuracy` has shape (epochs,); NaN stands for an epoch that was not evaluated.
    """
    reached = np.flatnonzero(np.asarray(accuracy, dtype=float) >= target)
    return float(reached[0] + 1) if len(reached) else math.inf


@dataclass(frozen=True, kw_only=True)
class EpochsToTarget:
    """Epochs to a test accuracy `target` (0 to 1) on a GPU type, predicted and trained; None where not reached."""

    gpu_type: str
    target: float
    predicted: float | None
    trained: float | None


def common_target(rows: Iterable[EpochsToTarget], wanted: float) -> float | None:
    """The highest accuracy up to `wanted` that is predicted for every GPU type and that each one's training reached.

    A GPU type whose training reached no accuracy at all has none, and its prediction suffices. None
    where no accuracy is common to all.
    """
    rows = list(rows)
    gpu_types = {row.gpu_type for row in rows}
    trained = {row.gpu_type for row in rows if row.trained is not None}
    reached: dict[float, set[str]] = {}
    for row in rows:
        if row.predicted is not None and (row.trained is not None or row.gpu_type not in trained):
            reached.setdefault(row.target, set()).add(row.gpu_type)
    return max((target for target, found in reached.items() if found == gpu_types and target <= wanted), default=None)
