"""Problem 1's queries on planted runs."""

import pytest

from store.build import build
from store.layout import Layout
from store.reader import open_reader
from store.transfer import dataset, results, values
from tests.planted_transfer import EPOCHS, NAMES, plant_run, plant_transfer

FLOWERS = ("flowers102", 64)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    layout = Layout.at(tmp_path_factory.mktemp("transfer"))
    plant_transfer(layout.runs)
    assert build(layout).left_out == ()
    return open_reader(layout)


def test_the_data_set_is_summed_up(reader):
    (row,) = dataset.datasets(reader).itertuples()
    assert (row.dataset, row.classes, row.images, row.base_classes, row.px) == ("flowers102", 6, 6 * 20 + 6 * 40 + 150, 1, 64)
    balance = dataset.balance(reader, "flowers102").set_index("split")
    assert list(balance.index) == ["train", "val", "test", "all"]
    assert balance.loc["train", "imbalance"] == 1 and balance.loc["test", "imbalance"] == pytest.approx(90 / 40)
    assert balance.loc["all", "least"] == 60 and balance.loc["all", "most"] == 110


def test_samples_are_those_of_the_classes(reader):
    rows = dataset.samples(reader, "flowers102", [1, 4], 2)
    assert rows["class_name"].tolist() == [NAMES[1], NAMES[1], NAMES[4], NAMES[4]]
    assert all(bytes(image).startswith(b"\x89PNG") for image in rows["image"])


def test_rates_choose_by_val_and_say_how_sure_they_are(reader):
    rows = results.rates(reader, *FLOWERS).set_index(["job", "lr"])
    chosen = rows[rows["chosen"]].index.tolist()
    assert ("finetune", 0.01) in chosen and ("extract", 0.1) in chosen and len(chosen) == 5
    single, many = rows.loc[("finetune", 0.01)], rows.loc[("extract", 0.1)]
    assert (single["seeds"], many["seeds"]) == (1, 3)
    assert single["test_percent"] == pytest.approx(100 * 180 / 390) and many["test_percent"] == pytest.approx(100 * 150 / 390)
    # Wilson's interval of 180 of 390, by statsmodels' proportion_confint(180, 390, method="wilson")
    assert (single["low"], single["high"]) == pytest.approx((41.27, 51.12), abs=0.01)
    assert many["spread"] == pytest.approx(100 * 6 / 390)
    # the mean of three seeds by Student's t with two degrees of freedom, and Wilson's half width of the same share
    seeds, images = 4.303 * 100 * 6 / 390 / 3**0.5, 100 * 1.96 * (150 / 390 * 240 / 390 / 390) ** 0.5
    assert (many["high"] - many["low"]) / 2 == pytest.approx((seeds**2 + images**2) ** 0.5, rel=0.01)


def test_work_is_three_forward_passes_an_image_or_one_a_view(reader):
    rows = results.evaluated(reader, *FLOWERS).set_index("job")
    assert rows.loc["scratch", "flops"] == pytest.approx(3 * 6.7e8 * 60 * EPOCHS)
    assert rows.loc["linear", "flops"] == pytest.approx(6.7e8 * 60)
    assert rows.loc["extract", "flops"].iloc[0] == pytest.approx(6.7e8 * 60 * 8 + EPOCHS * 60 * 6 * 2048 * 6)
    assert rows.loc["adabn", "flops"].iloc[0] == pytest.approx(6.7e8 * 60 * 9 + EPOCHS * 60 * 6 * 2048 * 6), "one pass more, for the statistics"


def test_seconds_of_an_epoch_by_what_is_in_them(reader):
    rows = results.epoch_seconds(reader, *FLOWERS).set_index("what")
    assert rows["epoch_s"].to_dict() == pytest.approx({"finetune": 12, "scratch": 12, "forward": 24 / 8, "whole": 30.5 / EPOCHS, "extract": 0.02})
    assert (rows["threads"] == 1).all() and rows.loc["finetune", "images_per_s"] == pytest.approx(5)


