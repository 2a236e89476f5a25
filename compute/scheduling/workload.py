"""Jobs like those of the paper's evaluation (section 6.1): random networks, modes and convergence thresholds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compute.core.loss_curve import LossCurve
from compute.core.speed import AsynchronousSpeed, SynchronousSpeed
from compute.scheduling.jobs import Job

MODES = ("synchronous", "asynchronous")
EPOCHS = 1000


@dataclass(frozen=True, kw_only=True)
class Network:
    """A kind of job: its speed in both modes, steps of an epoch, and the resources of a worker and of a server.

    `epochs` is how many it takes, or None where its loss curve and its threshold say so.
    """

    name: str
    synchronous: SynchronousSpeed
    asynchronous: AsynchronousSpeed
    epoch_steps: float
    worker: tuple[float, ...]
    server: tuple[float, ...]
    epochs: float | None = None

    def step_s(self) -> float:
        """Seconds of a synchronous step with one worker and one parameter server."""
        return 1 / float(self.synchronous.steps_per_s(1, 1))


def epochs_to_converge(curve: LossCurve, threshold: float, patience: int) -> int:
    """Epochs until the loss has fallen by less than `threshold` an epoch for `patience` epochs running (section 2.1).

    `curve` counts k in epochs; `threshold` is in its unit, 0.01 for 1 % of the first loss where losses
    were divided by that. Raises ValueError for a curve that does not get there in 1,000 epochs.
    """
    falls = -np.diff(curve.loss(np.arange(EPOCHS + 1)))
    small = np.flatnonzero(falls < threshold)
    if not len(small) or small[0] + patience > EPOCHS:
        raise ValueError(
            f"the loss still falls by {threshold:g} an epoch after {EPOCHS} epochs; choose a larger threshold"
        )
    # Eq. 1 is convex: once its fall is below the threshold it stays there
    return int(small[0]) + patience


def training(network: Network, *, mode: str, epochs: float, epoch_steps: float, arrival_s: float) -> Job:
    """The job that trains a network for so many epochs.

    With one worker and one parameter server the two modes are the same training and take as long: the
    epochs times the synchronous seconds of an epoch. That sets the number of steps in either mode.
    """
    took = epochs * epoch_steps * network.step_s()
    if not (math.isfinite(took) and took > 0):
        raise ValueError(f"{network.name} takes {epochs} epochs of {epoch_steps} steps; both must be finite, above 0")
    speed = getattr(network, mode)
    return Job(
        network=network.name,
        arrival_s=arrival_s,
        steps=took * float(speed.steps_per_s(1, 1)),
        speed=speed,
        worker=network.worker,
        server=network.server,
    )


def draw(
    rng: np.random.Generator,
    networks: Sequence[Network],
    arrivals_s,
    *,
    curve: LossCurve,
    thresholds: tuple[float, float],
    patience: int,
    duration: float,
    mode: str | None = None,
) -> tuple[Job, ...]:
    """A job for each arrival: a random network, mode (unless `mode` says which) and threshold between two.

    An epoch has `duration` times the network's steps.
    """
    jobs = []
    for arrival in np.asarray(arrivals_s, dtype=float).tolist():
        network = networks[int(rng.integers(len(networks)))]
        chance, threshold = MODES[int(rng.integers(2))], float(rng.uniform(*thresholds))
        epochs = network.epochs or epochs_to_converge(curve, threshold, patience)
        jobs.append(
            training(
                network,
                mode=mode or chance,
                epochs=epochs,
                epoch_steps=duration * network.epoch_steps,
                arrival_s=arrival,
            )
        )
    return tuple(jobs)
