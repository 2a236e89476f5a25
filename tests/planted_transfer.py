"""Problem 1's runs as artefacts, with planted accuracies: what queries and pages show is then known."""

import numpy as np

from compute.core.runs import Run, write_run
from compute.data import png
from tests.conftest import make_run

CLASSES, TEST, EPOCHS = 6, 40, 20
MILESTONES = (6, 12, 18)
# class: the ImageNet class that it is, or is a kind of by its name
BASE_CLASSES = {
    "oxeye daisy": "daisy",
    "barbeton daisy": "daisy",
    "artichoke": "artichoke",
    "rose": None,
    "tulip": None,
    "sunflower": None,
}
NAMES = tuple(BASE_CLASSES)
# test images right of each class, by job and rate
RIGHT = {
    ("finetune", 0.001): 20,
    ("finetune", 0.01): 30,
    ("finetune", 0.1): 10,
    ("scratch", 0.1): 6,
    ("extract", 1.0): 18,
    ("extract", 0.1): 24,
    ("extract", 0.01): 22,
    ("extract", 0.001): 12,
    ("adabn", 0.1): 25,
    ("adabn", 0.001): 11,
    ("linear_probe", None): 21,
}
FROZEN = ("extract", "adabn")


def plant_transfer(runs, seeds: int = 3, px: int = 64) -> None:
    """A described data set and every run of RIGHT.

    Last layers have `seeds` seeds, each of which gets one image more of every class right.
    """
    import torch

    counts, samples = [], []
    make = torch.Generator().manual_seed(0)
    for c, name in enumerate(NAMES):
        for split, images in (("train", 10), ("val", 10), ("test", TEST + 10 * c)):
            row = {"dataset": "flowers102", "split": split, "class_id": c, "class_name": name, "images": images}
            counts.append({**row, "base_class": BASE_CLASSES[name]})
        for nth in range(4):
            image = png(torch.randint(0, 256, (3, px, px), dtype=torch.uint8, generator=make))
            row = {"dataset": "flowers102", "split": "train", "class_id": c, "class_name": name, "nth": nth}
            samples.append({**row, "image": image, "width": px, "height": px})
    write_run(
        run(job="dataset", identity=("dataset", "px"), config={"px": px}),
        {"class_counts": counts, "samples": samples},
        runs,
    )
    for (job, lr), right in RIGHT.items():
        for seed in range(seeds if job in FROZEN else 1):
            plant_run(runs, job, lr, seed, right + seed, px)


def plant_run(
    runs, job: str, lr: float | None, seed: int, right: int, px: int, config: dict | None = None, **changes
) -> None:
    """One run that gets `right` test images of every class right and takes the others for the next class."""
    settings = {
        "px": px,
        "forward_flops": 6.7e8,
        "train_images": 60,
        "val_images": 60,
        "test_images": 6 * TEST + 150,
        "classes": CLASSES,
        "batch": 60,
        "epochs": EPOCHS,
        "precision": "fp32",
        "threads": 1,
        **(config or {}),
    }
    images = [TEST + 10 * c for c in range(CLASSES)]
    tables: dict = {
        "scores": [
            {"stage": "final", "split": "test", "images": sum(images), "correct": right * CLASSES, "loss": 1.0},
            {"stage": "final", "split": "val", "images": 60, "correct": right, "loss": 1.0},
        ],
        "class_accuracy": [
            {"stage": "final", "class_id": c, "correct": right, "images": n} for c, n in enumerate(images)
        ],
        "confusions": [
            {"class_id": c, "predicted_id": (c + 1) % CLASSES, "images": n - right} for c, n in enumerate(images)
        ],
    }
    if job == "linear_probe":
        del settings["epochs"]
    else:
        falls = np.exp(-np.arange(EPOCHS) / 5)
        tables["epochs"] = {
            "epoch": np.arange(EPOCHS),
            "step": np.arange(1, EPOCHS + 1),
            "lr": [lr * 0.1 ** sum(e >= d for d in MILESTONES) for e in range(EPOCHS)],
            "train_loss": 0.1 + 2 * falls,
            "train_accuracy": 0.9 - 0.8 * falls,
            "val_loss": [None if e % 5 != 4 else 1.0 for e in range(EPOCHS)],
            "val_accuracy": [None if e % 5 != 4 else right / 60 * (e + 1) / EPOCHS for e in range(EPOCHS)],
            "seconds": np.full(EPOCHS, 12.0 if job not in FROZEN else 0.02),
            "images_per_s": np.full(EPOCHS, 60 / (12.0 if job not in FROZEN else 0.02)),
        }
    if job in FROZEN:
        settings |= {
            "augmentations": 8,
            "features_s": 30.0,
            "augmentations_s": 24.0,
            "heads_s": 6.0,
            "heads_together": 12,
        }
    identity = ("dataset", "px") if lr is None else ("dataset", "lr", "px")
    made = run(
        job=job,
        identity=identity,
        config=settings,
        lr=lr,
        seed=None if lr is None else seed,
        model="resnet50",
        seconds=240.0 if job not in FROZEN else 30.5,
        **changes,
    )
    write_run(made, tables, runs)


def run(**changes) -> Run:
    """A run of Problem 1 at scale small."""
    fields = {
        "problem": "transfer",
        "scale": "small",
        "provenance": "measured",
        "dataset": "flowers102",
        "device": "AMD EPYC",
        "seed": None,
        "gpu_type": None,
    }
    return make_run(**{**fields, "model": None, "weights": "weights for tests", **changes})
