"""The tables of metrics that are made of logits and labels."""

import pytest
import torch

from compute.training.evaluation import confusions, metrics

LOGITS, LABELS = torch.eye(3)[[0, 0, 1, 2, 2]] * 5, torch.tensor([0, 1, 1, 2, 0])


def test_accuracies_are_counted_by_class():
    rows = metrics(LOGITS, LABELS)["class_accuracy"]
    counted = [(row["class_id"], row["correct"], row["images"]) for row in rows]
    assert counted == [(0, 1, 2), (1, 1, 2), (2, 1, 1)]


def test_the_score_counts_all_images():
    (row,) = metrics(LOGITS, LABELS)["scores"]
    assert (row["split"], row["correct"], row["images"]) == ("test", 3, 5)
    assert row["loss"] == pytest.approx(float(torch.nn.functional.cross_entropy(LOGITS, LABELS)))


def test_confusions_are_the_wrong_predictions():
    assert confusions(LOGITS, LABELS) == [
        {"class_id": 0, "predicted_id": 2, "images": 1},
        {"class_id": 1, "predicted_id": 0, "images": 1},
    ]
