"""Optimus' allocation against the paper's Fig. 4(a) and against exhaustive search; what it must never do."""

from itertools import product

import numpy as np
import pytest

from compute.core.speed import AsynchronousSpeed, SynchronousSpeed
from compute.scheduling.allocation import allocate, gains
from compute.scheduling.jobs import Request

TABLE2 = (1.02, 2.78, 4.92, 0.00, 0.02)
CONTAINER = (5.0, 10.0)


def request(theta=TABLE2, batch=40, steps=1000, worker=CONTAINER, server=CONTAINER, **more) -> Request:
    kind = (
        SynchronousSpeed(theta=tuple(theta), batch=batch) if len(theta) == 5 else AsynchronousSpeed(theta=tuple(theta))
    )
    return Request(steps_left=steps, speed=kind, worker=worker, server=server, **more)


def exhaustive(requests: list[Request], containers: int) -> float:
    """The least sum of remaining seconds over all ways to give each job at least one task of each kind."""
    counts = [(p, w) for p, w in product(range(1, containers), repeat=2) if p + w <= containers]
    best = {0: 0.0}
    for one in requests:
        seconds = {pair: float(one.seconds_left(*pair)) for pair in counts}
        step: dict[int, float] = {}
        for used, so_far in best.items():
            for (p, w), took in seconds.items():
                if used + p + w <= containers:
                    step[used + p + w] = min(step.get(used + p + w, np.inf), so_far + took)
        best = step
    return min(best.values())


def total(requests: list[Request], counts) -> float:
    return sum(float(one.seconds_left(p, w)) for one, (p, w) in zip(requests, counts, strict=True))


@pytest.mark.parametrize(("batch", "best"), [(33, (13, 7)), (34, (12, 8)), (40, (12, 8)), (51, (12, 8)), (52, (11, 9))])
def test_figure_4a(batch, best):
    """Of 20 containers 12 servers and 8 workers are fastest for M of 34 to 51, and the marginal gains find them."""
    one = request(batch=batch)
    speeds = {(p, 20 - p): float(one.speed.steps_per_s(p, 20 - p)) for p in range(1, 20)}
    assert max(speeds, key=speeds.__getitem__) == best
    assert tuple(allocate([one], (100, 200))[0]) == best


def test_gains_by_hand():
    one = request(theta=(0, 1, 2, 0, 0), steps=60, worker=(1, 1), server=(2, 1))
    # a step takes 1 + 2 w/p seconds: 3 now, 2 with a second parameter server, 5 with a second worker
    assert gains(one, 1, 1, (10, 20)) == pytest.approx((60 * (3 - 2) / 0.2, 60 * (3 - 5) / 0.1))


def test_the_dominant_resource_is_each_tasks_own():
    one = request(theta=(1, 0, 1, 0, 0), batch=1, steps=60, worker=(1, 8), server=(4, 1))
    assert gains(one, 1, 1, (20, 20)) == pytest.approx((60 * 0.5 / (4 / 20), 60 * (2 - 2.5) / (8 / 20)))


@pytest.mark.parametrize("seed", range(20))
def test_equals_exhaustive_search_where_gains_diminish(seed):
    """Without an exchange only workers count, each is worth less than the one before, and the greedy choice is best."""
    rng = np.random.default_rng(seed)
    jobs = [
        request(theta=(rng.uniform(0.1, 2), rng.uniform(0, 2), 0, 0, 0), steps=rng.uniform(50, 500)) for _ in range(3)
    ]
    counts = allocate(jobs, (5 * 14, 10 * 14))
    assert counts.sum() == 14 and (counts[:, 0] == 1).all()
    assert total(jobs, counts) == pytest.approx(exhaustive(jobs, 14))


@pytest.mark.parametrize("seed", range(20))
def test_is_close_to_exhaustive_search_with_an_exchange(seed):
    rng = np.random.default_rng(seed)
    jobs = [request(theta=rng.uniform(0.2, 1, 5) * TABLE2, steps=rng.uniform(50, 500)) for _ in range(2)]
    jobs.append(request(theta=rng.uniform(0.2, 1, 4) * (2.83, 3.92, 0, 0.11), steps=rng.uniform(50, 500)))
    assert total(jobs, allocate(jobs, (5 * 14, 10 * 14))) <= 1.02 * exhaustive(jobs, 14)


@pytest.mark.parametrize("seed", range(10))
def test_capacity_holds_and_nobody_works_alone(seed):
    rng = np.random.default_rng(seed)
    jobs = [
        request(steps=rng.uniform(1, 1e5), worker=(rng.integers(1, 5), 8), server=(rng.integers(1, 5), 9))
        for _ in range(30)
    ]
    capacity = rng.uniform(50, 300, size=2)
    counts = allocate(jobs, capacity)
    used = sum(
        np.multiply(p, one.server) + np.multiply(w, one.worker) for one, (p, w) in zip(jobs, counts, strict=True)
    )
    assert (used <= capacity + 1e-6).all()
    assert ((counts > 0).all(axis=1) | (counts == 0).all(axis=1)).all()
    assert (allocate(jobs, capacity) == counts).all()


def test_the_first_jobs_run_where_not_all_can():
    assert allocate([request()] * 3, (20, 40)).tolist() == [[1, 1], [1, 1], [0, 0]]


def test_ends_where_nothing_gains():
    """A step is fastest with 4 workers: 8/w + w/2 is least there, and a parameter server only costs."""
    assert allocate([request(theta=(1, 0, 0, 0.5, 0.1), batch=8)], (1e6, 1e6)).tolist() == [[1, 4]]


def test_young_jobs_stand_back():
    old, young = request(theta=(1, 0, 0, 0, 0)), request(theta=(1, 0, 0, 0, 0), young=True)
    assert allocate([young, old], (25, 50)).tolist() == [[1, 2], [1, 1]]
    assert allocate([young, old], (25, 50), young_factor=0.95).tolist() == [[1, 1], [1, 2]]


def test_no_jobs():
    assert allocate([], (10, 10)).shape == (0, 2)


@pytest.mark.parametrize("steps", [0, -1, float("nan"), float("inf")])
def test_impossible_work_is_refused(steps):
    with pytest.raises(ValueError, match="steps_left"):
        request(steps=steps)
