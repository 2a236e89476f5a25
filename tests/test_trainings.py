"""Trainings as they are read back for fits: which ones, their segments, and what is left out by name."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from compute import ComputeError
from compute.core.vocabulary import DEPTHS
from compute.optimus.trainings import trainings
from tests.planted_optimus import PER_EPOCH, plant, plant_losses

GOOD = 1 / (0.02 * np.arange(400) + 0.45) + 0.2 + 0.01 * np.random.default_rng(0).standard_normal(400)


def where(mask, value: float) -> np.ndarray:
    return np.where(mask, value, GOOD)


STEP = np.arange(400)
# losses of a second training, and what the line about it says; None: it can be fitted
ODD = {
    "nan": (where(STEP == 200, np.nan), "finite losses above 0, not nan"),
    "infinite": (where(STEP == 5, np.inf), "finite losses above 0, not inf"),
    "zero": (where(STEP >= 390, 0.0), "finite losses above 0, not 0"),
    "all zero": (np.zeros(400), "finite losses above 0, not 0"),
    "negative": (where(STEP == 7, -0.5), "finite losses above 0, not -0.5"),
    "two points": (GOOD[:2], "cannot be fitted to 2 points"),
    "constant": (np.full(400, 2.302585), None),
    "rising": (1 + STEP / 100, None),
    "one epoch": (GOOD[:PER_EPOCH], None),
    "half precision": (np.float16(GOOD), None),
    "ends within an epoch": (GOOD[:390], None),
}


@pytest.mark.parametrize("name", ODD)
def test_a_training_that_cannot_be_fitted_is_left_out_by_name(tmp_path, name):
    losses, reason = ODD[name]
    good = plant_losses(tmp_path, GOOD, gpu_type="K80")
    odd = plant_losses(tmp_path, losses, gpu_type="V100", per_epoch=min(PER_EPOCH, len(losses)))
    found = trainings(tmp_path)
    fitted = [training.run_id for training in found.fitted]
    if reason is None:
        assert fitted == [good.name, odd.name] and found.left_out == {}
    else:
        assert fitted == [good.name] and list(found.left_out) == [odd.name]
        assert reason in found.left_out[odd.name]


def test_a_training_without_its_losses_is_left_out_by_name(tmp_path):
    good, odd = plant(tmp_path, 20, "K80", 0), plant(tmp_path, 20, "V100", 0)
    table = pq.read_table(odd / "steps.parquet").drop_columns("loss")
    size = (odd / "steps.parquet").stat().st_size
    pq.write_table(table, odd / "steps.parquet")
    record = (odd / "run.json").read_text()
    (odd / "run.json").write_text(record.replace(str(size), str((odd / "steps.parquet").stat().st_size)))
    found = trainings(tmp_path)
    assert [training.run_id for training in found.fitted] == [good.name] and "loss" in found.left_out[odd.name]


def test_where_none_can_be_fitted_the_first_is_named(tmp_path):
    folder = plant_losses(tmp_path, np.zeros(100))
    with pytest.raises(ComputeError, match=f"none of the trainings at scale small can be fitted; {folder.name}: "):
        trainings(tmp_path)


def test_another_training_of_the_same_place_stands_in(tmp_path):
    device = ("model", "gpu_type", "device")
    plant_losses(tmp_path, np.zeros(100), provenance="measured", device="Tesla K80", identity=device)
    other = plant_losses(tmp_path, GOOD, identity=device)
    found = trainings(tmp_path)
    assert [training.run_id for training in found.fitted] == [other.name] and len(found.left_out) == 1


def test_of_two_trainings_of_a_place_the_measured_one_is_read(tmp_path):
    device = ("model", "gpu_type", "device")
    measured = plant_losses(tmp_path, GOOD, provenance="measured", device="Tesla K80", identity=device)
    plant_losses(tmp_path, GOOD, identity=device)
    assert [training.run_id for training in trainings(tmp_path).fitted] == [measured.name]


def test_a_scale_with_all_depths_on_one_gpu_type_comes_before_a_smaller_one(tmp_path):
    for gpu_type in ("K80", "P100"):
        plant(tmp_path, 20, gpu_type, 0)
    for depth in DEPTHS[:-1]:
        plant(tmp_path, depth, "K80", depth, scale="full")
    plant(tmp_path, DEPTHS[-1], "P100", 0, scale="smoke")
    assert trainings(tmp_path).scale == "full", "none is complete, and full has the most"
    for depth in DEPTHS:
        plant(tmp_path, depth, "K80", depth, scale="small")
    assert trainings(tmp_path).scale == "small"
    assert trainings(tmp_path, "full").scale == "full"


def test_segments_lie_between_falls_of_the_learning_rate(tmp_path):
    plant(tmp_path, 20, "K80", 0)
    (training,) = trainings(tmp_path).fitted
    assert training.segments() == {"all": (0, 800), "1": (0, 400), "2": (400, 600), "3": (600, 800)}
    assert training.milestones == (400, 600)


def test_a_rate_that_rises_first_makes_no_segment(tmp_path):
    plant_losses(tmp_path, GOOD, lr=[0.02, 0.06, *[0.1] * 8, *[0.01] * 10])
    assert list(trainings(tmp_path).fitted[0].segments()) == ["all", "1", "2"]


def test_epochs_that_were_not_evaluated_are_nan(tmp_path):
    plant(tmp_path, 20, "K80", 0, evaluate_every=2)
    accuracy = trainings(tmp_path).fitted[0].accuracy["test"]
    assert np.flatnonzero(np.isnan(accuracy)).tolist() == list(range(0, 20, 2))


def test_records_that_the_store_refuses_are_passed_over(tmp_path):
    good, *broken = [plant(tmp_path, 20, gpu_type, 0) for gpu_type in ("K80", "P100", "V100")]
    for folder, text in zip(broken, ("{", '{"scale": "huge"}'), strict=True):
        (folder / "run.json").write_text(text)
    assert [training.run_id for training in trainings(tmp_path).fitted] == [good.name]
