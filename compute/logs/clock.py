"""Steps and epochs of a log's rows, from whichever counters it has."""

import math
from dataclasses import dataclass

import numpy as np

from compute.logs.log import LogError
from compute.logs.order import check_counter, check_steps, check_within_epochs
from compute.logs.table import Table, forward

TELL = "tell the batch size and the data set, or the steps per epoch"


@dataclass(frozen=True, kw_only=True)
class Counters:
    """What a table counts in, (rows,) each and NaN where a row has none; None where no row has any.

    `per_epoch` is N of a counter's n/N, `images` and `epoch_images` are those of `[640/60000 (1%)]`.
    """

    epoch: np.ndarray | None = None
    step: np.ndarray | None = None
    per_epoch: np.ndarray | None = None
    images: np.ndarray | None = None
    epoch_images: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class Clock:
    """The epoch of each row, counted from 0, and the steps done by then.

    `epoch` (rows,) is None where the log does not tell; both are NaN in rows that tell neither. `unit` is what
    one loss stands for, step or epoch; where it is the epoch and `steps_per_epoch` None, steps are epochs.
    """

    epoch: np.ndarray | None
    done: np.ndarray
    unit: str
    steps_per_epoch: int | None
    notes: tuple[str, ...]


def clock(
    table: Table, counters: Counters, losses: np.ndarray, used: np.ndarray, given: int | None, evaluated: bool
) -> Clock:
    """The clock of a table.

    `losses` and `used` (rows,) mark the rows with a loss, and with any value; `given` is the number of steps an
    epoch as the reader knows it; `evaluated`: most losses have a test result, so that rows that nothing counts
    are epochs. Raises LogError where a counter goes back, stands still or contradicts another.
    """
    notes: list[str] = []
    raw, epoch, fractional = _epochs(table, counters, losses, used)
    if counters.images is not None and epoch is not None:
        done, per_epoch = _from_images(counters, epoch, losses, given, notes)
    elif counters.step is not None:
        done, per_epoch = _from_steps(table, counters, raw, epoch, fractional, used, given, notes)
    elif epoch is not None:
        done, per_epoch = _from_epochs(raw, epoch, fractional, losses, given, notes)
    else:
        done, per_epoch, epoch = _from_rows(losses, given, evaluated, notes)
    if epoch is None and per_epoch:
        epoch = forward(np.maximum(np.ceil(done / per_epoch) - 1, 0))
        notes.append(f"epochs are counted from the steps, {per_epoch} each")
    unit = "epoch" if _one_each(epoch, losses) and not fractional else "step"
    if epoch is None:
        notes.append(f"epochs are not known ({TELL})")
    elif unit == "epoch" and per_epoch is None and counters.step is None:
        notes.append(f"steps an epoch are not known, and the log stays in epochs ({TELL})")
    check_steps(table, done, losses)
    return Clock(epoch=epoch, done=done, unit=unit, steps_per_epoch=per_epoch, notes=tuple(notes))


def _epochs(
    table: Table, counters: Counters, losses: np.ndarray, used: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray | None, bool]:
    """The epochs as they are written, in every row; counted from 0; and whether there are fractions of them.

    A fraction belongs to the epoch that is under way; whole numbers count from 0 or from 1.
    """
    if counters.epoch is None:
        return None, None, False
    raw = forward(counters.epoch)
    setting = len(np.unique(raw[np.isfinite(raw)])) == 1 and not np.isfinite(counters.epoch[used]).any()
    if setting or not np.isfinite(raw[used]).any():  # one epoch, above the log
        return None, None, False
    check_counter(table, "epoch", raw, used)
    known = raw[used & np.isfinite(raw)]
    if known.min() < 0:
        raise table.error(f"the epoch {known.min():g} is below 0", int(np.flatnonzero(used & (raw < 0))[0]))
    fractional = bool((known % 1 > 0).any())
    epoch = np.maximum(np.ceil(raw - 1e-9) - 1, 0) if fractional else raw - (known.min() != 0)
    return raw, np.where(losses & ~np.isfinite(epoch), 0.0, epoch), fractional


