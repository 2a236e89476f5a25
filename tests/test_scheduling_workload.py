"""Arrivals, and jobs drawn for them."""

import numpy as np
import pytest

from compute.core.loss_curve import LossCurve
from compute.core.speed import AsynchronousSpeed, SynchronousSpeed
from compute.scheduling import arrivals
from compute.scheduling.jobs import Cluster
from compute.scheduling.workload import Network, draw, epochs_to_converge

CURVE = LossCurve(beta0=0.21, beta1=1.07, beta2=0.07)
NETWORK = Network(
    name="net",
    synchronous=SynchronousSpeed(theta=(1, 1, 1, 0, 0), batch=8),
    asynchronous=AsynchronousSpeed(theta=(3, 1, 0, 1)),
    epoch_steps=50,
    worker=(2.0, 8.0),
    server=(3.0, 9.0),
)
HOW = {"curve": CURVE, "thresholds": (0.01, 0.05), "patience": 10, "duration": 0.5}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    "times",
    [
        arrivals.uniform(rng(), 60, 12_000),
        arrivals.poisson(rng(), 3, 12_000, 600),
        arrivals.bursty(rng(), 60, 12_000, 600),
    ],
)
def test_arrivals_are_in_order_and_in_the_span(times):
    assert (np.diff(times) >= 0).all() and times[0] >= 0 and times[-1] < 12_000


def test_poisson_has_its_mean_and_variance():
    counts = [len(arrivals.poisson(rng(seed), 3, 12_000, 600)) for seed in range(400)]
    assert np.mean(counts) == pytest.approx(60, abs=1.5) and np.var(counts) == pytest.approx(60, rel=0.25)


def test_bursts_are_burstier_than_poisson():
    def spread(times) -> float:
        counts = np.bincount((times / 600).astype(int), minlength=42)
        return counts.var() / counts.mean()

    assert np.mean([spread(arrivals.bursty(rng(seed), 126, 25_200, 600)) for seed in range(30)]) > 3
    assert np.mean([spread(arrivals.uniform(rng(seed), 126, 25_200)) for seed in range(30)]) < 1.3


def test_epochs_to_converge_by_hand():
    # the fall of an epoch is about β0/(β0 k + β1)²: below 5 % where 0.21 k + 1.07 > 2.05, below 1 % where it is > 4.58
    assert epochs_to_converge(CURVE, 0.05, 0) == 5
    assert epochs_to_converge(CURVE, 0.01, 0) == 17
    assert epochs_to_converge(CURVE, 0.01, 10) == 27
    falls = -np.diff(CURVE.loss(np.arange(19)))
    assert falls[16] >= 0.01 > falls[17]


def test_a_threshold_out_of_reach_is_refused():
    with pytest.raises(ValueError, match="larger threshold"):
        epochs_to_converge(CURVE, 1e-9, 10)


def test_both_modes_take_as_long_with_one_of_each():
    made = [draw(rng(), [NETWORK], [0.0] * 20, mode=mode, **HOW) for mode in ("synchronous", "asynchronous")]
    took = [[job.steps / float(job.speed.steps_per_s(1, 1)) for job in jobs] for jobs in made]
    assert took[0] == pytest.approx(took[1])
    # half of 15 to 27 epochs of 50 steps of 8 + 1 + 1 s
    assert 0.5 * 15 * 500 <= min(took[0]) < max(took[0]) <= 0.5 * 27 * 500


def test_modes_are_mixed_and_the_seed_decides():
    jobs = draw(rng(3), [NETWORK], [0.0] * 40, **HOW)
    assert 8 < sum(job.mode == "synchronous" for job in jobs) < 32
    assert jobs == draw(rng(3), [NETWORK], [0.0] * 40, **HOW) != draw(rng(4), [NETWORK], [0.0] * 40, **HOW)


def test_a_network_may_know_its_epochs():
    from dataclasses import replace

    (job,) = draw(rng(), [replace(NETWORK, epochs=4)], [7.0], mode="synchronous", **HOW)
    assert (job.steps, job.arrival_s) == (pytest.approx(0.5 * 4 * 50), 7.0)


def test_a_clusters_capacity():
    assert Cluster(groups=((2, (16, 80)), (1, (8, 48)))).capacity.tolist() == [[16, 80], [16, 80], [8, 48]]
    with pytest.raises(ValueError, match="group of machines"):
        Cluster(groups=((0, (16, 80)),))
