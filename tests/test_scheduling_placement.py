"""Placements: the paper's Fig. 10 and its Theorem 1, and what no placement may do."""

from itertools import product

import numpy as np
import pytest

from compute.scheduling.packing import place_balanced, place_packed
from compute.scheduling.placement import even, place_evenly, transfer_s
from tests.test_scheduling_allocation import request

UNIT = {"worker": (1.0, 1.0), "server": (1.0, 1.0)}


def random_case(seed: int):
    rng = np.random.default_rng(seed)
    jobs = [request(worker=(rng.integers(1, 4), 8), server=(rng.integers(1, 4), 9)) for _ in range(25)]
    counts = rng.integers(0, 7, size=(25, 2))
    counts[(counts == 0).any(axis=1)] = 0
    return jobs, counts, rng.uniform((8, 40), (32, 100), size=(15, 2))


PLACERS = {
    "evenly": place_evenly,
    "evenly, pausing": lambda *args: place_evenly(*args, shrink=False),
    "balanced": place_balanced,
    "packed": lambda jobs, counts, capacity: place_packed(jobs, counts, capacity, range(len(jobs))),
}


@pytest.mark.parametrize(
    ("placement", "seconds"),
    [
        (((0, 2, 1), (1, 0, 3)), 3),  # parameter servers together: three of four workers are elsewhere
        (((0, 1, 1), (1, 1, 1), (2, 0, 2)), 3),
        (((0, 1, 2), (1, 1, 2)), 2),
    ],
)
def test_figure_10(placement, seconds):
    """Two parameter servers with one unit of the model each, four workers, unit bandwidths."""
    assert transfer_s(placement, 2.0, 1.0, 1.0) == seconds


def test_transfer_by_hand():
    # S/p = 3; parameter servers' links: (3 - 1)/2 and 3/2 at machine 1; workers' links: (2 - 1)/4 and 2/4 at machine 2
    assert transfer_s(((0, 1, 1), (1, 1, 0), (2, 0, 2)), 6.0, 2.0, 4.0) == pytest.approx(3 * 3 / 2)
    assert transfer_s(((0, 1, 1), (1, 1, 0), (2, 0, 2)), 6.0, 9.0, 1.0) == pytest.approx(3 * 2 / 1)
    assert transfer_s(((5, 2, 3),), 6.0, 1.0, 1.0) == 0


def test_theorem_1_against_every_placement():
    """No placement of 2 servers and 4 workers on three machines of three slots is faster than the even one on two."""
    found = set()
    for servers, workers in product(product(range(3), repeat=3), product(range(4), repeat=3)):
        if sum(servers) == 2 and sum(workers) == 4 and all(s + w <= 3 for s, w in zip(servers, workers, strict=True)):
            found.add(
                transfer_s(
                    tuple((i, s, w) for i, (s, w) in enumerate(zip(servers, workers, strict=True)) if s + w),
                    2.0,
                    1.0,
                    1.0,
                )
            )
    placed = place_evenly([request(**UNIT)], [[2, 4]], np.full((3, 2), 3.0))
    assert placed == [((0, 1, 2), (1, 1, 2))]
    assert min(found) == transfer_s(placed[0], 2.0, 1.0, 1.0) == 2


def test_the_fewest_machines_the_emptiest_first():
    placed = place_evenly([request(**UNIT)] * 2, [[2, 2], [1, 1]], [[3, 9], [4, 9], [2, 9]])
    # the small job comes first and takes the emptiest machine; then machines 0, 1, 2 have 3, 2 and 2 left
    assert placed[1] == ((1, 1, 1),)
    assert placed[0] == ((0, 1, 1), (1, 1, 1))


def test_uneven_numbers_are_spread_so_that_no_machine_has_both_surpluses():
    assert place_evenly([request(**UNIT)], [[3, 3]], np.full((2, 2), 3.0)) == [((0, 2, 1), (1, 1, 2))]
    assert (even(7, 3), even(2, 3)) == ([3, 2, 2], [1, 1, 0])


def test_a_job_that_fits_nowhere_shrinks_or_waits():
    jobs, capacity = [request(**UNIT)], [[4, 4], [1, 1]]
    assert place_evenly(jobs, [[3, 3]], capacity, shrink=False) == [None]
    assert place_evenly(jobs, [[3, 3]], capacity) == [((0, 2, 2),)]
    assert place_evenly(jobs, [[1, 1]], [[1, 9]]) == [None]


def test_later_jobs_go_on_after_one_that_does_not_fit():
    big, small = request(worker=(9, 1), server=(9, 1)), request(worker=(2, 6), server=(2, 6))
    assert place_evenly([big, small], [[1, 1], [1, 1]], [[8, 16], [8, 16]]) == [None, ((0, 1, 1),)]


def test_balanced_goes_to_the_emptiest_and_packed_to_the_fullest():
    jobs = [request(**UNIT)] * 2
    assert place_balanced(jobs, [[1, 1], [1, 1]], [[4, 4], [4, 4]]) == [((0, 1, 0), (1, 0, 1))] * 2
    assert place_packed(jobs, [[1, 1], [1, 1]], [[8, 8], [3, 3]], [1, 0]) == [((0, 0, 1), (1, 1, 0)), ((1, 1, 1),)]


def test_a_pair_goes_whole_or_not_at_all():
    jobs = [request(worker=(3, 1), server=(1, 1)), request(**UNIT)]
    assert place_balanced(jobs, [[1, 1], [1, 1]], [[3, 9]]) == [None, ((0, 1, 1),)]


@pytest.mark.parametrize("placer", PLACERS)
@pytest.mark.parametrize("seed", range(8))
def test_no_machine_is_overfull_and_no_job_lacks_a_kind(placer, seed):
    jobs, counts, capacity = random_case(seed)
    placed = PLACERS[placer](jobs, counts, capacity)
    used = np.zeros_like(capacity)
    for one, placement, (p, w) in zip(jobs, placed, counts, strict=True):
        for machine, servers, workers in placement or ():
            assert servers + workers > 0
            used[machine] += np.multiply(servers, one.server) + np.multiply(workers, one.worker)
        if placement:
            machines, servers, workers = zip(*placement, strict=True)
            assert len(set(machines)) == len(machines)
            assert 1 <= sum(servers) <= p and 1 <= sum(workers) <= w
    assert (used <= capacity + 1e-6).all()
    assert any(placed)
    assert PLACERS[placer](jobs, counts, capacity) == placed


@pytest.mark.parametrize("seed", range(8))
def test_evenly_means_within_one(seed):
    jobs, counts, capacity = random_case(seed)
    for placement, (p, w) in zip(place_evenly(jobs, counts, capacity, shrink=False), counts, strict=True):
        if placement:
            _, servers, workers = np.transpose(placement)
            assert (sum(servers), sum(workers)) == (p, w)
            assert np.ptp(servers) <= 1 and np.ptp(workers) <= 1
