"""A placed job's speed, the cost of a change, and stragglers."""

import pytest

from compute.core.speed import AsynchronousSpeed, SynchronousSpeed
from compute.scheduling.running import late_workers, placed_speed, restart_s, scaled, stragglers

SYNC = SynchronousSpeed(theta=(1.02, 2.78, 4.92, 0.00, 0.02), batch=40)
ASYNC = AsynchronousSpeed(theta=(2.83, 3.92, 0.00, 0.11))
APART = ((0, 1, 0), (1, 1, 0), (2, 0, 2), (3, 0, 2))


@pytest.mark.parametrize("speed", [SYNC, ASYNC])
def test_apart_is_what_the_paper_models(speed):
    """With no parameter server beside a worker everything goes over the network, as in Eqs. 3 and 4."""
    assert placed_speed(speed, APART) == pytest.approx(float(speed.steps_per_s(2, 4)))


def test_together_exchanges_nothing():
    assert placed_speed(SYNC, ((7, 2, 4),)) == pytest.approx(1 / (1.02 * 40 / 4 + 2.78 + 0.02 * 2))
    assert placed_speed(ASYNC, ((7, 2, 4),)) == pytest.approx(4 / (2.83 + 0.11 * 2))


def test_in_between_by_hand():
    # 4 - 2 = 2 of four workers are elsewhere: half of the exchange
    assert placed_speed(SYNC, ((0, 1, 2), (1, 1, 2))) == pytest.approx(
        1 / (1.02 * 40 / 4 + 2.78 + 4.92 * 2 / 2 + 0.02 * 2)
    )


def test_the_fullest_parameter_server_is_waited_for():
    assert placed_speed(SYNC, APART, largest=1.5) == pytest.approx(
        1 / (1.02 * 40 / 4 + 2.78 + 1.5 * 4.92 * 4 / 2 + 0.02 * 2)
    )


def test_scaled():
    assert scaled(SYNC, compute=2, transfer=3, connections=5).theta == pytest.approx((2.04, 5.56, 14.76, 0, 0.1))
    assert scaled(ASYNC, compute=2, transfer=3, connections=5).theta == pytest.approx((5.66, 11.76, 0, 0.55))


def test_only_changes_of_a_running_job_cost():
    here, there = ((0, 1, 1),), ((1, 1, 1),)
    assert restart_s(here, there, 15.0) == restart_s(here, ((0, 1, 2),), 15.0) == restart_s((), here, 15.0) == 15
    assert restart_s(here, here, 15.0) == restart_s(None, here, 15.0) == restart_s(here, None, 15.0) == 0


def test_half_of_the_median_is_a_straggler():
    assert stragglers([10, 10, 5, 5.1, 12]).tolist() == [2]
    assert stragglers([3.0]).tolist() == []


def test_synchronous_stragglers_by_their_gaps():
    assert late_workers([1.0, 1.0, 0.9, 2.0, 1.9]).tolist() == [3]
