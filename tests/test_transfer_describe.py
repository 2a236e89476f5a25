"""The description of a target data set: images by class and split, samples, and the classes of ImageNet."""

import pytest
import torch

from compute.transfer.describe import base_classes, class_counts


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("oxeye daisy", "daisy"),
        ("artichoke", "artichoke"),
        ("daisy chain", "chain"),
        ("water lily", None),
        ("golden retriever", "golden retriever"),
    ],
)
def test_base_classes_go_by_the_last_words(name, base):
    assert base_classes((name,)) == [base]


def test_images_are_counted_by_class_and_split():
    labels = {"train": torch.tensor([0, 0, 1]), "test": torch.tensor([1, 1])}
    rows = class_counts("flowers", ("oxeye daisy", "rose"), labels)
    counted = [(row["split"], row["class_name"], row["images"], row["base_class"]) for row in rows]
    assert counted == [
        ("train", "oxeye daisy", 2, "daisy"),
        ("train", "rose", 1, None),
        ("test", "oxeye daisy", 0, "daisy"),
        ("test", "rose", 2, None),
    ]
