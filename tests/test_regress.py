"""The regression on depth and GPU type: recovers planted effects, and tells an effect of the type from none."""

import numpy as np
import pytest

from compute import ComputeError
from compute.core.vocabulary import BASELINE_GPU
from compute.optimus.regress import regress

DEPTHS, TYPES = (18, 20, 32, 44, 56), ("K80", "P100", "V100")
DEPTH = np.repeat(DEPTHS, 3)
GPU = np.tile(TYPES, 5)


def planted(slope=0.01, p100=0.0, v100=0.0, deviation=0.0, seed=0):
    effect = np.select([GPU == "P100", GPU == "V100"], [p100, v100])
    return 1.0 + slope * DEPTH + effect + np.random.default_rng(seed).normal(0, deviation, 15)


def test_recovers_planted_effects_exactly():
    found = regress(DEPTH, GPU, planted(p100=0.2, v100=-0.1))
    values = {term.name: term.coefficient for term in found.terms}
    assert values == pytest.approx({"intercept": 1.0, "depth": 0.01, "P100": 0.2, "V100": -0.1})
    assert found.r2 == pytest.approx(1)
    assert found.predict(50, "P100") == pytest.approx(1.7)
    assert found.predict(50, "K80") == pytest.approx(1.5)


def test_intervals_hold_the_truth_under_noise():
    inside = 0
    for seed in range(100):
        term = next(t for t in regress(DEPTH, GPU, planted(deviation=0.05, seed=seed)).terms if t.name == "depth")
        inside += term.low <= 0.01 <= term.high
    assert 88 <= inside <= 100


def test_no_effect_of_the_type_is_rarely_called_one():
    p = [regress(DEPTH, GPU, planted(deviation=0.05, seed=seed)).gpu_p for seed in range(200)]
    assert 0.01 <= np.mean(np.array(p) < 0.05) <= 0.1


def test_an_effect_of_the_type_is_seen():
    assert regress(DEPTH, GPU, planted(p100=0.3, v100=0.6, deviation=0.05)).gpu_p < 1e-4


def test_a_bent_effect_of_depth_hides_no_effect_of_the_type():
    bent = 10 / np.sqrt(DEPTH) + np.where(GPU == "V100", 0.1, 0.0) + np.random.default_rng(0).normal(0, 0.02, 15)
    assert regress(DEPTH, GPU, bent).gpu_p < 0.001


def test_a_misfit_that_the_runs_of_a_depth_share_widens_the_depths_interval():
    shared = np.repeat(np.random.default_rng(0).normal(0, 0.1, (200, 5)), 3, axis=1)
    inside = [
        t.low <= 0.01 <= t.high
        for s in shared
        for t in regress(DEPTH, GPU, planted(deviation=0.01) + s).terms
        if t.name == "depth"
    ]
    assert 0.9 <= np.mean(inside) <= 0.99


def test_depth_left_out_is_harder_than_depth_seen():
    bent = 1 / np.sqrt(DEPTH)
    found = regress(DEPTH, GPU, bent)
    assert found.cv_rmse > np.sqrt(
        np.mean((bent - [found.predict(d, g) for d, g in zip(DEPTH, GPU, strict=True)]) ** 2)
    )


def test_a_prediction_stays_within_what_was_seen():
    beta = planted(slope=-0.1)
    assert (
        regress(DEPTH, GPU, beta).predict(100, "K80") == beta.min()
        and regress(DEPTH, GPU, beta).predict(0, "K80") == beta.max()
    )


def test_too_few_depths_are_refused():
    with pytest.raises(ComputeError, match="three depths"):
        regress([18, 20], ["K80", "P100"], [1.0, 2.0])


def terms(found) -> list[str]:
    return [term.name for term in found.terms]


def test_the_baseline_is_the_vocabularys_whatever_the_order_and_the_alphabet():
    found = regress(DEPTH[::-1], GPU[::-1], planted(p100=0.2, v100=-0.1)[::-1])
    assert terms(found) == ["intercept", "depth", "P100", "V100"] and BASELINE_GPU == "K80"
    unknown = regress(DEPTH, np.where(GPU == "P100", "A100", GPU), planted())
    assert terms(unknown) == ["intercept", "depth", "V100", "A100"]


def test_without_the_baseline_the_first_type_of_the_vocabulary_stands_in():
    rows = GPU != "K80"
    found = regress(DEPTH[rows], np.where(GPU == "V100", "A100", GPU)[rows], planted(v100=0.3)[rows])
    assert terms(found) == ["intercept", "depth", "A100"]
    assert found.terms[-1].coefficient == pytest.approx(0.3)


def test_a_single_gpu_type_has_no_term_and_no_p():
    rows = GPU == "V100"
    found = regress(DEPTH[rows], GPU[rows], planted(v100=0.5)[rows])
    assert terms(found) == ["intercept", "depth"] and found.gpu_p is None
    assert found.predict(50, "V100") == found.predict(50, "K80") == pytest.approx(2.0)
    assert found.r2 == found.depth_r2 == pytest.approx(1)


def test_a_single_run_of_another_type_is_too_few_to_compare():
    rows = (GPU == "K80") | ((GPU == "P100") & (DEPTH == 18))
    found = regress(DEPTH[rows], GPU[rows], planted(p100=0.5)[rows])
    assert terms(found) == ["intercept", "depth"] and found.gpu_p is None


def test_a_type_without_a_depth_in_common_with_others_is_not_compared():
    rows = ((GPU == "K80") & (DEPTH < 50)) | ((GPU == "P100") & (DEPTH == 56)) | ((GPU == "V100") & (DEPTH == 20))
    found = regress(DEPTH[rows], GPU[rows], planted(p100=0.5)[rows])
    assert terms(found) == ["intercept", "depth"]


def test_two_runs_of_another_type_are_compared():
    rows = (GPU == "K80") | ((GPU == "P100") & (DEPTH < 30))
    found = regress(DEPTH[rows], GPU[rows], planted(p100=0.5)[rows])
    assert terms(found) == ["intercept", "depth", "P100"] and found.gpu_p < 0.01
