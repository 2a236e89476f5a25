"""Losses that are means running on within an epoch: only the last one of an epoch says what is meant."""

import numpy as np

from compute.logs.clock import Clock

SLOPE = -0.5  # of log |difference| over log position within an epoch: -1 of a running mean, 0 of single losses
LAG = 3.0  # differences of neighbours by which an epoch starts below the end of the one before
EACH, EPOCHS = 6, 5  # losses of an epoch, and epochs, that it takes to tell


def runs_on(loss: np.ndarray, losses: np.ndarray, clock: Clock) -> bool:
    """Whether the losses (rows,), those of them that `losses` marks, are means that start anew in each epoch.

    The n-th of such means differs from the one before by a step's noise / n. Where the losses fall faster
    than they scatter, the mean lags behind, and nearly each epoch starts well below the end of the one before.
    """
    if clock.epoch is None:
        return False
    _, counts = np.unique(clock.epoch[losses], return_counts=True)
    each = int(np.median(counts))
    usual = counts == each
    if each < EACH or usual.sum() < EPOCHS:
        return False
    mine = loss[losses][np.repeat(usual, counts)].reshape(-1, each)
    change = np.abs(np.diff(mine, axis=1))
    falls = mine[:-1, -1] - mine[1:, 0]
    if (falls > LAG * np.median(change, axis=1)[:-1]).mean() > 0.8:
        return True
    by_place = np.median(change, axis=0)
    return bool((by_place > 0).all() and np.polyfit(np.log(np.arange(2, each + 1)), np.log(by_place), 1)[0] < SLOPE)


def ends(losses: np.ndarray, clock: Clock) -> np.ndarray:
    """Which rows have the last loss of an epoch."""
    rows = np.flatnonzero(losses)
    kept = np.zeros_like(losses)
    kept[rows[np.append(np.diff(clock.epoch[rows]) > 0, True)]] = True
    return kept
