"""That a log's counters only rise: a log that goes back in time is no log of one training."""

import numpy as np

from compute.logs.table import Table

MOST_STEPS = 2**31 - 1
SEPARATE = "put what follows from here into a file of its own"


def check_counter(table: Table, what: str, values: np.ndarray, used: np.ndarray) -> None:
    """Raise LogError where a counter (rows,) falls in the rows that are `used`.

    A counter that is back where it started belongs to another run, any other was logged twice.
    """
    row = first_fall(values, used)
    if row is None:
        return
    known = np.flatnonzero(used & np.isfinite(values))
    before, first = values[known[known < row][-1]], values[known[0]]
    course = f"the {what} goes back from {before:g} to {values[row]:g}"
    if values[row] <= first:
        raise table.error(f"{course}, where the log started: two runs in one file; {SEPARATE}", row)
    raise table.error(f"{course}: time goes backwards; remove what was trained twice", row)


def check_within_epochs(table: Table, step: np.ndarray, epoch: np.ndarray, used: np.ndarray) -> None:
    """Raise LogError where a counter of an epoch's steps falls within an epoch."""
    row = first_fall(np.where(np.isfinite(step), epoch * 1e9 + step, np.nan), used)
    if row is not None:
        before = step[:row][used[:row] & np.isfinite(step[:row])][-1]
        course = f"the step goes back from {before:g} to {step[row]:g} within an epoch"
        raise table.error(f"{course}: time goes backwards; remove what was trained twice", row)


def check_steps(table: Table, done: np.ndarray, losses: np.ndarray) -> None:
    """Raise LogError where a loss belongs to no step that there can be, or two to one step."""
    rows = np.flatnonzero(losses)
    steps = done[rows]
    for wrong, reason in (
        (~np.isfinite(steps), "the loss stands in a row without a step"),
        (steps % 1 > 0, "the step {:g} is no whole number"),
        (steps < 1, "the step {:g} is below the first one"),
        (steps > MOST_STEPS, "the step {:g} is too large"),
    ):
        if wrong.any():
            at = int(np.argmax(wrong))
            raise table.error(reason.format(steps[at]), int(rows[at]))
    again = np.flatnonzero(np.diff(steps) <= 0)
    if len(again):
        at = int(again[0]) + 1
        twice = f"step {steps[at]:g} has a second loss"
        raise table.error(f"{twice}: two runs, or two processes, in one file; keep the rows of one", int(rows[at]))


def first_fall(values: np.ndarray, used: np.ndarray) -> int | None:
    """The first of the `used` rows that is below the one before; None where there is none."""
    rows = np.flatnonzero(used & np.isfinite(values))
    falls = np.flatnonzero(np.diff(values[rows]) < 0)
    return int(rows[falls[0] + 1]) if len(falls) else None