def _from_steps(
    table: Table,
    counters: Counters,
    raw: np.ndarray | None,
    epoch: np.ndarray | None,
    fractional: bool,
    used: np.ndarray,
    given: int | None,
    notes: list[str],
) -> tuple[np.ndarray, int | None]:
    """Steps done and steps an epoch from a counter of steps, of the whole training or of each epoch."""
    step, sure = counters.step, used
    if epoch is not None:  # a row that has its epoch from the rows before may belong to the next one
        own = used & np.isfinite(counters.epoch)
        sure = own if (own & np.isfinite(step)).any() else used
    within = epoch is not None and _starts_again(step, epoch, sure)
    if within:
        check_within_epochs(table, step, epoch, used)
    else:
        check_counter(table, "step", step, used)
    total = None if counters.per_epoch is None else int(np.nanmax(counters.per_epoch))
    seen = step[used & np.isfinite(step)]
    from_zero = table.from_zero
    if from_zero is None:
        from_zero = seen.min() == 0 and not (within and total is not None and seen.max() >= total)
    elif from_zero and not within and seen.min() > 0 and epoch is not None:
        # such a program counts from 0, unless that contradicts the epochs
        fits = [_bounds(raw, epoch, step + first, fractional, sure) is not None for first in (0, 1)]
        from_zero = fits[1] or not fits[0]
    count = step + from_zero
    if not within:
        if epoch is None:
            return count, given
        own = table.steps_per_epoch
        bounds = (own, own) if own else _bounds(raw, epoch, count, fractional, sure)
        return count, _agreed(bounds, given, notes)
    largest = int(np.nanmax(count[used]))
    if total is not None:
        per_epoch = _agreed((total, total), given, notes)
    else:
        strides = np.diff(np.unique(seen))
        most = largest + (int(strides.min()) if len(strides) else 1) - 1
        per_epoch = _agreed((largest, most), given, notes)
        if given is None and most > largest:
            notes.append(f"an epoch has {largest} to {most} steps, {largest} were taken ({TELL})")
    notes.append(f"steps = epochs before × {per_epoch} + steps within the epoch")
    return epoch * per_epoch + count, per_epoch


def _from_epochs(
    raw: np.ndarray, epoch: np.ndarray, fractional: bool, losses: np.ndarray, given: int | None, notes: list[str]
) -> tuple[np.ndarray, int | None]:
    """Steps done and steps an epoch from epochs alone; the rows of one epoch are spread evenly over it."""
    if (fractional or _one_each(epoch, losses)) and given:
        notes.append(f"steps = epochs done × {given}")
        return np.maximum(np.round((raw if fractional else epoch + 1) * given), 1), given
    if fractional:
        notes.append(f"steps are not known, and the rows are counted as steps ({TELL})")
        return np.cumsum(losses).astype(float), None
    if _one_each(epoch, losses):
        return epoch + 1, None
    mine = epoch[losses]
    _, first, counts = np.unique(mine, return_index=True, return_counts=True)
    each = int(counts[0])
    if not given and (counts[:-1] != each).any():
        raise LogError(
            "the epochs have different numbers of rows and nothing counts steps; name their column (step=NAME)"
        )
    position = np.arange(1, len(mine) + 1) - np.repeat(first, counts)
    per_epoch = given or each
    done = np.full(len(epoch), np.nan)
    done[losses] = mine * per_epoch + np.round(position * per_epoch / (np.repeat(counts, counts) if given else each))
    what = f"are spread evenly over its {given} steps" if given else f"are counted as its steps ({TELL})"
    notes.append(f"the {each} rows of an epoch {what}")
    return done, per_epoch


