"""Selection of a labelled set from scores: hand-made tables, ties, images of several classes, chunks."""

import numpy as np
import pytest

from compute import ComputeError
from compute.supervision.selection import kept, select

SCORES = np.array(
    [
        [0.7, 0.2, 0.1],
        [0.6, 0.3, 0.1],
        [0.1, 0.5, 0.4],
        [0.3, 0.3, 0.4],
        [0.9, 0.05, 0.05],
    ],
    dtype=np.float32,
)


def entries(selection) -> list[tuple[int, int, int]]:
    return list(zip(selection.class_id.tolist(), selection.rank.tolist(), selection.image.tolist(), strict=True))


def test_each_image_keeps_its_best_classes():
    assert kept(SCORES, 1).tolist() == [
        [True, False, False],
        [True, False, False],
        [False, True, False],
        [False, False, True],
        [True, False, False],
    ]
    assert kept(SCORES, 2)[3].tolist() == [True, False, True]  # 0.3 twice: the lower class
    assert kept(SCORES, 2)[4].tolist() == [True, True, False]
    assert kept(SCORES, 3).all()


def test_each_class_takes_its_best_images():
    assert entries(select([SCORES], k=2, p=1)) == [(0, 1, 4), (0, 2, 0), (1, 1, 2), (2, 1, 3)]


def test_with_more_classes_an_image_a_rare_class_finds_its_images():
    found = select([SCORES], k=2, p=2)
    assert entries(found) == [(0, 1, 4), (0, 2, 0), (1, 1, 2), (1, 2, 1), (2, 1, 2), (2, 2, 3)]
    assert np.flatnonzero(np.bincount(found.image) > 1).tolist() == [2]  # in two classes
    assert found.score.tolist() == pytest.approx([0.9, 0.7, 0.5, 0.3, 0.4, 0.4])


def test_of_equal_scores_the_first_image_wins_across_chunks():
    same = np.full((6, 2), 0.5, dtype=np.float32)
    for size in (1, 2, 6):
        chunks = [same[i : i + size] for i in range(0, 6, size)]
        assert entries(select(chunks, k=2, p=1)) == [(0, 1, 0), (0, 2, 1)]


@pytest.mark.parametrize("chunk", [1, 7, 100, 1000])
@pytest.mark.parametrize(("k", "p"), [(1, 1), (5, 2), (40, 3), (1000, 8)])
def test_chunks_change_nothing(chunk, k, p):
    scores = np.random.default_rng(0).integers(0, 30, (1000, 8)).astype(np.float32)  # with many ties
    whole = select([scores], k=k, p=p)
    parts = select((scores[i : i + chunk] for i in range(0, 1000, chunk)), k=k, p=p)
    assert entries(parts) == entries(whole)
    for c in range(8):
        mine = np.flatnonzero(kept(scores, p)[:, c])
        expected = sorted(mine, key=lambda i: (-scores[i, c], i))[:k]
        assert [image for class_id, _, image in entries(whole) if class_id == c] == [int(i) for i in expected]


def test_a_smaller_k_is_a_part_of_a_larger_one():
    scores = np.random.default_rng(1).random((200, 5), dtype=np.float32)
    assert entries(select([scores], k=20, p=2).first(7)) == entries(select([scores], k=7, p=2))


@pytest.mark.parametrize(
    ("k", "p", "says"), [(0, 1, "K is 0"), (1, 0, "P is 0"), (1, 4, "P is 4.*number of classes, 3")]
)
def test_impossible_parameters_are_refused(k, p, says):
    with pytest.raises(ComputeError, match=says):
        select([SCORES], k=k, p=p)


def test_chunks_that_do_not_fit_are_refused():
    with pytest.raises(ComputeError, match="do not fit"):
        select([SCORES, SCORES[:, :2]], k=1, p=1)
