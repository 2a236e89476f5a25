"""Eqs. 3 and 4 of Optimus at hand-computed points and against the paper's figures, with its published coefficients."""

import numpy as np
import pytest

from compute.core.speed import AllReduceSpeed, AsynchronousSpeed, Network, SynchronousSpeed, by_size_and_link

# Table 2 of the paper, in the order of Eqs. 4 and 3
SYNC = SynchronousSpeed(theta=(1.02, 2.78, 4.92, 0.00, 0.02), batch=40)
ASYNC = AsynchronousSpeed(theta=(2.83, 3.92, 0.00, 0.11))


def test_synchronous_by_hand():
    terms = SYNC.terms(18, 12)
    assert terms == pytest.approx([1.02 * 40 / 12, 2.78, 4.92 * 12 / 18, 0.0, 0.02 * 18])
    assert SYNC.steps_per_s(18, 12) == pytest.approx(1 / (3.4 + 2.78 + 3.28 + 0.36))


@pytest.mark.parametrize(("p", "w", "speed"), [(18, 12, 0.102), (6, 6, 0.068)])
def test_synchronous_against_figure_9(p, w, speed):
    assert SYNC.steps_per_s(p, w) == pytest.approx(speed, abs=5e-4)


@pytest.mark.parametrize(("p", "w", "speed"), [(18, 20, 2.18), (12, 20, 1.87), (6, 20, 1.21)])
def test_asynchronous_against_figure_9(p, w, speed):
    assert ASYNC.steps_per_s(p, w) == pytest.approx(speed, abs=5e-3)


def test_more_servers_move_the_best_to_more_workers():
    every = np.arange(1, 400)
    two, four = (every[np.argmax(SYNC.steps_per_s(servers, every))] for servers in (2, 4))
    assert (two, four) == (4, 6)  # near sqrt(1.02 * 40 / (4.92 / p)): 4.07 and 5.76


def test_the_balance_is_where_the_falling_and_the_rising_terms_are_equal():
    workers = SYNC.balanced_workers(2)
    assert workers == pytest.approx((1.02 * 40 / (4.92 / 2)) ** 0.5)
    computing, _, exchange, connections, _ = SYNC.terms(2, workers)
    assert computing == pytest.approx(exchange + connections)


def test_a_gpu_that_exchanges_nothing_has_no_balance():
    assert SynchronousSpeed(theta=(1, 1, 0, 0, 0), batch=40).balanced_workers(2) == np.inf


def test_a_worker_without_servers_computes_and_exchanges_nothing():
    assert SYNC.standalone_step_s() == pytest.approx(1.02 * 40 + 2.78)


@pytest.mark.parametrize("theta", [(1, 2, 3, 4), (1, 2, 3, 4, -1), (0, 0, 0, 0, 0), (1, 2, 3, 4, float("nan"))])
def test_impossible_coefficients_are_refused(theta):
    with pytest.raises(ValueError, match="theta"):
        SynchronousSpeed(theta=theta, batch=40)


@pytest.mark.parametrize(("p", "w"), [(0, 1), (1, 0), (2, [1, 0])])
def test_nobody_at_work_is_refused(p, w):
    with pytest.raises(ValueError, match="at least one"):
        SYNC.steps_per_s(p, w)


NETWORK = Network(parameters_millions=25, link_gbps=1)


def test_the_exchange_is_eq_2_by_hand():
    """25 million parameters are 100 MB, which a link of 1 Gbit/s sends in 0.8 s and receives in as many."""
    speed = by_size_and_link(NETWORK, images_per_s=100, batch=200)
    assert speed.terms(2, 4) == pytest.approx([200 / 4 / 100, 0, 1.6 * 4 / 2, 0, 0])


def test_an_all_reduce_sends_less_than_twice_the_network_however_many_workers():
    speed = AllReduceSpeed(network=NETWORK, images_per_s=100, batch=200)
    assert 1 / speed.steps_per_s(0, 1) == pytest.approx(2.0) == pytest.approx(speed.standalone_step_s())
    assert 1 / speed.steps_per_s(0, 4) == pytest.approx(0.5 + 1.6 * 3 / 4)
    assert 1 / speed.steps_per_s(0, 1000) < 1.6 + 0.01


def test_with_as_many_servers_as_workers_the_two_exchanges_are_alike():
    servers = 1 / by_size_and_link(NETWORK, images_per_s=100, batch=200).steps_per_s(64, 64)
    assert servers == pytest.approx(
        1 / AllReduceSpeed(network=NETWORK, images_per_s=100, batch=200).steps_per_s(0, 64), rel=0.02
    )


@pytest.mark.parametrize("changes", [{"link_gbps": 0}, {"parameters_millions": float("nan")}])
def test_impossible_networks_are_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        Network(**{"parameters_millions": 1.0, "link_gbps": 1.0, **changes})
