"""Where the learning rate fell, from the rate itself or, where a log has none, from the losses.

From losses: over the means of epochs (or of equal blocks of steps), a straight line is fitted to the
logarithm of the BEFORE losses in front of each place, and continued. The gap between it and the AFTER
losses behind is the fall that the trend does not explain, and is measured in standard errors of the
continued line. The curve of a fixed rate is convex, so that its own descent makes the gap negative. A
place is a drop when the gap is LEAST standard errors wide, and twice the gap of the first loss behind
is as well (the fall happens there, not gradually), and the losses are SMALLEST lower than expected.
"""

import math

import numpy as np

from compute.logs.clock import Clock
from compute.logs.log import LogError, Milestone

# set so that neither cosine schedules nor constant rates show drops, in planted losses and in real logs
BEFORE, AFTER = 10, 4
LEAST = 6.0
SMALLEST = 0.12  # of the loss
EPOCHS = 30  # fewer epochs than these are divided
BLOCKS = 100  # of a log without epochs

FALL = 0.7  # a rate that falls to more than this share of itself has not dropped
MOST = 12  # a rate that falls more often, or at every third of its values, follows a smooth schedule


def given(epochs: tuple[int, ...], clock: Clock, losses: np.ndarray) -> tuple[tuple[Milestone, ...], str]:
    """Drops after known numbers of epochs, and what there is to say about them.

    Raises LogError for an epoch without losses before or after it.
    """
    rows = np.flatnonzero(losses)
    found = []
    for epoch in sorted(set(epochs)):
        behind = rows if clock.epoch is None else rows[clock.epoch[rows] >= epoch]
        if clock.epoch is None or not 0 < len(behind) < len(rows):
            lacks = "no epochs" if clock.epoch is None else "no losses on both sides of it"
            raise LogError(f"the learning rate cannot have fallen after epoch {epoch}: the log has {lacks}")
        before = rows[len(rows) - len(behind) - 1]
        step = epoch * clock.steps_per_epoch if clock.steps_per_epoch else clock.done[before]
        found.append(Milestone(step=int(step), epoch=epoch, source="given", factor=None))
    return tuple(found), f"drops are given: {_after(tuple(found))}"


def of_rate(lr: np.ndarray, clock: Clock, losses: np.ndarray) -> tuple[tuple[Milestone, ...], str]:
    """The drops of a learning rate (rows with a loss,), and what there is to say about them."""
    rows = np.flatnonzero(losses)
    known = np.flatnonzero(np.isfinite(lr))
    lr, rows = lr[known], rows[known]
    if not len(lr):
        return (), "no rate stands beside a loss"
    falls = np.flatnonzero(np.diff(lr) < -1e-9 * lr[:-1])
    if len(falls) > MOST or len(falls) > max(2, len(lr) / 3):
        return (), f"the rate falls smoothly from {lr.max():g} to {lr[-1]:g}, without drops"
    falls = [at for at in falls if lr[at + 1] <= FALL * lr[at]]
    found = tuple(
        _milestone(clock, rows[at], rows[at + 1], "learning rate", float(lr[at + 1] / lr[at])) for at in falls
    )
    return found, f"the rate falls {_after(found)}" if found else "the rate does not drop"


def of_losses(values: np.ndarray, clock: Clock, losses: np.ndarray) -> tuple[tuple[Milestone, ...], str]:
    """The drops that the losses (rows with one,) show, and what there is to say about them."""
    if (values <= 0).any():
        return (), "drops are not looked for, as there are losses of 0 or less"
    rows = np.flatnonzero(losses)
    starts = _blocks(clock, rows)
    means = np.add.reduceat(values, starts) / np.diff(np.append(starts, len(values)))
    if len(means) < BEFORE + AFTER:
        return (), f"drops are not looked for, as {len(means)} points are too few"
    gap, score = scores(np.log(means))
    found = []
    while score.max() >= LEAST:
        at = int(np.argmax(score))
        first = starts[at + BEFORE]
        found.append(_milestone(clock, rows[first - 1], rows[first], "losses", math.exp(-gap[at])))
        score[max(0, at - AFTER) : at + AFTER + 1] = 0
    found = tuple(sorted(found, key=lambda milestone: milestone.step))
    if not found:
        return (), "no drops were found: the losses show none that stands out from their noise"
    return found, f"drops were found from the losses: {_after(found)}"


def scores(log_loss: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gap and score of a drop in front of each log-loss from number BEFORE on, shapes (n - BEFORE - AFTER + 1,)."""
    x = np.arange(BEFORE) - (BEFORE - 1) / 2
    spread = (x**2).sum()
    before = np.lib.stride_tricks.sliding_window_view(log_loss, BEFORE)[: len(log_loss) - BEFORE - AFTER + 1]
    level, slope = before.mean(axis=1), np.minimum(before @ x / spread, 0)
    rest = before - level[:, None] - slope[:, None] * x
    noise = np.sqrt((rest**2).sum(axis=1) / (BEFORE - 2)) + 1e-12
    ahead = (BEFORE - 1) / 2 + 1 + np.arange(AFTER)
    after = np.lib.stride_tricks.sliding_window_view(log_loss[BEFORE:], AFTER)
    gaps = level[:, None] + slope[:, None] * ahead - after
    gap, first = gaps.mean(axis=1), gaps[:, 0]
    wide = gap / (noise * math.sqrt(1 / AFTER + 1 / BEFORE + ahead.mean() ** 2 / spread))
    sudden = first / (noise * math.sqrt(1 + 1 / BEFORE + ahead[0] ** 2 / spread))
    return gap, np.where(gap >= -math.log(1 - SMALLEST), np.minimum(wide, 2 * sudden), 0)


def _blocks(clock: Clock, rows: np.ndarray) -> np.ndarray:
    """Where the blocks of losses start: epochs, or equal parts of them where there are few."""
    if clock.epoch is None:
        return np.unique(np.linspace(0, len(rows), min(len(rows), BLOCKS), endpoint=False).astype(int))
    edges = np.concatenate(([0], np.flatnonzero(np.diff(clock.epoch[rows]) > 0) + 1, [len(rows)]))
    parts = math.ceil(EPOCHS / (len(edges) - 1))
    within = np.arange(parts) / parts
    return np.unique((edges[:-1, None] + np.diff(edges)[:, None] * within).astype(int))


def _milestone(clock: Clock, before: int, behind: int, source: str, factor: float) -> Milestone:
    """The drop between two rows: at the end of an epoch where one ends there."""
    if clock.epoch is None:
        return Milestone(step=int(clock.done[before]), epoch=None, source=source, factor=factor)
    epoch, ends = int(clock.epoch[behind]), clock.epoch[behind] > clock.epoch[before]
    step = epoch * clock.steps_per_epoch if ends and clock.steps_per_epoch else clock.done[before]
    return Milestone(step=int(step), epoch=epoch, source=source, factor=factor)


def _after(found: tuple[Milestone, ...]) -> str:
    """`after epochs 100 and 150`, or steps where the log has no epochs."""
    places = [str(each.step if each.epoch is None else each.epoch) for each in found]
    unit = ("step" if found and found[0].epoch is None else "epoch") + ("s" if len(places) > 1 else "")
    listed = places[0] if len(places) == 1 else f"{', '.join(places[:-1])} and {places[-1]}" if places else "never"
    return f"after {unit} {listed}"
