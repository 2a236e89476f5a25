"""Losses for logs that tests write themselves: what a training might have logged, the same at every call."""

import numpy as np

EPOCHS, PER_EPOCH = 12, 20


def step_losses(epochs: int = EPOCHS, per_epoch: int = PER_EPOCH, noise: float = 0.01) -> np.ndarray:
    """A loss for each step (epochs × per_epoch,), rounded to four digits as in a log."""
    step = np.arange(1, epochs * per_epoch + 1)
    return np.round(1 / (0.01 * step + 0.45) + 0.1 + np.random.default_rng(1).normal(0, noise, len(step)), 4)


def epoch_losses(epochs: int = EPOCHS) -> np.ndarray:
    """The mean loss of each epoch."""
    return np.round(step_losses(epochs).reshape(epochs, PER_EPOCH).mean(axis=1), 4)


def accuracies(epochs: int = EPOCHS) -> np.ndarray:
    """A test accuracy for each epoch, 0 to 1, of four digits."""
    return np.round(np.linspace(0.31, 0.86, epochs), 4)


def lines(header: str, *columns, join: str = ",") -> bytes:
    """A file of a header and one line for each row of the columns."""
    return "\n".join([header, *(join.join(map(str, row)) for row in zip(*columns, strict=True))]).encode() + b"\n"
