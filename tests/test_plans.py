"""Hours, costs and the Pareto front of plans at hand-computed points and against brute force."""

import numpy as np
import pytest

from compute.core import plans
from compute.core.speed import AllReduceSpeed, AsynchronousSpeed, Network, SynchronousSpeed

SYNC = SynchronousSpeed(theta=(1.02, 2.78, 4.92, 0.00, 0.02), batch=40)


def at(grid: plans.Grid, servers: int, workers: int) -> float:
    return float(grid.hours[(grid.servers == servers) & (grid.workers == workers)][0])


def test_hours_by_hand():
    grid = plans.plan(SYNC, images=7200 * 40, batch=40)
    assert len(grid.hours) == len(plans.SERVERS) * len(plans.WORKERS)
    assert at(grid, 2, 4) == pytest.approx(2 * (1.02 * 40 / 4 + 2.78 + 4.92 * 4 / 2 + 0.02 * 2))


def test_asynchronous_steps_have_the_batch_that_is_given():
    speed = AsynchronousSpeed(theta=(2.83, 3.92, 0.00, 0.11))
    grid = plans.plan(speed, images=36_000, batch=10, servers=(2,))
    assert at(grid, 2, 1) == pytest.approx(2.83 + 3.92 / 2 + 0.11 * 2)


def test_a_gpu_by_itself_exchanges_nothing():
    grid = plans.plan(SYNC, images=3600 * 40, batch=40, standalone=True)
    assert (grid.servers[0], grid.workers[0]) == (0, 1)
    assert at(grid, 0, 1) == pytest.approx(1.02 * 40 + 2.78)
    assert 0 not in plans.plan(SYNC, images=40, batch=40).servers


def test_an_all_reduce_is_planned_without_servers():
    speed = AllReduceSpeed(network=Network(parameters_millions=25, link_gbps=1), images_per_s=10, batch=100)
    grid = plans.plan(speed, images=36_000, batch=100, servers=(0,))
    assert set(grid.servers) == {0} and len(grid.hours) == len(plans.WORKERS)
    assert at(grid, 0, 1) == pytest.approx(1.0)


def test_the_fastest_is_found_for_each_number_of_servers():
    assert plans.fastest([2, 2, 4, 4, 4], [3.0, 2.0, 5.0, 1.0, 1.0]).tolist() == [False, True, False, True, True]
    assert plans.fastest([], []).tolist() == []


def test_costs_by_hand():
    usd = plans.cost_usd([2.0, 2.0], [3, 3], [0, 4], gpu_usd_per_h=0.5, server_usd_per_h=0.25)
    assert usd.tolist() == [3.0, 5.0]


def test_the_front_is_what_no_other_plan_beats():
    rng = np.random.default_rng(0)
    for _ in range(50):
        hours, usd = rng.integers(1, 6, (2, 12)).astype(float)
        beaten = [
            any((h <= hour and u <= price) and (h < hour or u < price) for h, u in zip(hours, usd, strict=True))
            for hour, price in zip(hours, usd, strict=True)
        ]
        front = plans.pareto_front(hours, usd)
        best = {(h, u) for h, u, bad in zip(hours, usd, beaten, strict=True) if not bad}
        assert {(h, u) for h, u, on in zip(hours, usd, front, strict=True) if on} == best
        assert front.sum() == len(best), "of equal plans one is on the front"


def test_the_least_within_a_limit():
    assert plans.least_within([5.0, 3.0, 4.0], [1.0, 9.0, 2.0], 2.0) == 2
    assert plans.least_within([5.0, 3.0], [1.0, 9.0], 0.5) is None
