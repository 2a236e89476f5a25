"""Depths predicted from others: a steady unit and one that the first step decides."""

import numpy as np
import pytest

from compute.optimus.normalisation import GUESS, LARGEST, DepthPoints, depth_errors, units
from store.optimus import losses
from store.reader import open_reader

K = np.linspace(0.1, 40, 200)


def points(depth: int, first: float = 1.0) -> DepthPoints:
    """A curve whose coefficients are straight lines in the depth; the first loss is `first` times its value."""
    l = 1 / ((0.9 - 0.005 * depth) * K + 0.6 - 0.002 * depth) + 0.3 - 0.002 * depth
    l[0] *= first
    return DepthPoints(depth=depth, classes=10, k=K, l=l)


def test_units_are_the_largest_loss_and_that_of_a_guess():
    assert units(points(20, first=3)) == {LARGEST: points(20, first=3).l[0], GUESS: pytest.approx(2.302585)}


def test_planted_lines_predict_a_depth_between_and_beyond():
    for target in (38, 56):
        errors = depth_errors([points(depth) for depth in (20, 32, 44)], points(target))
        assert errors[GUESS] < 0.01


def test_one_noisy_first_loss_spoils_the_largest_as_a_unit_and_not_the_guess():
    errors = depth_errors([points(20), points(32, first=1.5), points(44)], points(56))
    assert errors[LARGEST] > 10 > 5 * errors[GUESS]


def test_the_summary_counts_where_the_guess_is_better(everything):
    reader = open_reader(everything)
    rows, said = losses.depth_errors(reader), losses.normalisation_summary(reader).iloc[0]
    assert len(rows) == said["trainings"] == 18
    assert said["better"] == (rows["guess_percent"] < rows["largest_percent"]).sum()
    assert said["guess_percent"] == rows["guess_percent"].median()


def test_ln_classes_is_the_better_unit_in_most_of_the_committed_trainings(committed):
    said = losses.normalisation_summary(committed).iloc[0]
    assert said["better"] > said["trainings"] / 2 and said["guess_percent"] < said["largest_percent"]
