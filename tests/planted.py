"""Trainings with planted loss curves, as artefacts."""

import numpy as np

from compute.core.loss_curve import LossCurve
from compute.core.runs import write_run
from tests.conftest import make_run

PER_EPOCH, EPOCHS = 20, 40
DROPS = (20 * PER_EPOCH, 30 * PER_EPOCH)
PIECES = [
    LossCurve(beta0=0.01, beta1=0.45, beta2=0.5),
    LossCurve(beta0=0.15, beta1=4.5, beta2=0.47),
    LossCurve(beta0=0.2, beta1=10.0, beta2=0.45),
]


def plant(runs, depth: int, gpu_type: str, seed: int, pieces=PIECES, deviation: float = 0.01) -> None:
    """A training whose loss follows `pieces` between DROPS, with a little noise, as `train` would have left it.

    Its test accuracy is 0.9 less a fifth of the epoch's loss.
    """
    steps = np.arange(1, EPOCHS * PER_EPOCH + 1)
    segment = np.searchsorted(DROPS, steps - 1, side="right")
    start = np.array([0, *DROPS])[segment]
    losses = np.choose(segment, [piece.loss(steps - start) for piece in pieces]) + np.random.default_rng(seed).normal(0, deviation, len(steps))
    by_epoch = losses.reshape(EPOCHS, PER_EPOCH).mean(axis=1)
    epochs = {
        "epoch": np.arange(EPOCHS),
        "step": PER_EPOCH * np.arange(1, EPOCHS + 1),
        "lr": 0.1 ** (1 + segment[::PER_EPOCH]),
        "train_loss": by_epoch,
        "train_accuracy": np.linspace(0.2, 0.9, EPOCHS),
        "test_loss": by_epoch,
        "test_accuracy": 0.9 - by_epoch / 5,
        "seconds": np.full(EPOCHS, 1.0),
        "images_per_s": np.full(EPOCHS, 100.0),
    }
    config = {"batch": 128, "epochs": EPOCHS, "lr": 0.1, "milestones": [20, 30], "train_images": None}
    run = make_run(scale="small", model=f"resnet{depth}", depth=depth, gpu_type=gpu_type, seed=seed, config=config, device="AMD EPYC")
    write_run(run, {"steps": {"step": steps - 1, "loss": losses}, "epochs": epochs}, runs)
