"""What a log says of each epoch."""

import numpy as np

from compute.logs.clock import Clock
from compute.logs.log import Epochs
from compute.logs.table import forward

COUNTS = ("epoch", "step")
RESULTS = ("train_accuracy", "test_loss", "test_accuracy", "epoch_loss")


def by_epoch(
    values: dict[str, np.ndarray], losses: np.ndarray, running: bool, seconds: dict[int, float], clock: Clock
) -> tuple[Epochs, list[str]]:
    """The epochs that have any value, and notes.

    `values` are (rows,) arrays by role; `losses` marks the rows whose loss counts, `running` says that the
    training accuracies are means that run on within an epoch, `seconds` are those of each epoch. An epoch's
    training loss is the one that the log has for it, else the mean of its losses. Of other values within an
    epoch the last one counts, of training accuracies of single batches the mean.
    """
    if clock.epoch is None:
        return Epochs(**{n: np.array([], int if n in COUNTS else float) for n in Epochs.__dataclass_fields__}), []
    nothing = np.full(len(losses), np.nan)
    of = {role: values.get(role, nothing) for role in (*RESULTS, "rate")}
    rows = np.isfinite(clock.epoch) & np.any([losses, *(np.isfinite(of[role]) for role in RESULTS)], axis=0)
    epoch = np.unique(clock.epoch[rows]).astype(np.int64)
    step, notes = _ends(epoch, losses, clock)
    if "epoch_loss" in values:
        train_loss = _last(of["epoch_loss"], clock.epoch, epoch)
    else:
        train_loss = _mean(np.where(losses, values["loss"], np.nan), clock.epoch, epoch)
    single = not running and (np.isfinite(of["train_accuracy"]) & losses).any()
    found = Epochs(
        epoch=epoch,
        step=step,
        lr=_last(of["rate"], clock.epoch, epoch),
        train_loss=train_loss,
        train_accuracy=(_mean if single else _last)(of["train_accuracy"], clock.epoch, epoch),
        test_loss=_last(of["test_loss"], clock.epoch, epoch),
        test_accuracy=_last(of["test_accuracy"], clock.epoch, epoch),
        seconds=np.array([seconds.get(each, np.nan) for each in epoch.tolist()]),
    )
    return found, notes


def _ends(epoch: np.ndarray, losses: np.ndarray, clock: Clock) -> tuple[np.ndarray, list[str]]:
    """The steps done at each epoch's end; the last epoch ends where the log does, if that is well before."""
    length, done = clock.steps_per_epoch, clock.done[losses]
    if not length:  # the last step that a row of the epoch, or of those before, has
        return np.nan_to_num(forward(_last(clock.done, clock.epoch, epoch))).astype(np.int64), []
    step = (epoch + 1) * length
    begun = int(done[-1]) - epoch[-1] * length
    if clock.unit == "step" and 0 < begun < length - np.diff(done).max():
        step[-1] = done[-1]
        return step, [f"the last epoch is incomplete: {begun} of {length} steps"]
    return step, []


def _last(values: np.ndarray, of: np.ndarray, epoch: np.ndarray) -> np.ndarray:
    """The last value of each epoch, NaN where it has none."""
    rows = np.flatnonzero(np.isfinite(values) & np.isin(of, epoch))
    result = np.full(len(epoch), np.nan)
    result[np.searchsorted(epoch, of[rows])] = values[rows]  # of several the last assignment holds
    return result


def _mean(values: np.ndarray, of: np.ndarray, epoch: np.ndarray) -> np.ndarray:
    """The mean of each epoch's values, NaN where it has none."""
    rows = np.flatnonzero(np.isfinite(values) & np.isin(of, epoch))
    place = np.searchsorted(epoch, of[rows])
    count = np.bincount(place, minlength=len(epoch))
    with np.errstate(invalid="ignore"):
        return np.bincount(place, weights=values[rows], minlength=len(epoch)) / count
