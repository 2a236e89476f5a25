"""Epochs to an accuracy, also where not every epoch was evaluated, and the accuracy common to all GPU types."""

import math

from compute.core.targets import EpochsToTarget, common_target, first_epoch


def row(gpu_type: str, target: float, predicted: float | None, trained: float | None) -> EpochsToTarget:
    return EpochsToTarget(gpu_type=gpu_type, target=target, predicted=predicted, trained=trained)


def test_epochs_count_from_one():
    assert first_epoch([0.1, 0.5, 0.4], 0.5) == 2
    assert first_epoch([0.1, 0.5, 0.4], 0.6) == math.inf


def test_epochs_that_were_not_evaluated_reach_nothing():
    assert first_epoch([math.nan, 0.2, math.nan, 0.6], 0.5) == 4
    assert first_epoch([math.nan, math.nan], 0.0) == math.inf


def test_the_common_target_is_predicted_and_reached_on_every_type():
    rows = [
        row("K80", 0.5, 3.0, 4.0),
        row("V100", 0.5, 3.0, 5.0),
        row("K80", 0.6, 6.0, 7.0),
        row("V100", 0.6, 6.0, None),
        row("K80", 0.4, 1.0, 2.0),
        row("V100", 0.4, 1.0, 2.0),
    ]
    assert common_target(rows, 0.92) == 0.5
    assert common_target(rows, 0.45) == 0.4
    assert common_target(rows, 0.3) is None


def test_a_type_that_was_not_trained_needs_a_prediction_only():
    rows = [row("K80", 0.5, 3.0, 4.0), row("V100", 0.5, 3.0, None)]
    assert common_target(rows, 0.92) == 0.5
    assert common_target([*rows, row("P100", 0.5, None, None)], 0.92) is None


def test_no_rows_have_no_common_target():
    assert common_target([], 0.92) is None
