"""A training's history as what its artefact holds."""

from dataclasses import replace

import numpy as np

from compute.recipe import History
from store.artefact import Run


def finished_record(run: Run, history: History) -> Run:
    """The planned record, with what only the training could tell."""
    return replace(run, seconds=history.seconds, started_at=history.started_at, config={**run.config, "engine": history.engine})


def steps_of(history: History) -> dict:
    """The table `steps`; a step's number counts from 0."""
    return {"step": np.arange(len(history.losses), dtype=np.int32), "loss": history.losses}


def columns(rows: list[dict]) -> dict:
    """Rows of the same keys as columns."""
    return {name: [row[name] for row in rows] for name in rows[0]}
