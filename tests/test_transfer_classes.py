"""Accuracies class by class and confusions of planted runs."""

import pytest

from store.transfer import classes, evaluated
from tests.planted_transfer import NAMES

FLOWERS = ("flowers102", 64)


def test_classes_compare_the_chosen_rates(planted_transfer):
    rows = classes.by_class(planted_transfer, *FLOWERS)
    assert rows["finetune_percent"].tolist() == pytest.approx([100 * 30 / (40 + 10 * c) for c in range(6)])
    assert rows["extract_percent"].tolist() == pytest.approx([100 * 25 / (40 + 10 * c) for c in range(6)])
    assert rows["gain"].tolist() == pytest.approx([100 * 5 / (40 + 10 * c) for c in range(6)])


def test_classes_know_their_images_and_imagenet(planted_transfer):
    rows = classes.by_class(planted_transfer, *FLOWERS)
    assert rows["in_imagenet"].tolist() == [True] * 3 + [False] * 3
    assert rows["train_images"].tolist() == [10] * 6 and rows["test_images"].tolist() == [40, 50, 60, 70, 80, 90]
    assert rows["images"].tolist() == [60, 70, 80, 90, 100, 110]


def test_gains_are_summed_up(planted_transfer):
    (row,) = classes.class_summary(planted_transfer, *FLOWERS).itertuples()
    assert (row.classes, row.better, row.worse) == (6, 6, 0)
    assert row.mean_gain == pytest.approx(sum(100 * 5 / (40 + 10 * c) for c in range(6)) / 6)
    assert row.most_gained == NAMES[0]
    assert (row.most_gained_extract_percent, row.most_gained_finetune_percent) == (62.5, 75)


def test_the_rank_correlation_is_spearmans(planted_transfer):
    """The larger a planted class, the lower its accuracy."""
    (row,) = classes.class_summary(planted_transfer, *FLOWERS).itertuples()
    assert row.rank_correlation == pytest.approx(-1)


def test_confusions_are_named_with_the_most_frequent_first(planted_transfer):
    run = evaluated.rates(planted_transfer, *FLOWERS).set_index(["job", "lr"]).loc[("finetune", 0.01), "run_id"]
    rows = classes.confusions(planted_transfer, run, 2)
    assert rows["class_name"].tolist() == [NAMES[5], NAMES[4]]
    assert rows["predicted_class"].tolist() == [NAMES[0], NAMES[5]]
    assert rows["images"].tolist() == [60, 50] and rows["percent"].tolist() == pytest.approx([100 * 60 / 90, 62.5])
