"""Seconds of an epoch, and approaches compared in pairs, of planted runs."""

import pytest

from store.transfer import costs
from tests.planted_transfer import EPOCHS

FLOWERS = ("flowers102", 64)


@pytest.fixture
def varied(planted_transfer_and):
    """A store in which fine-tuning has also run in bf16, and with two threads."""
    return planted_transfer_and(
        (("finetune", 0.01, 0, 30, 64), {"config": {"precision": "bf16"}}),
        (("finetune", 0.1, 0, 10, 64), {"config": {"threads": 2}}),
    )


def test_seconds_of_an_epoch_by_what_it_contains(planted_transfer):
    rows = costs.epoch_seconds(planted_transfer, *FLOWERS).set_index("what")
    assert rows["epoch_s"].to_dict() == pytest.approx(
        {"finetune": 12, "scratch": 12, "forward": 24 / 8, "whole": 30.5 / EPOCHS, "extract": 0.02}
    )
    assert rows.loc["finetune", "images_per_s"] == pytest.approx(5)


def test_trainings_that_shared_a_device_are_charged_their_share(planted_transfer_and):
    how = {"config": {"concurrency": 3}}
    reader = planted_transfer_and(*((("finetune", lr, 0, 30, 64), how) for lr in (0.1, 0.01, 0.001)))
    row = costs.epoch_seconds(reader, *FLOWERS).set_index("what").loc["finetune"]
    assert (row["epoch_s"], row["images_per_s"]) == pytest.approx((12 / 3, 5 * 3))


def test_runs_of_different_precision_are_one_row(varied):
    rows = costs.epoch_seconds(varied, *FLOWERS)
    assert not rows.duplicated(["what", "device", "threads"]).any()
    assert sorted(rows[rows["what"] == "finetune"]["precision"]) == ["bf16, fp32", "fp32"]


def test_epochs_are_compared_on_the_device_and_threads_of_the_last_layers(varied):
    rows = costs.comparable_epochs(varied, *FLOWERS).set_index("what")
    assert set(rows["threads"]) == {1} and rows.index.is_unique
    assert rows["speedup"].to_dict() == pytest.approx(
        {"finetune": 1, "scratch": 1, "forward": 4, "whole": 12 * EPOCHS / 30.5, "extract": 600}
    )


@pytest.fixture
def pairs(planted_transfer):
    return costs.compared(planted_transfer, "flowers102").set_index(["job", "px", "other_job", "other_px"])


def test_pairs_are_compared_at_their_chosen_rates(pairs):
    pair = pairs.loc[("finetune", 64, "extract", 64)]
    assert pair["test_points"] == pytest.approx(100 * (180 - 150) / 390)
    assert pair["seconds_ratio"] == pytest.approx(240 / 30.5)
    assert pair["flops_ratio"] == pytest.approx(3 * 6.7e8 * 60 * EPOCHS / (6.7e8 * 60 * 8 + EPOCHS * 60 * 6 * 2048 * 6))
    assert pair["flops_percent"] == pytest.approx(100 * pair["flops_ratio"])


def test_intervals_that_overlap_are_not_separate(pairs):
    # 41.3 to 51.1 of fine-tuning, 33.2 to 43.7 of the last layer, 4.1 % from scratch
    assert not pairs.loc[("finetune", 64, "extract", 64), "separate"]
    assert pairs.loc[("finetune", 64, "scratch", 64), "separate"]
    assert pairs.loc[("scratch", 64, "finetune", 64), "separate"]
