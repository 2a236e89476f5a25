"""What a training log holds, whichever program wrote it."""

from dataclasses import dataclass

import numpy as np

FEWEST = 10  # points of a loss curve


class LogError(ValueError):
    """A log that is not used.

    `reason` says why, `line` where (None: it is of the whole file), counted from 1 in units of `place`: line,
    row or entry.
    """

    def __init__(self, reason: str, line: int | None = None, place: str = "line"):
        super().__init__(reason if line is None else f"{place} {line}: {reason}")
        self.reason, self.line, self.place = reason, line, place


@dataclass(frozen=True, kw_only=True)
class Milestone:
    """A fall of the learning rate after `step` steps (and `epoch` epochs, None where the log has none).

    `source` is `learning rate`, and `factor` the new rate over the old one, or `losses`, and `factor`
    the loss after the fall over what it would have been without, or `given`, with no factor.
    """

    step: int
    epoch: int | None
    source: str
    factor: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Epochs:
    """What is known of each epoch, in arrays of shape (epochs,), NaN where the log does not say it.

    `epoch` counts from 0, `step` is the number of steps done at the epoch's end, accuracies are 0 to 1,
    `train_loss` is the epoch's mean, `seconds` its time.
    """

    epoch: np.ndarray
    step: np.ndarray
    lr: np.ndarray
    train_loss: np.ndarray
    train_accuracy: np.ndarray
    test_loss: np.ndarray
    test_accuracy: np.ndarray
    seconds: np.ndarray

    def __len__(self) -> int:
        return len(self.epoch)


@dataclass(frozen=True, kw_only=True, eq=False)
class Log:
    """A training's losses with all that its log says about it.

    `losses` (points,) belong to `steps` (points,), the steps done by then, rising. `unit` is what one
    loss stands for: a `step`, or an `epoch` (its mean). `steps_per_epoch` is None where nothing tells
    it; the steps of a log whose unit is the epoch are then epochs. `lr` (points,) or None.
    `understood` says in lines of text what was recognised, derived and left aside.
    """

    name: str
    format: str
    unit: str
    steps: np.ndarray
    losses: np.ndarray
    steps_per_epoch: int | None
    lr: np.ndarray | None
    epochs: Epochs
    milestones: tuple[Milestone, ...]
    understood: tuple[str, ...]
