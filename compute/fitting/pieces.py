"""A log's losses as data points, in the pieces between the drops of its learning rate."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from compute.core.loss_curve import MOST_POINTS, OUTLIER_WINDOW_EPOCHS, without_outliers
from compute.logs.log import Log

UNKNOWN_WINDOW = 0.05  # of the points: the outlier rule's window in a log that does not tell its epochs


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """The data points (k, l) of a log from step `first` to `end`; k counts from `first`, l has no outliers."""

    number: int
    first: int
    end: int
    k: np.ndarray
    l: np.ndarray


def per_epoch(log: Log) -> int | None:
    """The steps of an epoch as the log counts them: 1 where its steps are epochs, None where nothing tells."""
    return log.steps_per_epoch or (1 if log.unit == "epoch" else None)


def pieces(log: Log, until: float = 1.0) -> tuple[Piece, ...]:
    """The pieces of a log's first `until` (a fraction of its steps), those without any loss left out.

    Losses are averaged over blocks where a log has more than MOST_POINTS, the same for all pieces, and the paper's
    outlier rule is applied in each.
    """
    seen = log.steps <= until * log.steps[-1]
    steps, losses = log.steps[seen], log.losses[seen]
    block = max(1, math.ceil(len(losses) / MOST_POINTS))
    edges = [0, *(each.step for each in log.milestones if each.step < steps[-1]), int(steps[-1])]
    found = []
    for number, (first, end) in enumerate(pairwise(edges), 1):
        mine = (steps > first) & (steps <= end)
        if mine.any():
            k, l = means(steps[mine] - first, block), means(losses[mine], block)
            l = without_outliers(l, _window(k, per_epoch(log)))
            found.append(Piece(number=number, first=first, end=end, k=k, l=l))
    return tuple(found)


def means(values: np.ndarray, block: int) -> np.ndarray:
    """The means of consecutive blocks of `block` values; what does not fill the last one makes a shorter one."""
    edges = np.arange(0, len(values), block)
    return np.add.reduceat(np.asarray(values, dtype=float), edges) / np.diff(np.append(edges, len(values)))


def _window(k: np.ndarray, steps_per_epoch: int | None) -> int:
    """The window of the outlier rule in points: five epochs."""
    if steps_per_epoch is None or len(k) < 2:
        return max(1, round(UNKNOWN_WINDOW * len(k)))
    return max(1, round(OUTLIER_WINDOW_EPOCHS * steps_per_epoch / float(np.median(np.diff(k)))))
