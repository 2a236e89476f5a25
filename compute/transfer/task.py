"""What Problem 1's experiments have in common: the data set at a scale, and the recipe."""

from dataclasses import dataclass
from functools import lru_cache

from compute import ComputeError
from compute.data import Images, Location, load_choosing, split_off_val, synthetic
from compute.recipe import Recipe
from compute.schedule import drops_at


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How long: epochs, with three drops of the learning rate by ten at 0.3, 0.6 and 0.9 of them (60, 120 and 180 of 200)."""

    epochs: int
    batch: int = 64

    def recipe(self, lr: float, seed: int, **how) -> Recipe:
        """The assignment's recipe: momentum 0.9, no weight decay, which it does not ask for, crop and flip."""
        drops = drops_at((0.3, 0.6, 0.9), self.epochs)
        return Recipe(epochs=self.epochs, drops=drops, batch=self.batch, lr=lr, seed=seed, weight_decay=0.0, **how)


SCALES = {"smoke": Scale(epochs=4, batch=16), "cpu": Scale(epochs=40), "paper": Scale(epochs=200)}
SYNTHETIC = "synthetic"


@lru_cache(maxsize=2)
def splits(dataset: str, data: Location, px: int) -> tuple[Images, Images]:
    """The data set to choose by (its test split is `val`) and to report by, at `px` pixels square; `synthetic` is made in memory.

    Raises ComputeError for a data set that is missing or cannot be used.
    """
    if px < 32:
        raise ComputeError(f"--px is {px}; ResNet-50 reduces its input 32 times, so it must be at least 32")
    if dataset == SYNTHETIC:
        return split_off_val(synthetic(train=80, test=32, px=px))
    return load_choosing(dataset, data, px=px)


def record_of(dataset: str, data: Location, px: int) -> dict:
    """The data set's sizes, and its columns if they are not the usual ones, for a run's configuration."""
    choose, report = splits(dataset, data, px)
    sizes = {"train_images": len(report.train_labels), "val_images": len(choose.test_labels), "test_images": len(report.test_labels)}
    return {**sizes, "classes": len(report.classes), **({} if dataset == SYNTHETIC else data.columns())}
