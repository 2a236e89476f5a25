"""Accuracies from 0 to 1, from shares, percentages and error rates."""

import numpy as np

from compute.logs.table import Table


def accuracy(table: Table, column: str, error: bool) -> tuple[np.ndarray, str]:
    """A column as accuracies from 0 to 1 (rows,), NaN where a row has none, and what was recognised.

    Values above 1 are percentages. Raises LogError with the line for what is beyond 0 and 100 %.
    """
    values = table.numbers(column, strict=False)
    known = np.isfinite(values)
    percent = bool((values[known] > 1).any())
    whole, unit = (100.0, " %") if percent else (1.0, "")
    outside = known & ((values < 0) | (values > whole))
    if outside.any():
        row, kind = int(np.argmax(outside)), "error rate" if error else "accuracy"
        raise table.error(f"{column!r} is {values[row]:g}, which is no {kind} from 0 to {whole:g}{unit}", row)
    share = values / whole
    form = " in percent" if percent else ""
    return (1 - share if error else share), f"1 - error rate {column!r}{form}" if error else f"{column!r}{form}"
