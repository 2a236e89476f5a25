"""How fast a placed job runs, what a change of its tasks costs (section 5.4), and stragglers (section 5.2)."""

from dataclasses import replace

import numpy as np

from compute.core.speed import SynchronousSpeed
from compute.scheduling.jobs import Speed
from compute.scheduling.placement import Placement, transfer_s

STRAGGLER = 0.5


def placed_speed(speed: Speed, placement: Placement, largest: float = 1.0) -> float:
    """Steps per second of a job where its tasks are placed, all of its network links alike.

    Eqs. 3 and 4 let every worker exchange everything over the network, in θ w/p; here the exchange takes
    what the appendix says of the placement, times the parameters of the fullest parameter server over
    the mean (`largest`), for which the others wait.
    """
    p, w = sum(one[1] for one in placement), sum(one[2] for one in placement)
    over_network = transfer_s(placement, 1.0, 1.0, 1.0) * p / w
    return float(scaled(speed, transfer=over_network * largest).steps_per_s(p, w))


def scaled(speed: Speed, *, compute: float = 1.0, transfer: float = 1.0, connections: float = 1.0) -> Speed:
    """The speed of a job whose computing, exchange and connections take so many times as long."""
    synchronous = isinstance(speed, SynchronousSpeed)
    factors = (
        (compute, compute, transfer, connections, connections)
        if synchronous
        else (compute, transfer, connections, connections)
    )
    return replace(speed, theta=tuple(theta * factor for theta, factor in zip(speed.theta, factors, strict=True)))


def restart_s(before: Placement | None, after: Placement | None, checkpoint_s: float) -> float:
    """Seconds that a job loses to a checkpoint and restart when it goes on otherwise placed than `before`.

    `before` is None for a job that has not run yet, which starts for nothing, and empty for one that was
    paused; one that waits now (`after` is None) loses nothing either.
    """
    return checkpoint_s if before is not None and after and before != after else 0.0


def stragglers(steps_per_s) -> np.ndarray:
    """The numbers of the workers to replace in asynchronous training: those at half of the median speed or less."""
    speed = np.asarray(steps_per_s, dtype=float)
    return np.flatnonzero(speed <= STRAGGLER * np.median(speed))


def late_workers(gaps_s) -> np.ndarray:
    """The numbers of the workers to replace in synchronous training: those at twice the median gap or more.

    `gaps_s` are the seconds between arrivals of gradients at the parameter servers, for each worker: with
    synchronous training all take as many steps, and the number of steps does not tell a slow one.
    """
    return stragglers(1 / np.asarray(gaps_s, dtype=float))
