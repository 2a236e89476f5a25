"""The log of a run that the report has itself."""

from collections.abc import Mapping

import numpy as np

from compute.logs.log import Epochs, Log, Milestone


def recorded(name: str, steps: np.ndarray, losses: np.ndarray, epochs: Mapping[str, np.ndarray]) -> Log:
    """The log of `losses` (steps,) at `steps`, the steps done by then, with the columns of Epochs that are known.

    The learning rate falls after the epochs that have a lower one behind them.
    """
    count = len(epochs["epoch"])
    known = {field: np.asarray(epochs.get(field, np.full(count, np.nan))) for field in Epochs.__dataclass_fields__}
    of = Epochs(**known)
    falls = np.flatnonzero(np.diff(of.lr.astype(float)) < 0)
    milestones = tuple(
        Milestone(
            step=int(of.step[at]),
            epoch=int(of.epoch[at]) + 1,
            source="learning rate",
            factor=float(of.lr[at + 1] / of.lr[at]),
        )
        for at in falls
    )
    drops = ", ".join(str(each.epoch) for each in milestones)
    return Log(
        name=name,
        format="run of this report",
        unit="step",
        steps=np.asarray(steps),
        losses=np.asarray(losses, dtype=float),
        steps_per_epoch=int(of.step[0]) if count else None,
        lr=None,
        epochs=of,
        milestones=milestones,
        understood=(
            f"run of this report, {len(losses)} steps, {count} epochs",
            f"the learning rate falls after epochs {drops}" if drops else "the learning rate does not drop",
        ),
    )
