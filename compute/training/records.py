"""A training's history as what its artefact holds."""

from dataclasses import replace

import numpy as np

from compute.core.runs import Run
from compute.training.recipe import History


def finished_record(run: Run, history: History) -> Run:
    """The planned record, with what only the training could tell."""
    return replace(run, seconds=history.seconds, started_at=history.started_at, config={**run.config, "execution_mode": history.execution_mode})


def steps_of(history: History) -> dict:
    """The table `steps`; a step's number counts from 0."""
    return {"step": np.arange(len(history.losses), dtype=np.int32), "loss": history.losses}


def columns(rows: list[dict]) -> dict:
    """Rows of the same keys as columns."""
    return {name: [row[name] for row in rows] for name in rows[0]}
