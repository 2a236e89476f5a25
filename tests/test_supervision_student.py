"""Students: which there are, what they are pretrained on, and the epochs of both their trainings."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from compute import ComputeError
from compute.core.supervision import StudentKind
from compute.data import synthetic
from compute.supervision.student import StudentSweep, continued, read_selection
from compute.training.device_dataset import DeviceDataset
from compute.training.recipe import History
from tests.planted_supervision import plant_teacher

DATA = DeviceDataset(synthetic(train=1100, test=10, px=8), torch.device("cpu"))


@pytest.fixture
def sweep(tmp_path):
    plant_teacher(tmp_path, "resnet20", 20, 0, 65)
    return StudentSweep(scale="small", runs=tmp_path, seeds=1, device="cpu")


def student(sweep: StudentSweep, kind: StudentKind, k: int = 4000, p: int = 2):
    return sweep.student_record(kind, k, p, seed=0)


def history(epochs: int, steps: int) -> History:
    rows = [{"epoch": n, "step": (n + 1) * steps, "train_loss": 1.0} for n in range(epochs)]
    return History(
        losses=np.ones(1, np.float32), epochs=rows, state={}, seconds=1.0, started_at="", execution_mode="eager"
    )


def test_the_other_p_have_students_from_the_middle_k_on(sweep):
    kinds = [(run.config["kind"], run.config["k"], run.config["p"]) for run in sweep.planned()]
    assert [k for kind, k, p in kinds if kind == "selected" and p == 1] == [4000, 6000, 8000]
    assert [k for kind, k, p in kinds if kind == "selected" and p == 2] == [500, 2000, 4000, 6000, 8000]
    assert [k for kind, k, _ in kinds if kind == "oracle"] == [500, 2000, 4000, 6000, 8000]
    assert [k for kind, k, _ in kinds if kind == "self"] == [4000] and len(kinds) == 17


def test_a_student_names_the_teacher_whose_selection_it_is_trained_on(sweep):
    assert student(sweep, StudentKind.SELECTED).inputs == ("supervision-teacher-resnet20-small-s0",)
    assert student(sweep, StudentKind.SELF).inputs == ("supervision-teacher-resnet8-small-s0",)


def test_a_student_is_trained_on_every_label_of_the_selection(sweep):
    data = sweep.pretraining_data(student(sweep, StudentKind.SELECTED), DATA)
    assert data.train_labels.bincount().tolist() == [4] * 10


def test_an_oracle_is_trained_on_each_image_once_with_its_true_label(sweep):
    data = sweep.pretraining_data(student(sweep, StudentKind.ORACLE), DATA)
    # the ten images that two classes took are there once
    assert data.train_labels.bincount().tolist() == [3] * 10


def test_a_missing_teacher_is_named(tmp_path):
    with pytest.raises(ComputeError, match="supervision-teacher-resnet8-small-s0 is not there.*train it first"):
        read_selection(tmp_path / "supervision-teacher-resnet8-small-s0", 4000, 2)


def test_a_selection_for_a_smaller_k_is_read_by_rank(sweep):
    image, class_id, true_id = read_selection(sweep.runs / "supervision-teacher-resnet20-small-s0", 2000, 2)
    assert image.shape == class_id.shape == true_id.shape == (20,)
    assert (class_id == true_id).sum() == 10


def test_the_epochs_of_the_fine_tuning_are_numbered_on():
    rows = continued(history(2, steps=10), history(3, steps=4))
    assert [row["epoch"] for row in rows] == [0, 1, 2, 3, 4]
    assert [row["step"] for row in rows] == [10, 20, 24, 28, 32]


def test_the_estimate_counts_the_steps_of_the_fine_tuning(sweep):
    assert sweep.extra_steps(student(sweep, StudentKind.SELECTED)) == 10 * (4000 // 128)
    smoke = replace(sweep, scale="smoke")
    assert smoke.extra_steps(student(smoke, StudentKind.SELECTED, 16, 2)) == 2 * (80 // 16)
