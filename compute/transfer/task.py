"""What Problem 1's experiments have in common: the data set at a scale, the recipe, and the judgement on the test images."""

from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from compute import ComputeError
from compute.batches import Resident
from compute.data import Images, load_choosing, split_off_val, synthetic
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
def splits(dataset: str, folder: Path | None, px: int) -> tuple[Images, Images]:
    """The data set to choose by (its test split is `val`) and to report by, at `px` pixels square; `synthetic` is made in memory.

    Raises ComputeError for a data set that is missing or cannot be used.
    """
    if px < 32:
        raise ComputeError(f"--px is {px}; ResNet-50 reduces its input 32 times, so it must be at least 32")
    if dataset == SYNTHETIC:
        return split_off_val(synthetic(train=80, test=32, px=px))
    return load_choosing(dataset, folder, px=px)


def record_of(dataset: str, folder: Path | None, px: int) -> dict:
    """The data set's sizes, for a run's configuration."""
    choose, report = splits(dataset, folder, px)
    sizes = {"train_images": len(report.train_labels), "val_images": len(choose.test_labels), "test_images": len(report.test_labels)}
    return {**sizes, "classes": len(report.classes)}


@torch.no_grad()
def outputs(model: nn.Module, data: Resident, precision=nullcontext, batch: int = 128) -> Tensor:
    """What the network says of every test image: float32 N x outputs, on the CPU."""
    model.eval()
    found = []
    for pixels in data.test.split(batch):
        with precision():
            said = model(data.normalise(pixels))
        found.append(said.float().cpu())
    return torch.cat(found)


def judgement(logits: Tensor, labels: Tensor) -> dict[str, list[dict]]:
    """The tables `scores`, `class_accuracy` and `confusions` of logits N x classes on the test split."""
    predicted, classes = logits.argmax(1), logits.shape[1]
    pairs = torch.bincount(labels * classes + predicted, minlength=classes**2).view(classes, classes)
    present = pairs.sum(1).nonzero().flatten().tolist()
    wrong = pairs.clone().fill_diagonal_(0).nonzero().tolist()
    return {
        "scores": [score("test", logits, labels)],
        "class_accuracy": [{"class_id": c, "correct": int(pairs[c, c]), "images": int(pairs[c].sum())} for c in present],
        "confusions": [{"class_id": c, "predicted_id": p, "images": int(pairs[c, p])} for c, p in wrong],
    }


def score(split: str, logits: Tensor, labels: Tensor) -> dict:
    """A row of `scores`; the loss is left out where it is not finite."""
    loss = float(F.cross_entropy(logits.double(), labels))
    correct = int((logits.argmax(1) == labels).sum())
    return {"split": split, "images": len(labels), "correct": correct, "loss": loss if loss < float("inf") else None}
