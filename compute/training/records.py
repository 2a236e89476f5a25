"""From a training's history to the record and the tables of its run artefact."""

from dataclasses import replace

import numpy as np

from compute.core.runs import Run
from compute.training.recipe import History


def finished_record(run: Run, history: History) -> Run:
    """The planned record with the training's start, duration and execution mode."""
    config = {**run.config, "execution_mode": history.execution_mode}
    return replace(run, seconds=history.seconds, started_at=history.started_at, config=config)


def steps_table(history: History) -> dict:
    """The table `steps`: each step's number, from 0, and its loss."""
    return {"step": np.arange(len(history.losses), dtype=np.int32), "loss": history.losses}


def columns(rows: list[dict]) -> dict:
    """A list of rows with the same keys as a dict of columns."""
    return {name: [row[name] for row in rows] for name in rows[0]}
