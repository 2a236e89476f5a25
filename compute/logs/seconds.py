"""Seconds of each epoch, from whatever time a log has."""

from datetime import datetime

import numpy as np

from compute.logs.clock import Clock
from compute.logs.columns import Columns
from compute.logs.log import LogError
from compute.logs.names import meaning
from compute.logs.table import Table

TIMESTAMP = 1e8  # larger values are seconds since 1970


def by_epoch(table: Table, found: Columns, clock: Clock) -> tuple[dict[int, float], list[str]]:
    """Seconds by epoch (from 0), those that are known, and what the times were taken for.

    A time that only rises is the time since the training started, one that starts again in each epoch the
    time since that. Of other times one value an epoch is the epoch's, and one value a step the step's.
    Raises LogError where dates go backwards.
    """
    role = "step_s" if "step_s" in found else "seconds"
    if role not in found or clock.epoch is None:
        return {}, []
    column, values = found[role], _times(table, found[role])
    rows = np.flatnonzero(np.isfinite(values) & np.isfinite(clock.epoch)) if values is not None else []
    if not len(rows):
        return {}, [f"{column!r} was left aside: it holds no times that can be read"]
    values, epoch, done, length = values[rows], clock.epoch[rows], clock.done[rows], clock.steps_per_epoch
    falls, same = np.diff(values) < 0, np.diff(epoch) == 0
    last = np.append(np.flatnonzero(~same), len(rows) - 1)
    dates, per = values.min() > TIMESTAMP, "step" if role == "step_s" else getattr(meaning(column), "per", None)
    if dates and falls.any():
        raise table.error("the time of day goes backwards", int(rows[np.argmax(falls) + 1]))
    grows = per == "elapsed" or dates or (len(rows) > 4 and values[-1] > 3 * values[0])
    if role == "step_s" and length:
        seconds, what = values[last] * length, f"of a step, times {length}"
    elif per not in ("epoch", "step") and grows and not falls.any():
        seconds, what = np.diff(values[last], prepend=np.nan if dates else 0.0), "the time since the training started"
    elif per != "step" and not same.any():
        seconds, what = values, "one value an epoch"
    elif per != "step" and not falls[same].any():
        part = (done[last] - epoch[last] * length) / length if length else np.ones(len(last))
        seconds = values[last] / np.where(np.isfinite(part) & (part > 0), part, 1.0)
        what = "the time since the epoch started"
    elif per == "step" or (np.isfinite(done).all() and (np.diff(done) == 1).all()):
        starts = np.append(0, last[:-1] + 1)
        counts = last - starts + 1
        seconds = np.add.reduceat(values, starts) / counts * (length or counts)
        what = "of each step, added up"
    else:
        return {}, [f"{column!r} was left aside: whether it is of a step, of an epoch or since the start is not clear"]
    known = np.isfinite(seconds) & (seconds >= 0)
    by_number = dict(zip(epoch[last][known].astype(int).tolist(), seconds[known].tolist(), strict=True))
    return by_number, [f"seconds from {column!r}: {what}"]


def _times(table: Table, column: str) -> np.ndarray | None:
    """A column of times in seconds (rows,), dates since 1970; None for text that is neither.

    A time that cannot be read is no reason to refuse a log.
    """
    try:
        return table.numbers(column, strict=False)
    except LogError:
        pass
    try:
        return np.array([np.nan if cell in (None, "") else _date(cell).timestamp() for cell in table.columns[column]])
    except (AttributeError, TypeError, ValueError):
        return None


def _date(cell) -> datetime:
    return cell if isinstance(cell, datetime) else datetime.fromisoformat(cell)
