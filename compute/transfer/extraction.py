"""What a command asks of the experiment `extract`, and the records of the runs that it plans."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from compute import ComputeError
from compute.core.runs import Run
from compute.data import Location
from compute.training import device as devices
from compute.transfer.base import origin_of
from compute.transfer.task import target_of


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """The last layers to train: every rate with every seed, on features of `augmentations` of each train image.

    With `batchnorm` = "target" the frozen network first takes BatchNorm's statistics from the train images as they
    are; the job is then `adabn`, a control beside `extract`, and has no linear probe. Raises ComputeError for
    impossible numbers.
    """

    runs: Path
    dataset: str
    data: Location
    px: int
    scale: str
    lrs: tuple[float, ...]
    seeds: int
    augmentations: int
    batchnorm: str
    weights: Path | None
    device: str
    contributor: str
    again: bool = False

    def __post_init__(self):
        if self.seeds < 1 or self.augmentations < 1:
            raise ComputeError(
                f"--seeds is {self.seeds} and --augmentations is {self.augmentations}; both must be at least 1"
            )

    @property
    def job(self) -> str:
        """The job of the last layers' runs."""
        return "extract" if self.batchnorm == "base" else "adabn"

    @property
    def target(self) -> str:
        """The name of the data set that is trained on."""
        return target_of(self.scale, self.dataset)

    @cached_property
    def origin(self) -> str:
        """Where the base weights come from."""
        return origin_of(self.weights)

    def head_record(self, lr: float, seed: int) -> Run:
        """The record of one last layer as it is planned."""
        return self._record(job=self.job, identity=("dataset", "lr", "px"), lr=lr, seed=seed)

    def probe_record(self) -> Run:
        """The record of the linear probe as it is planned."""
        return self._record(job="linear_probe", identity=("dataset", "px"))

    def planned(self) -> list[Run]:
        """The records of all runs, by rate and then seed."""
        heads = [self.head_record(lr, seed) for lr in self.lrs for seed in range(self.seeds)]
        return heads + ([self.probe_record()] if self.job == "extract" else [])

    def _record(self, **fields) -> Run:
        return Run(
            problem="transfer",
            scale=self.scale,
            provenance="measured",
            config={"px": self.px},
            model="resnet50",
            depth=50,
            dataset=self.target,
            device=devices.name(devices.pick(self.device)),
            weights=self.origin,
            contributor=self.contributor,
            **fields,
        )
