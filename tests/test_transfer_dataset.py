"""Queries of the target data set on a planted description."""

import pytest

from store.transfer import dataset
from tests.planted_transfer import NAMES


def test_a_data_set_is_summed_up(planted_transfer):
    (row,) = dataset.datasets(planted_transfer).itertuples()
    assert (row.dataset, row.px, row.classes, row.images) == ("flowers102", 64, 6, 6 * 20 + 6 * 40 + 150)
    assert (row.smallest_class, row.largest_class) == (NAMES[0], NAMES[5])


def test_the_classes_of_imagenet_are_counted_and_named_once(planted_transfer):
    (row,) = dataset.datasets(planted_transfer).itertuples()
    assert (row.base_classes, row.base_class_names) == (3, "oxeye daisy, barbeton daisy, artichoke")


def test_balance_is_of_each_split_and_of_all(planted_transfer):
    balance = dataset.balance(planted_transfer, "flowers102").set_index("split")
    assert list(balance.index) == ["train", "val", "test", "all"]
    assert balance["imbalance"].tolist() == pytest.approx([1, 1, 90 / 40, 110 / 60])
    assert (balance.loc["all", "least"], balance.loc["all", "median"], balance.loc["all", "most"]) == (60, 85, 110)


def test_classes_have_a_row_for_each_split(planted_transfer):
    rows = dataset.classes(planted_transfer, "flowers102")
    assert rows["split"].tolist() == ["train", "val", "test"] * 6
    assert rows["images"].tolist()[:6] == [10, 10, 40, 10, 10, 50]
    assert rows["total"].tolist()[:6] == [60, 60, 60, 70, 70, 70]


def test_samples_are_the_first_images_of_the_classes(planted_transfer):
    rows = dataset.samples(planted_transfer, "flowers102", [1, 4], 2)
    assert rows["class_name"].tolist() == [NAMES[1], NAMES[1], NAMES[4], NAMES[4]]
    assert rows["nth"].tolist() == [0, 1, 0, 1]
    assert all(bytes(image).startswith(b"\x89PNG") for image in rows["image"])
