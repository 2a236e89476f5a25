"""DRF and Tetris: who gets how much."""

import numpy as np
import pytest

from compute.scheduling.baselines import drf, shortest_first, tetris
from tests.test_scheduling_allocation import request

UNIT = {"worker": (1.0, 1.0), "server": (1.0, 1.0)}


def test_drf_equals_dominant_shares():
    """The textbook's example (Ghodsi et al. 2011): 9 CPUs and 18 GB, tasks of 1 CPU and 4 GB and of 3 CPUs and 1 GB."""
    a, b = request(worker=(0.5, 2), server=(0.5, 2)), request(worker=(1.5, 0.5), server=(1.5, 0.5))
    assert drf([a, b], (9, 18)).tolist() == [[3, 3], [2, 2]]


def test_drf_conserves_work():
    big, small = request(worker=(4, 1), server=(4, 1)), request(**UNIT)
    # after one pair of each 10 CPUs are left, then 2 where the big one's pair does not fit any more
    assert drf([big, small], (20, 100)).tolist() == [[1, 1], [6, 6]]


def test_drf_serves_the_first_where_not_all_can():
    assert drf([request(**UNIT)] * 3, (4, 4)).tolist() == [[1, 1], [1, 1], [0, 0]]


def test_tetris_serves_short_jobs_first():
    jobs = [request(steps=steps, **UNIT) for steps in (900, 100, 500)]
    assert tetris(jobs, (4, 4)).tolist() == [[0, 0], [1, 1], [1, 1]]
    assert tetris(jobs, (10, 10)).tolist() == [[1, 1], [2, 2], [2, 2]]


def test_tetris_serves_the_smaller_of_equally_long_jobs_where_little_is_left():
    first, large, small = (
        request(worker=(2, 2), server=(2, 2), steps=1),
        request(worker=(2, 2), server=(2, 2)),
        request(**UNIT),
    )
    assert tetris([first, large, small], (8, 8)).tolist() == [[1, 1], [0, 0], [2, 2]]


def test_tetris_packs_what_aligns_with_what_is_left():
    """Where a first job has left much memory and little CPU, of two jobs as long the one that wants memory."""
    cpu, memory = request(worker=(2, 1), server=(2, 1), steps=100), request(worker=(1, 2), server=(1, 2), steps=100)
    hungry = request(worker=(5, 1), server=(5, 1), steps=1)
    assert tetris([cpu, memory, hungry], (14, 14)).tolist() == [[0, 0], [2, 2], [1, 1]]


def test_tetris_with_long_turns_gives_everything_to_the_first():
    jobs = [request(steps=steps, **UNIT) for steps in (900, 100)]
    assert tetris(jobs, (20, 20), turn=16).tolist() == [[0, 0], [10, 10]]


@pytest.mark.parametrize("allocation", [drf, tetris])
@pytest.mark.parametrize("seed", range(5))
def test_capacity_holds_and_nothing_that_fits_is_left(allocation, seed):
    rng = np.random.default_rng(seed)
    jobs = [
        request(steps=rng.uniform(1, 1e4), worker=(rng.integers(1, 5), 8), server=(rng.integers(1, 5), 9))
        for _ in range(12)
    ]
    capacity = rng.uniform(60, 300, size=2)
    counts = allocation(jobs, capacity)
    assert (counts[:, 0] == counts[:, 1]).all()
    left = capacity - sum(p * one.pair for one, (p, _) in zip(jobs, counts, strict=True))
    assert (left >= -1e-6).all() and not any((one.pair <= left).all() for one in jobs)


def test_shortest_first():
    assert shortest_first([request(steps=steps) for steps in (3, 1, 2)]).tolist() == [1, 2, 0]


def test_no_jobs():
    assert drf([], (1, 1)).size == tetris([], (1, 1)).size == 0