def test_runs_of_different_arithmetic_are_one_row_and_other_hands_are_not_compared(tmp_path):
    layout = Layout.at(tmp_path)
    plant_transfer(layout.runs)
    plant_run(layout.runs, "finetune", 0.01, 0, 30, 64, how={"precision": "bf16"})
    plant_run(layout.runs, "finetune", 0.1, 0, 10, 64, how={"threads": 2})
    build(layout)
    reader = open_reader(layout)
    rows = results.epoch_seconds(reader, *FLOWERS)
    assert not rows.duplicated(["what", "device", "threads"]).any()
    assert sorted(rows[rows["what"] == "finetune"]["precision"]) == ["bf16 and fp32", "fp32"]
    assert results.comparable(rows)["finetune"] == 12 and values(reader)["extract_epoch_ratio"] == pytest.approx(600)


def test_every_class_counts_alike_in_the_mean_of_classes(reader):
    row = results.rates(reader, *FLOWERS).set_index(["job", "lr"]).loc[("finetune", 0.01)]
    assert row["class_percent"] == pytest.approx(sum(100 * 30 / (40 + 10 * c) for c in range(6)) / 6)
    assert row["class_percent"] != pytest.approx(row["test_percent"]), "classes differ in size"


def test_sizes_are_compared_at_the_chosen_rates(tmp_path, reader):
    assert set(results.by_size(reader, "flowers102")["px"]) == {64}
    layout = Layout.at(tmp_path)
    plant_transfer(layout.runs)
    plant_run(layout.runs, "extract", 0.1, 0, 33, 128)
    plant_run(layout.runs, "extract", 1.0, 0, 31, 128)
    build(layout)
    rows = results.by_size(open_reader(layout), "flowers102").set_index(["px", "job"])
    assert rows.loc[(128, "extract"), "lr"] == 0.1 and rows.loc[(128, "extract"), "test_percent"] == pytest.approx(100 * 33 * 6 / 390)
    assert rows.loc[(64, "finetune"), "lr"] == 0.01


def test_curves_and_drops(reader):
    rows = results.curves(reader, *FLOWERS, "extract")
    assert len(rows) == 4 * EPOCHS and set(rows["seeds"]) == {3}
    last = rows[(rows["lr"] == 0.1) & (rows["epoch"] == EPOCHS)].iloc[0]
    assert (last["val_low"], last["val_percent"], last["val_high"]) == pytest.approx((40, 100 * 25 / 60, 100 * 26 / 60))
    assert results.milestones(reader, *FLOWERS, "finetune")["epoch"].tolist() == [6, 12, 18]


def test_classes_compare_the_chosen_rates(reader):
    rows = results.by_class(reader, *FLOWERS)
    assert rows["finetune_percent"].tolist() == pytest.approx([100 * 30 / (40 + 10 * c) for c in range(6)])
    assert rows["extract_percent"].tolist() == pytest.approx([100 * 25 / (40 + 10 * c) for c in range(6)])
    assert rows["in_imagenet"].tolist() == [True] + [False] * 5


def test_confusions_are_named(reader):
    run = results.rates(reader, *FLOWERS).set_index(["job", "lr"]).loc[("finetune", 0.01), "run_id"]
    rows = results.confusions(reader, run, 2)
    assert rows["class_name"].tolist() == [NAMES[5], NAMES[4]] and rows["taken_for"].tolist() == [NAMES[0], NAMES[5]]
    assert rows["images"].tolist() == [60, 50]


def test_a_first_run_at_a_larger_scale_hides_nothing(tmp_path):
    layout = Layout.at(tmp_path)
    plant_transfer(layout.runs)
    plant_run(layout.runs, "finetune", 0.1, 0, 39, 64, scale="paper")
    build(layout)
    rows = results.rates(open_reader(layout), *FLOWERS)
    assert set(rows["scale"]) == {"small"} and rows.set_index(["job", "lr"]).loc[("finetune", 0.1), "test_percent"] < 20


def test_other_base_weights_are_not_mixed_in(tmp_path):
    layout = Layout.at(tmp_path)
    plant_transfer(layout.runs)
    plant_run(layout.runs, "extract", 0.1, 7, 39, 64, weights="others")
    build(layout)
    rows = results.rates(open_reader(layout), *FLOWERS).set_index(["job", "lr"])
    assert rows.loc[("extract", 0.1), "seeds"] == 3
