"""Parts of a data set, label noise, long tails and sampling weights on labels made in memory."""

import pytest
import torch

from compute import ComputeError
from compute.supervision.subsets import disjoint_parts, long_tail, noisy_labels, sampling_weights, zipf_sizes

LABELS = torch.arange(1000) % 10


def test_parts_are_stratified_and_have_no_image_in_common():
    first, second = disjoint_parts(LABELS, 200, 300, 0)
    assert not set(first.tolist()) & set(second.tolist())
    assert LABELS[first].bincount().tolist() == [20] * 10 and LABELS[second].bincount().tolist() == [30] * 10


def test_without_a_size_the_second_part_holds_all_others():
    first, rest = disjoint_parts(LABELS, 200, None, 0)
    assert sorted([*first.tolist(), *rest.tolist()]) == list(range(1000))


def test_every_seed_draws_its_own_parts():
    assert set(disjoint_parts(LABELS, 200, None, 0)[0].tolist()) != set(
        disjoint_parts(LABELS, 200, None, 1)[0].tolist()
    )


def test_parts_that_need_too_many_images_are_refused():
    with pytest.raises(ComputeError, match="900 and 101 images cannot be taken from 1000"):
        disjoint_parts(LABELS, 900, 101, 0)


@pytest.mark.parametrize("percent", [0, 10, 25, 100])
def test_the_given_share_of_labels_is_wrong(percent):
    noisy = noisy_labels(LABELS, percent, 10, seed=1)
    assert (noisy != LABELS).sum() == 10 * percent
    assert noisy.min() >= 0 and noisy.max() < 10


def test_a_wrong_label_is_any_other_class():
    offsets = (noisy_labels(LABELS, 100, 10, seed=1) - LABELS) % 10
    assert sorted(offsets.unique().tolist()) == list(range(1, 10))


def test_the_seed_decides_which_labels_are_wrong():
    assert torch.equal(noisy_labels(LABELS, 10, 10, seed=1), noisy_labels(LABELS, 10, 10, seed=1))
    assert not torch.equal(noisy_labels(LABELS, 10, 10, seed=1), noisy_labels(LABELS, 10, 10, seed=2))


def test_class_sizes_fall_with_the_rank():
    sizes = zipf_sizes(100, 10, 1.0, seed=0)
    assert sorted(sizes, reverse=True) == [100, 50, 33, 25, 20, 17, 14, 12, 11, 10]


def test_the_seed_decides_which_class_is_common():
    assert zipf_sizes(100, 10, 1.0, seed=0) != zipf_sizes(100, 10, 1.0, seed=1)


@pytest.mark.parametrize(("exponent", "sizes"), [(0.0, [100, 100, 100]), (9.0, [2, 2, 100])])
def test_an_exponent_of_0_is_balanced_and_no_class_is_empty(exponent, sizes):
    assert sorted(zipf_sizes(100, 3, exponent, seed=0)) == sizes


def test_a_long_tail_holds_the_images_of_each_class_in_order():
    sizes = zipf_sizes(100, 10, 1.0, seed=0)
    rows = long_tail(LABELS, sizes)
    assert LABELS[rows].bincount().tolist() == sizes
    assert rows.tolist() == sorted(rows.tolist())


@pytest.mark.parametrize(("sampling", "share"), [("natural", 0.8), ("sqrt", 8 / 12), ("uniform", 0.5)])
def test_samplings_draw_classes_by_size_by_its_root_or_evenly(sampling, share):
    labels = torch.tensor([0] * 64 + [1] * 16)
    weights = sampling_weights(labels, sampling)
    assert float(weights[labels == 0].sum() / weights.sum()) == pytest.approx(share)
