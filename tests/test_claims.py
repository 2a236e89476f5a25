"""What the answers say in words, not in placeholders, still holds for the committed results; where it does not, rewrite the answer."""

import math

import pytest

from store import transfer
from tests.test_answers import ANSWERED


@pytest.fixture(scope="module")
def said(committed):
    return transfer.values(committed)


def needs(question: str):
    return pytest.mark.skipif(question not in ANSWERED, reason=f"{question} waits for its runs")


@needs("1.2a")
def test_last_layers_behave_as_1_2a_says(said):
    assert said["extract_best_lr"] == 0.1
    # the smallest rate has not arrived at the drop and hardly moves afterwards
    assert said["extract_0001_drop_loss"] > 1.5 and said["extract_0001_last_loss"] > 0.9 * said["extract_0001_drop_loss"]
    assert said["extract_001_val"] > said["extract_0001_val"] and said["extract_001_drop_loss"] < said["extract_0001_drop_loss"] / 2
    # the best one gets almost all training images right before the drop; the largest overshoots and then fits them perfectly, and others less well
    assert said["extract_01_drop_loss"] < 0.1
    assert said["extract_1_first_loss"] > 3 * math.log(said["target_classes"])
    assert said["extract_1_last_loss"] < said["extract_01_last_loss"] and said["extract_1_test"] < said["extract_001_test"]


@needs("1.1a")
def test_the_data_set_is_as_1_1a_says(said):
    assert said["target_train_least"] == said["target_train_most"] == said["target_val_least"] == said["target_val_most"]
    assert said["target_shared"] < said["target_classes"] / 10
