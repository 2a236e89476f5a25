"""The data set and the recipe at each scale, which all experiments of Problem 1 share."""

from dataclasses import dataclass
from functools import lru_cache

from compute import ComputeError
from compute.core.schedule import milestones_at
from compute.data import Images, Location, load_choosing, split_off_val, synthetic
from compute.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The epochs and the batch; the learning rate is divided by ten at 0.3, 0.6 and 0.9 of the epochs.

    Those are 60, 120 and 180 of 200.
    """

    epochs: int
    batch: int = 64

    def recipe(self, lr: float, seed: int, **how) -> Recipe:
        """The assignment's recipe: momentum 0.9, no weight decay, which it does not ask for, crop and flip."""
        milestones = milestones_at((0.3, 0.6, 0.9), self.epochs)
        return Recipe(
            epochs=self.epochs, milestones=milestones, batch=self.batch, lr=lr, seed=seed, weight_decay=0.0, **how
        )


SCALES = {"smoke": Scale(epochs=4, batch=16), "small": Scale(epochs=40), "paper": Scale(epochs=200)}
SYNTHETIC = "synthetic"


def target_of(scale: str, dataset: str) -> str:
    """The name of the data set that a scale trains on: the smoke scale makes its own in memory."""
    return SYNTHETIC if scale == "smoke" else dataset


@lru_cache(maxsize=2)
def splits(dataset: str, data: Location, px: int) -> tuple[Images, Images]:
    """The data set twice, at `px` pixels square: with val as its evaluation images, and with test.

    `synthetic` is made in memory. Raises ComputeError for a data set that is missing or cannot be used.
    """
    if px < 32:
        raise ComputeError(f"--px is {px}; ResNet-50 reduces its input 32 times, so it must be at least 32")
    if dataset == SYNTHETIC:
        return split_off_val(synthetic(train=80, test=32, px=px))
    return load_choosing(dataset, data, px=px)


def record_of(dataset: str, data: Location, px: int) -> dict:
    """The numbers of images and classes, and the columns where they are not the usual ones, as keys of `config`."""
    val_data, test_data = splits(dataset, data, px)
    return {
        "train_images": len(test_data.train_labels),
        "val_images": len(val_data.test_labels),
        "test_images": len(test_data.test_labels),
        "classes": len(test_data.classes),
        **({} if dataset == SYNTHETIC else data.columns()),
    }
