"""The queries of Problem 2 on what a teacher selects, on planted runs."""

import pytest

from store.supervision import selection
from tests.planted_supervision import KS, PS


@pytest.fixture
def sets(planted_supervision):
    return selection.selected_sets(planted_supervision).set_index(["k", "p"])


def test_there_is_a_set_for_every_k_and_p(sets):
    assert sets.index.tolist() == [(k, p) for k in KS for p in PS] and (sets["seeds"] == 2).all()


def test_with_p_1_every_label_is_another_image(sets):
    assert sets.loc[(8000, 1), ["labels", "images", "twice"]].tolist() == [78, 78, 0]


def test_images_of_two_classes_count_once(sets):
    assert sets.loc[(2000, 2), ["labels", "images", "twice", "twice_percent"]].tolist() == [20, 10, 10, 100]
    assert sets.loc[(500, 2), "twice"] == 0


def test_precision_falls_where_the_ranking_does(sets):
    assert sets.loc[(4000, 1), "precision_percent"] == 100
    assert sets.loc[(8000, 1), "precision_percent"] == pytest.approx(100 * 40 / 78)
    assert sets.loc[(2000, 2), "precision_percent"] == 50


def test_the_smallest_and_the_largest_class_are_counted_as_labelled_and_as_true(sets):
    assert sets.loc[(8000, 1), ["least", "most"]].tolist() == [6, 8]
    # the last class labels four of its own; class 0 truly shows its own four, and two of the last class's six
    assert sets.loc[(8000, 1), ["true_least", "true_most"]].tolist() == [6, 8]


def test_sets_are_compared_with_that_of_the_middle_p(sets):
    assert sets.loc[(8000, 2), "differ"] == 0
    # the second image of each class, of either P, and two that P = 1 does not find
    assert sets.loc[(8000, 1), "differ"] == 10 + 10 + 2


def test_the_pool_has_images_per_class(planted_supervision):
    (pool,) = selection.unlabelled_pool(planted_supervision).itertuples()
    assert (pool.seeds, pool.images_per_class) == (2, 100)
    assert selection.images_per_class(planted_supervision) == 100


def test_classes_are_named(planted_supervision):
    assert selection.class_names(planted_supervision)[3] == "class 3"


def test_a_larger_p_finds_more_of_a_rare_class(planted_supervision):
    rows = selection.long_tailed_selection(planted_supervision).set_index(["k", "p"])
    assert rows.loc[8000, "rarest_found_percent"].tolist() == [40, 80, 80]
    assert rows.loc[8000, "rarest_precision_percent"].tolist() == [50, 100, 100]
    assert rows.loc[(8000, 1), ["labels", "precision_percent", "rarest_images"]].tolist() == [80, 80, 10]
