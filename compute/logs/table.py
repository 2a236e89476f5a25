"""A log as columns of numbers: what every format is brought into before its columns are understood."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from compute.logs.log import LogError

EMPTY = {"", "none", "null", "na", "n/a", "-"}


@dataclass(frozen=True, kw_only=True)
class Table:
    """The rows of a log in the file's order.

    `columns` maps a name to one value a row: a number, text, or None where the row has none (in an
    array of numbers NaN). `lines` (rows,) are the places of the rows in the file, counted from 1 in units
    of `place`. `from_zero` says whether its step counter begins at 0, None that this is not known. `roles`
    are those of columns that their names alone do not tell, `running` the columns of means that run on
    within an epoch.
    """

    format: str
    columns: dict[str, Sequence]
    lines: np.ndarray
    place: str = "line"
    notes: tuple[str, ...] = ()
    from_zero: bool | None = None
    steps_per_epoch: int | None = None
    roles: dict[str, str] = field(default_factory=dict)
    running: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.lines)

    def error(self, reason: str, row: int) -> LogError:
        """The refusal of a row, with the line it stands in."""
        return LogError(reason, int(self.lines[row]), self.place)

    def numbers(self, name: str, strict: bool = True) -> np.ndarray:
        """A column as numbers (rows,), NaN where a row has none.

        Raises LogError with the line for text and for infinity, and where `strict` for NaN that is written out.
        """
        raw = self.columns[name]
        if isinstance(raw, np.ndarray):
            return raw
        try:
            values = np.array([math.nan if value is None or value == "" else float(value) for value in raw])
        except (OverflowError, TypeError, ValueError):
            values = np.array([self._number(name, row, value) for row, value in enumerate(raw)])
        bad = np.isinf(values)
        if strict:
            bad[[row for row in np.flatnonzero(np.isnan(values)) if not _empty(raw[row])]] = True
        if bad.any():
            row = int(np.argmax(bad))
            raise self.error(
                f"{name!r} is {raw[row]}, which is no finite number; leave the cell empty where there is none", row
            )
        return values

    def _number(self, name: str, row: int, value) -> float:
        if _empty(value):
            return math.nan
        try:
            return float(value.strip().removesuffix("%")) if isinstance(value, str) else float(value)
        except (OverflowError, TypeError, ValueError):
            raise self.error(f"{name!r} holds {str(value)[:40]!r} where a number belongs", row) from None


def _empty(value) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in EMPTY)


def forward(values: np.ndarray) -> np.ndarray:
    """Values (rows,) with the last one before in place of each NaN."""
    at = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(len(values)), -1))
    return np.where(at >= 0, values[at], np.nan)
