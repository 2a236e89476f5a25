"""The queries of Problem 2 on correctness, hardness and spread down a ranking, and the selected pictures."""

import pytest

from store.supervision import pictures, ranking
from tests.planted_supervision import RANKS


def test_precision_falls_with_the_rank(planted_supervision):
    rows = ranking.precision_by_rank(planted_supervision, bins=4).query("p == 5")
    assert rows["rank"].tolist() == [1000, 3000, 5000, 7000]
    assert rows["precision_percent"].tolist() == [100, 100, 0, 0] and (rows["seeds"] == 2).all()


def test_classes_whose_ranking_has_ended_are_not_counted(planted_supervision):
    rows = ranking.precision_by_rank(planted_supervision, bins=4).query("p == 1")
    assert rows["classes"].tolist() == [10, 10, 10, 9]


def test_the_ends_of_the_ranking_are_those_of_the_middle_p(planted_supervision):
    ends = ranking.ends_of_ranking(planted_supervision).set_index("end")
    assert (ends["p"] == 2).all()
    assert ends["rank"].to_dict() == {"first": 500, "last": 7500}
    assert ends["precision_percent"].to_dict() == {"first": 100, "last": 0}


@pytest.fixture
def images(planted_supervision):
    return ranking.hardness_and_spread(planted_supervision).set_index(["k", "p"])


def test_hardness_is_that_of_the_network_that_did_not_select(images):
    assert images.loc[(4000, 1), "hardness"] == pytest.approx(1.25)
    assert images.loc[(4000, 1), "own_hardness"] == pytest.approx(0.25)


def test_a_larger_k_brings_harder_and_more_different_images(images):
    assert images.loc[(8000, 5), "own_hardness"] == pytest.approx(0.45)
    assert images.loc[(8000, 5), "feature_spread"] == pytest.approx(1.8)


def test_pictures_of_a_class_are_in_the_order_of_its_ranking(planted_supervision):
    rows = pictures.ranked_pictures(planted_supervision, 5, 3)
    assert rows["rank"].tolist() == list(RANKS)
    assert rows["correct"].tolist() == [True] * 4 + [False] * 4 and rows["true_id"].tolist() == [3] * 4 + [4] * 4


def test_pictures_of_images_with_two_labels_name_the_class_with_the_best_rank_first(planted_supervision):
    rows = pictures.double_pictures(planted_supervision, 4000, 2)
    assert rows["image"].tolist() == [1, 101, 201, 301, 401, 501]
    assert [list(classes) for classes in rows["classes"]] == [[c, c + 1] for c in range(6)]
    assert rows["true_id"].tolist() == list(range(6))


def test_for_a_small_k_no_image_has_two_labels(planted_supervision):
    assert pictures.double_pictures(planted_supervision, 500, 2).empty
