"""What the sweeps of Problem 2 share: the data set and its labelled part, and the record of a run."""

from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from compute.core.runs import Run
from compute.data import Images, Location, load, synthetic
from compute.supervision.sizes import SIZES, Sizes
from compute.supervision.subsets import disjoint_parts
from compute.training import device as devices
from compute.training.device_dataset import DeviceDataset
from compute.training.recipe import Recipe
from compute.training.resnet_cifar import depth
from compute.training.sweep import Sweep


@lru_cache(maxsize=1)
def images(scale: str, data: Location) -> Images:
    """The data set of a scale. Raises ComputeError where it is missing."""
    if SIZES[scale].dataset == "synthetic":
        return synthetic(train=240, test=64, px=16)
    return load(SIZES[scale].dataset, data)


@dataclass(frozen=True, kw_only=True)
class SupervisionSweep(Sweep):
    """A sweep over `seeds` of an experiment on parts of one data set."""

    seeds: int = 3

    @property
    def sizes(self) -> Sizes:
        """The sizes of the sweep's scale."""
        return SIZES[self.scale]

    def device_dataset(self) -> DeviceDataset:
        """The whole data set; every run takes its part of it."""
        return DeviceDataset(images(self.scale, self.data), devices.pick(self.device))

    def labelled_part(self, device_dataset: DeviceDataset, seed: int) -> tuple[DeviceDataset, Tensor]:
        """The data set with the labelled images as train images, and the row numbers of the unlabelled ones."""
        labels = device_dataset.train_labels.cpu()
        labelled, unlabelled = disjoint_parts(labels, self.sizes.labelled_images, None, seed)
        return device_dataset.subset(labelled, labels[labelled]), unlabelled

    def recipe_options(self) -> dict:
        """The command's options that go into every recipe."""
        return {"precision": self.precision, "execution_mode": self.execution_mode}

    def record(
        self, job: str, model: str, recipe: Recipe, variant: dict, config: dict, inputs: tuple[str, ...] = ()
    ) -> Run:
        """The record of a planned run; `variant` tells it from the job's other runs of the same network and seed."""
        return Run(
            problem="supervision",
            job=job,
            scale=self.scale,
            provenance="measured",
            identity=tuple(variant) or ("model",),
            config={**recipe.as_dict(), **variant, **config, "threads": self.threads},
            model=model,
            depth=depth(model),
            dataset=self.sizes.dataset,
            lr=recipe.lr,
            seed=recipe.seed,
            device=devices.name(devices.pick(self.device)),
            inputs=inputs,
            contributor=self.contributor,
        )


def concatenated(*tables: dict[str, list[dict]]) -> dict[str, list[dict]]:
    """Tables by name, with the rows of all that have the same name one after the other."""
    names = dict.fromkeys(name for table in tables for name in table)
    return {name: [row for table in tables for row in table.get(name, [])] for name in names}