def _from_images(
    counters: Counters, epoch: np.ndarray, losses: np.ndarray, given: int | None, notes: list[str]
) -> tuple[np.ndarray, int | None]:
    """Steps done and steps an epoch from a counter of an epoch's images, which starts at 0."""
    images, whole = counters.images, max(1.0, float(np.nanmax(counters.epoch_images)))
    between = np.diff(np.unique(images[losses & np.isfinite(images)]))
    per_epoch = given or math.ceil(whole / between.min() if len(between) else 1)
    if not given:
        notes.append(f"the counter is of images; the {per_epoch} rows of an epoch are counted as its steps ({TELL})")
    done = np.floor(images * per_epoch / whole + 1e-6) + 1
    return epoch * per_epoch + np.minimum(done, per_epoch), per_epoch


def _from_rows(
    losses: np.ndarray, given: int | None, evaluated: bool, notes: list[str]
) -> tuple[np.ndarray, int | None, np.ndarray | None]:
    """Steps done, steps an epoch and epochs of rows that nothing counts."""
    rows = np.cumsum(losses).astype(float)
    what, other = ("epoch", "step") if evaluated else ("step", "epoch")
    notes.append(f"nothing counts steps or epochs; the rows are counted as {what}s ({other}=# counts them as {other}s)")
    if not evaluated:
        return rows, given, None
    return rows * (given or 1), given, np.maximum(rows - 1, 0)


def _bounds(
    raw: np.ndarray, epoch: np.ndarray, count: np.ndarray, fractional: bool, sure: np.ndarray
) -> tuple[int, float] | None:
    """The least and the largest number of steps an epoch that the rows allow; None where they contradict each other.

    Step k lies in epoch e (from 0) where e n < k ≤ (e + 1) n. Fractions of epochs are written with two digits.
    Infinity where the log has one epoch.
    """
    rows = sure & np.isfinite(count) & np.isfinite(epoch)
    if fractional:
        last = np.flatnonzero(rows)[-1]
        least, most = (
            math.ceil(count[last] / (raw[last] + 0.005)),
            math.floor(count[last] / max(raw[last] - 0.005, 1e-9)),
        )
        middle = round(count[last] / raw[last])
        return (middle, middle) if least >= most else (least, most)
    least = int(np.ceil(count[rows] / (epoch[rows] + 1)).max())
    later = rows & (epoch > 0)
    most = int((np.ceil(count[later] / epoch[later]) - 1).min()) if later.any() else math.inf
    return (least, most) if least <= most else None


def _agreed(bounds: tuple[int, float] | None, given: int | None, notes: list[str]) -> int | None:
    """The number of steps an epoch: the given one where the log allows it, else the least that the log allows.

    Raises LogError where they differ by more than a last, smaller batch.
    """
    if bounds is None:
        return given
    least, most = bounds
    if given is None:
        return least if most < math.inf else None
    if not least - 1 <= given <= most + 1:
        own = f"{least}" if least == most else f"{least} to {most}" if most < math.inf else f"at least {least}"
        raise LogError(f"the log has {own} steps an epoch, not {given}; are batch size and data set right?")
    value = min(max(given, least), most)
    if value != given:
        notes.append(f"the log's own counters give {value} steps an epoch, not {given}")
    return value


def _starts_again(step: np.ndarray, epoch: np.ndarray, rows: np.ndarray) -> bool:
    """Whether a counter of steps starts again in each epoch."""
    rows = rows & np.isfinite(step) & np.isfinite(epoch)
    by_step, next_epoch = np.diff(step[rows]), np.diff(epoch[rows]) > 0
    return bool(next_epoch.any() and ((by_step[next_epoch] < 0).any() or (by_step[next_epoch] == 0).all()))


def _one_each(epoch: np.ndarray | None, losses: np.ndarray) -> bool:
    """Whether each of at least two epochs has one loss."""
    return epoch is not None and losses.sum() > 1 and len(np.unique(epoch[losses])) == losses.sum()
