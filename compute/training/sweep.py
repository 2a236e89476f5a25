"""A sweep: the trainings that one command asks for, which of them are done, and how each of them is trained."""

import hashlib
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from compute import ComputeError
from compute.core.runs import RECORD, ArtefactError, Run, read_record
from compute.data import Location
from compute.training.checkpoint import CHECKPOINTS, Checkpoint
from compute.training.device_dataset import DeviceDataset
from compute.training.trainer import Trainer


class MissingInputError(ComputeError):
    """The artefact of another run that a run starts from does not exist yet."""


@dataclass(frozen=True, kw_only=True)
class Sweep(ABC):
    """The options that all sweeps have; a problem's subclass plans its runs, and makes and finishes their trainers.

    `concurrency` networks train concurrently in a process. With `again`, runs whose artefact was in `runs`
    when the sweep was made are trained again; `existing` remembers those artefacts (run id: digest), also
    in the processes that get a copy of the sweep. `ray` is the address of a Ray cluster that trains them,
    or `auto` or `local`, or None: this machine's processes do.
    """

    scale: str
    runs: Path
    data: Location = field(default_factory=Location)
    device: str = "auto"
    precision: str = "fp32"
    execution_mode: str = "auto"
    threads: int = 1
    concurrency: int = 1
    again: bool = False
    contributor: str = "the report's authors"
    checkpoints: Path = CHECKPOINTS
    checkpoint_every_s: float = 5.0
    existing: dict[str, str | None] | None = None
    ray: str | None = None

    def __post_init__(self):
        if self.existing is None:
            folders = self.runs.glob("*") if self.again else ()
            object.__setattr__(self, "existing", {folder.name: record_digest(folder) for folder in folders})

    @abstractmethod
    def planned(self) -> list[Run]:
        """The records of all runs of the sweep, in the order in which they are trained."""

    @abstractmethod
    def device_dataset(self) -> DeviceDataset:
        """The data set on the device. Raises ComputeError where it is missing."""

    @abstractmethod
    def trainer(self, run: Run, device_dataset: DeviceDataset, checkpoint: Checkpoint | None) -> Trainer:
        """The trainer of a run, at its beginning or where the checkpoint's state ends."""

    def extra_steps(self, run: Run) -> int:
        """Steps that `finish` trains after the trainer's own, for the estimate of `--list`."""
        return 0

    @abstractmethod
    def finish(self, run: Run, trainer: Trainer, device_dataset: DeviceDataset) -> Path:
        """Write the artefact of a run whose trainer has finished; returns its folder."""

    def checkpoint(self, run: Run) -> Checkpoint:
        """The checkpoint of a run."""
        return Checkpoint(self.checkpoints / run.run_id, self.checkpoint_every_s)

    def done(self, run: Run) -> bool:
        """Whether the run has its artefact, and with `again` another one than when the sweep was made."""
        folder = self.runs / run.run_id
        if self.again and record_digest(folder) in (None, self.existing.get(run.run_id)):
            return False
        return has_artefact(folder, run.weights)


def record_digest(folder: Path) -> str | None:
    """SHA-256 of a run's record, which tells two artefacts of the same run apart; None where there is no record."""
    with suppress(OSError):
        return hashlib.sha256((folder / RECORD).read_bytes()).hexdigest()
    return None


def has_artefact(folder: Path, weights: str | None) -> bool:
    """Whether a run's folder holds a whole artefact that was made from these base weights."""
    try:
        return read_record(folder).get("weights") == weights
    except (ArtefactError, OSError):
        return False


def already_done(done: int, planned: int) -> str:
    """The message that says how many of the planned runs need no training."""
    return f"{done} of {planned} runs are done already; --again trains them again"
