"""Accuracies and costs of planted runs, by run, by rate and by image size."""

import pytest

from store.transfer import evaluated
from tests.planted_transfer import EPOCHS

FLOWERS = ("flowers102", 64)


@pytest.fixture
def rates(planted_transfer):
    return evaluated.rates(planted_transfer, *FLOWERS).set_index(["job", "lr"])


# ---------------------------------------------------------------- rates


def test_each_approach_chooses_its_best_rate_on_val(rates):
    chosen = [(job, lr) for job, lr in rates[rates["chosen"]].index if job != "linear_probe"]
    assert chosen == [("finetune", 0.01), ("extract", 0.1), ("adabn", 0.1), ("scratch", 0.1)]
    assert rates.loc["linear_probe", "chosen"].tolist() == [True]


def test_accuracies_are_means_over_seeds(rates):
    single, several = rates.loc[("finetune", 0.01)], rates.loc[("extract", 0.1)]
    assert (single["seeds"], several["seeds"]) == (1, 3)
    assert single["test_percent"] == pytest.approx(100 * 180 / 390)
    assert several["test_percent"] == pytest.approx(100 * 150 / 390)
    assert several["spread"] == pytest.approx(100 * 6 / 390)


def test_the_interval_of_one_seed_is_wilsons(rates):
    # statsmodels' proportion_confint(180, 390, method="wilson")
    row = rates.loc[("finetune", 0.01)]
    assert (row["low"], row["high"]) == pytest.approx((41.27, 51.12), abs=0.01)


def test_the_interval_of_three_seeds_is_for_the_choice_of_seeds_as_well(rates):
    # the mean of three seeds by Student's t with two degrees of freedom, and Wilson's half width of the same share
    row = rates.loc[("extract", 0.1)]
    seeds, images = 4.303 * 100 * 6 / 390 / 3**0.5, 100 * 1.96 * (150 / 390 * 240 / 390 / 390) ** 0.5
    assert (row["high"] - row["low"]) / 2 == pytest.approx((seeds**2 + images**2) ** 0.5, rel=0.01)


def test_every_class_counts_alike_in_the_mean_of_classes(rates):
    row = rates.loc[("finetune", 0.01)]
    assert row["class_percent"] == pytest.approx(sum(100 * 30 / (40 + 10 * c) for c in range(6)) / 6)
    assert row["class_percent"] != pytest.approx(row["test_percent"]), "classes differ in size"


def test_the_gap_to_best_is_that_to_the_chosen_rate(rates):
    gap = rates.loc["finetune", "gap_to_best"]
    assert gap.to_dict() == pytest.approx({0.1: 100 * 120 / 390, 0.01: 0, 0.001: 100 * 60 / 390})


def test_a_first_run_at_a_larger_scale_hides_nothing(planted_transfer_and):
    reader = planted_transfer_and((("finetune", 0.1, 0, 39, 64), {"scale": "paper"}))
    rows = evaluated.rates(reader, *FLOWERS).set_index(["job", "lr"])
    assert set(rows["scale"]) == {"small"} and rows.loc[("finetune", 0.1), "test_percent"] < 20


def test_runs_from_other_base_weights_are_not_mixed_in(planted_transfer_and):
    reader = planted_transfer_and((("extract", 0.1, 7, 39, 64), {"weights": "others"}))
    rows = evaluated.rates(reader, *FLOWERS).set_index(["job", "lr"])
    assert rows.loc[("extract", 0.1), "seeds"] == 3
    assert evaluated.origins(reader, *FLOWERS)["weights"].tolist() == ["weights for tests"]


# ---------------------------------------------------------------- single runs


def test_flops_are_those_of_the_model(planted_transfer):
    flops = evaluated.evaluated(planted_transfer, *FLOWERS).drop_duplicates("job").set_index("job")["flops"]
    head = EPOCHS * 60 * 6 * 2048 * 6
    assert flops.to_dict() == pytest.approx(
        {
            "finetune": 3 * 6.7e8 * 60 * EPOCHS,
            "scratch": 3 * 6.7e8 * 60 * EPOCHS,
            "extract": 6.7e8 * 60 * 8 + head,
            "adabn": 6.7e8 * 60 * 9 + head,
            "linear_probe": 6.7e8 * 60,
        }
    )


def test_a_training_that_shared_its_device_is_charged_its_share(planted_transfer_and):
    reader = planted_transfer_and((("finetune", 0.01, 1, 30, 64), {"config": {"concurrency": 3}}))
    rows = evaluated.evaluated(reader, *FLOWERS).set_index(["job", "lr", "seed"])
    whole, share = rows.loc[("finetune", 0.01, 0)], rows.loc[("finetune", 0.01, 1)]
    assert (whole["seconds"], share["seconds"]) == (240, 80)
    assert (whole["images_per_s"], share["images_per_s"]) == (5, 15)


# ---------------------------------------------------------------- sizes


def test_sizes_are_those_at_which_every_job_has_run(planted_transfer_and):
    reader = planted_transfer_and((("extract", 0.1, 0, 33, 128), {}))
    assert evaluated.sizes(reader, ["extract"])["px"].tolist() == [64, 128]
    assert evaluated.sizes(reader, ["extract", "finetune"])["px"].tolist() == [64]


def test_sizes_are_compared_at_the_chosen_rates(planted_transfer_and):
    reader = planted_transfer_and((("extract", 1.0, 0, 31, 128), {}))
    rows = evaluated.by_size(reader, "flowers102").set_index(["px", "job"])
    assert rows.loc[(128, "extract"), "lr"] == 1.0
    assert rows.loc[(128, "extract"), "test_percent"] == pytest.approx(100 * 31 * 6 / 390)
    assert rows.loc[(64, "finetune"), "lr"] == 0.01


def test_the_best_approach_of_a_size_leads(planted_transfer_and):
    rows = evaluated.by_size(planted_transfer_and((("extract", 1.0, 0, 31, 128), {})), "flowers102")
    assert rows[rows["leads"]][["px", "job"]].to_numpy().tolist() == [[64, "finetune"], [128, "extract"]]
