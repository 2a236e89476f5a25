"""The queries of Problem 2 on pretraining: wrong labels and long tails, on planted runs."""

import pytest

from store.supervision.pretraining import label_noise, resampling


@pytest.fixture
def noise(planted_supervision):
    return label_noise(planted_supervision).set_index(["stage", "noise_percent"])


@pytest.fixture
def sampled(planted_supervision):
    return resampling(planted_supervision).set_index(["stage", "part", "sampling"])


def test_accuracies_are_means_over_the_seeds(noise):
    assert noise.loc[("linear", 0), ["seeds", "percent", "low", "high"]].tolist() == [2, 60.5, 60, 61]
    assert noise.loc[("linear", 0), "sd"] == pytest.approx(0.5**0.5)
    assert noise.loc[("untrained", 50), "percent"] == 20


def test_losses_are_differences_to_the_same_seeds_clean_network(noise):
    assert noise.loc[("direct", 50), "lost"] == 20 and noise.loc[("linear", 50), "lost"] == 6
    assert noise.loc[("linear", 50), "lost_sd"] == 0, "both seeds lose the same, whatever they start from"


def test_the_images_of_the_pretraining_are_given(noise):
    assert (noise["source_images"] == 1000).all()


def test_head_and_tail_are_the_commonest_and_the_rarest_classes(sampled):
    assert sampled.loc[("linear", "head", "natural"), "percent"] == 80
    assert sampled.loc[("linear", "tail", "natural"), "percent"] == 30
    assert sampled.loc[("linear", "head", "sqrt"), "images"] == pytest.approx((1000 + 500 + 333) / 3)
    assert sampled.loc[("linear", "tail", "sqrt"), "images"] == pytest.approx((125 + 111 + 100) / 3)


def test_every_class_counts_alike(sampled):
    assert sampled.loc[("linear", "all", "uniform"), "percent"] == pytest.approx(0.3 * 70 + 0.7 * 55)


def test_changes_are_differences_to_natural_sampling(sampled):
    assert sampled.loc[("linear", "tail", "uniform"), "change"] == 25
    assert sampled.loc[("linear", "head", "uniform"), "change"] == -10
    assert (sampled.xs("natural", level="sampling")["change"] == 0).all()


def test_parts_and_samplings_have_their_order(planted_supervision):
    rows = resampling(planted_supervision).query("stage == 'linear'")
    assert rows["part"].unique().tolist() == ["head", "middle", "tail", "all"]
    assert rows["sampling"].tolist()[:3] == ["natural", "sqrt", "uniform"]
