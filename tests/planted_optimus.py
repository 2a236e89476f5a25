"""Trainings of Problem 4 with planted loss curves, as artefacts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from compute.core.loss_curve import LossCurve
from compute.core.runs import write_run
from compute.core.vocabulary import DEPTHS, GPU_TYPES, cifar_resnet
from tests.conftest import make_run

PER_EPOCH, EPOCHS = 20, 40
DROPS = (20 * PER_EPOCH, 30 * PER_EPOCH)
PIECES = [
    LossCurve(beta0=0.01, beta1=0.45, beta2=0.5),
    LossCurve(beta0=0.15, beta1=4.5, beta2=0.47),
    LossCurve(beta0=0.2, beta1=10.0, beta2=0.45),
]


def pieces(depth: int) -> list[LossCurve]:
    """Curves whose coefficients are linear in the depth."""
    return [
        LossCurve(beta0=0.01 + 0.0002 * depth, beta1=0.45, beta2=0.6 - 0.005 * depth),
        LossCurve(beta0=0.05, beta1=2.0, beta2=0.4 - 0.004 * depth),
        LossCurve(beta0=0.2, beta1=4.0, beta2=0.35 - 0.004 * depth),
    ]


def plant_losses(
    runs: Path, losses, *, per_epoch: int = PER_EPOCH, lr=None, evaluate_every: int = 1, **changes
) -> Path:
    """A training with these losses, shape (steps,), as `train` would have left it; returns its folder.

    `lr` holds the learning rate of each epoch. The test accuracy is 0.9 less a fifth of the epoch's loss, NULL
    in epochs before the first drop that are not a multiple of `evaluate_every`.
    """
    losses = np.asarray(losses, dtype=float)
    epochs = len(losses) // per_epoch
    lr = np.full(epochs, 0.1) if lr is None else np.asarray(lr, dtype=float)
    by_epoch = losses[: epochs * per_epoch].reshape(epochs, per_epoch).mean(axis=1)
    evaluated = (np.arange(1, epochs + 1) % evaluate_every == 0) | (lr < lr[0])
    accuracy = [float(a) if known else None for a, known in zip(0.9 - by_epoch / 5, evaluated, strict=True)]
    table = {
        "epoch": np.arange(epochs),
        "step": per_epoch * np.arange(1, epochs + 1),
        "lr": lr,
        "train_loss": by_epoch,
        "train_accuracy": np.linspace(0.2, 0.9, epochs),
        "test_loss": [float(loss) if known else None for loss, known in zip(by_epoch, evaluated, strict=True)],
        "test_accuracy": accuracy,
        "seconds": np.full(epochs, 1.0),
        "images_per_s": np.full(epochs, 100.0),
    }
    depth = changes.get("depth", 20)
    fields = {"scale": "small", "model": cifar_resnet(depth), "depth": depth, "device": "AMD EPYC"}
    config = {"batch": 128, "epochs": epochs, "lr": 0.1, "train_images": None, "momentum": 0.9, "weight_decay": 1e-4}
    config["milestones"] = [int(epoch) + 1 for epoch in np.flatnonzero(np.diff(lr) < 0)]
    run = make_run(**{"seconds": 0.0, **fields, "config": config, **changes})
    return write_run(run, {"steps": {"step": np.arange(len(losses)), "loss": losses}, "epochs": table}, runs)


def plant(runs: Path, depth: int, gpu_type: str, seed: int, curves=PIECES, deviation: float = 0.01, **changes) -> Path:
    """A training whose loss follows `curves` between DROPS, with a little noise; returns its folder."""
    steps = np.arange(1, EPOCHS * PER_EPOCH + 1)
    segment = np.searchsorted(DROPS, steps - 1, side="right")
    start = np.array([0, *DROPS])[segment]
    noise = np.random.default_rng(seed).normal(0, deviation, len(steps))
    losses = np.choose(segment, [curve.loss(steps - start) for curve in curves]) + noise
    lr = 0.1 ** (1 + segment[::PER_EPOCH])
    return plant_losses(runs, losses, lr=lr, depth=depth, gpu_type=gpu_type, seed=seed, **changes)


def plant_all(
    runs: Path,
    curves: Callable[[int], list[LossCurve]] = lambda depth: PIECES,
    gpu_types=tuple(GPU_TYPES),
    deviation: float = 0.01,
    **changes,
) -> None:
    """A training of every depth on each GPU type; `curves` maps a depth to what its loss follows."""
    for depth in DEPTHS:
        for place, gpu_type in enumerate(gpu_types):
            plant(runs, depth, gpu_type, place + 10 * depth, curves(depth), deviation, **changes)
