"""A teacher's selections as rows of the store's tables, on scores made by hand."""

import numpy as np
import pytest
import torch

from compute.core.supervision import PICTURES_AT_EACH_END
from compute.supervision.selection import Selection
from compute.supervision.selection_tables import (
    DOUBLE_PICTURES,
    feature_spread,
    long_tailed_rows,
    picture_rows,
    selected_rows,
    selection_of,
)

FEATURES = np.array([[0.0, 3.0], [0.0, -3.0], [100.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
SELECTION = Selection(
    class_id=np.array([0, 0, 0, 1, 1]),
    rank=np.array([1, 2, 3, 1, 2]),
    image=np.arange(5),
    score=np.array([0.9, 0.8, 0.7, 1.0000001, 0.123456]),
)
BLACK = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)


def test_the_spread_is_that_of_the_correctly_labelled_images():
    true_id = np.array([0, 0, 1, 1, 1])
    assert feature_spread(SELECTION, FEATURES, true_id) == pytest.approx((3 + 1) / 2)


def test_the_spread_without_a_correct_label_is_0():
    assert feature_spread(SELECTION, FEATURES, np.full(5, 2)) == 0


def test_entries_name_images_by_their_row_in_the_train_split():
    rows, labels = torch.tensor([10, 11, 12, 13, 14]), torch.arange(20) % 3
    entries = selected_rows(SELECTION, 2, rows, labels)
    assert entries[3] == {"p": 2, "class_id": 1, "rank": 1, "image": 13, "score": 1.0, "true_id": 1}
    assert entries[4]["score"] == 0.12346 and [entry["true_id"] for entry in entries] == [1, 2, 0, 1, 2]


def test_pictures_are_those_at_both_ends_of_each_ranking():
    images = 3 * PICTURES_AT_EACH_END
    one_class = Selection(
        class_id=np.zeros(images, dtype=int),
        rank=np.arange(1, images + 1),
        image=np.arange(images),
        score=np.linspace(1, 0, images),
    )
    rows = torch.arange(images) + 5
    kept = picture_rows({1: one_class}, (images,), rows, BLACK.expand(images + 5, -1, -1, -1))
    middle = range(PICTURES_AT_EACH_END, 2 * PICTURES_AT_EACH_END)
    assert [row["image"] for row in kept] == [5 + image for image in range(images) if image not in middle]
    assert kept[0]["png"].startswith(b"\x89PNG")


def test_pictures_are_kept_for_every_k():
    images = 3 * PICTURES_AT_EACH_END
    scores = np.linspace(1, 0, images)[:, None]
    selection = selection_of(scores, images, 1)
    middle_k = 2 * PICTURES_AT_EACH_END
    kept = picture_rows({1: selection}, (middle_k, images), torch.arange(images), BLACK.expand(images, -1, -1, -1))
    assert len(kept) == images, "the last images for the smaller K are the middle ones of the whole ranking"


def test_pictures_of_some_images_with_two_labels_are_kept():
    images = 100
    scores = np.stack([np.linspace(1, 0.5, images), np.linspace(1, 0.5, images)[::-1]], axis=1)
    selection = selection_of(scores, images, 2)
    kept = picture_rows({2: selection}, (images,), torch.arange(images), BLACK.expand(images, -1, -1, -1))
    ends = {*range(PICTURES_AT_EACH_END), *range(images - PICTURES_AT_EACH_END, images)}
    assert {row["image"] for row in kept} == ends | set(range(DOUBLE_PICTURES))


def test_a_long_tailed_pool_counts_the_labels_of_the_rarest_class():
    true_id = torch.arange(300) % 3
    scores = np.eye(3)[true_id] * 0.8 + 0.1  # the first prediction is always right
    rows = long_tailed_rows(scores, true_id, ks=(20, 100), ps=(1, 3), seed=0)
    # the classes have 100, 50 and 33 images
    assert [(row["p"], row["k"], row["labels"], row["correct"]) for row in rows[:2]] == [
        (1, 20, 60, 60),
        (1, 100, 183, 183),
    ]
    assert [row["rarest_images"] for row in rows] == [33] * 4
    assert (rows[1]["rarest_labels"], rows[1]["rarest_correct"]) == (33, 33)
    # with P = 3 each image keeps every class, and the rarest fills up with wrong ones
    assert (rows[3]["labels"], rows[3]["rarest_labels"], rows[3]["rarest_correct"]) == (300, 100, 33)


def test_scores_are_taken_in_by_chunks_without_a_difference(monkeypatch):
    scores = np.random.default_rng(0).random((50, 4))
    whole = selection_of(scores, 10, 2)
    monkeypatch.setattr("compute.supervision.selection_tables.CHUNK", 7)
    assert np.array_equal(selection_of(scores, 10, 2).image, whole.image)
