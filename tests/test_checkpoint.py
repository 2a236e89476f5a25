"""Checkpoints and claims: a training continues bit for bit after any stop, and no run is trained twice at once."""

import errno
import shutil
import subprocess
import sys

import pytest
import torch

from compute import ComputeError
from compute.core.runs import Run
from compute.training import checkpoint
from compute.training.checkpoint import Checkpoint
from compute.training.claim import claim
from compute.training.device_dataset import DeviceDataset
from compute.training.former_releases import former_ids
from compute.training.loop import train, train_concurrently
from compute.training.trainer import Trainer
from tests.conftest import PROJECT
from tests.tiny import CPU, DATA, recipe, same, tiny

pytestmark = pytest.mark.usefixtures("one_thread")


class Killed(Exception):
    """Stands for the end of the process."""


def train_and_stop(folder, epochs: int) -> None:
    """Train with a checkpoint, and end in the middle of the epoch after `epochs`."""
    trainer = Trainer(tiny(), DeviceDataset(DATA, CPU), recipe(), CPU, checkpoint=Checkpoint(folder, 0))
    step = trainer.step

    def step_or_stop():
        if trainer.epoch == epochs and int(trainer.cursor):
            raise Killed
        step()

    trainer.step = step_or_stop
    with pytest.raises(Killed):
        train_concurrently([trainer], bar=None)


def continued(folder, **changes):
    """The history of the training whose checkpoint is in `folder`, whatever weights the network has at first."""
    return train(tiny(seed=9), DATA, recipe(**changes), CPU, bar=None, checkpoint=Checkpoint(folder, 0))


@pytest.fixture(scope="module")
def uninterrupted():
    return train(tiny(), DATA, recipe(), CPU, bar=None)


# ---------------------------------------------------------------- continuing


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_a_continued_training_is_bit_identical(tmp_path, uninterrupted, epochs):
    train_and_stop(tmp_path, epochs)
    assert same(continued(tmp_path), uninterrupted)


def test_a_finished_checkpoint_is_not_trained_further(tmp_path):
    first = train(tiny(), DATA, recipe(), CPU, bar=None, checkpoint=Checkpoint(tmp_path))
    again = continued(tmp_path)
    assert same(first, again) and again.seconds == first.seconds and again.started_at == first.started_at


def test_a_full_disk_keeps_the_older_checkpoint(tmp_path, monkeypatch):
    saved = Checkpoint(tmp_path, 0)
    saved.save({"settings": {}, "epoch": 1})

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        saved.save({"settings": {}, "epoch": 2})
    assert saved.load({})["epoch"] == 1 and [file.name for file in tmp_path.iterdir()] == ["state.pt"]


# ---------------------------------------------------------------- checkpoints that cannot be continued


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    train_and_stop(tmp_path, 1)
    with pytest.raises(ComputeError, match=r"epochs 4 \(now 6\)"):
        continued(tmp_path, epochs=6)


def without(key):
    return lambda state: {name: value for name, value in state.items() if name != key}


@pytest.mark.parametrize(
    "damage, reason",
    [
        *((without(key), key) for key in ("settings", "epoch", "model", "momentum_buffers", "rng", "losses", "rows")),
        *((without(key), key) for key in ("elapsed_s", "started_at")),
        (lambda state: {**state, "rng": state["rng"][:100]}, "RNG"),
        (lambda state: {**state, "losses": state["losses"][:-1]}, "5 losses and 2 rows for 2 epochs of 3 steps"),
        (lambda state: {**state, "model": {}}, "state_dict"),
        (lambda state: {**state, "momentum_buffers": state["momentum_buffers"][:-1]}, "zip"),
        (lambda state: [1, 2], "AttributeError"),
        (lambda state: {"settings": 3}, "AttributeError"),
    ],
)
def test_a_damaged_checkpoint_ends_in_one_line_that_names_the_file(tmp_path, damage, reason):
    train_and_stop(tmp_path, 2)
    file = tmp_path / "state.pt"
    torch.save(damage(torch.load(file, weights_only=True)), file)
    with pytest.raises(ComputeError) as caught:
        continued(tmp_path)
    message = str(caught.value)
    assert str(file) in message and reason in message and "delete the file" in message and "\n" not in message


def test_a_file_that_is_no_checkpoint_ends_in_one_line(tmp_path):
    (tmp_path / "state.pt").write_bytes(b"half")
    with pytest.raises(ComputeError, match="delete the file") as caught:
        continued(tmp_path)
    assert "\n" not in str(caught.value)
    assert Checkpoint(tmp_path).epochs() == 0 and Checkpoint(tmp_path).started_at() is None


# ---------------------------------------------------------------- older releases


def as_first_release(state: dict) -> dict:
    """A state with the keys of the releases before the vocabulary was settled: `momenta`, `drops`, `origin`."""
    settings = {{"milestones": "drops", "initialisation": "origin"}.get(k, k): v for k, v in state["settings"].items()}
    return {{"momentum_buffers": "momenta"}.get(k, k): v for k, v in state.items()} | {"settings": settings}


def test_an_older_releases_checkpoint_is_continued_bit_for_bit(tmp_path, uninterrupted):
    train_and_stop(tmp_path, 2)
    file = tmp_path / "state.pt"
    former = as_first_release(torch.load(file, weights_only=True))
    assert {"drops", "epochs", "lr"} <= set(former["settings"]) and "momenta" in former
    torch.save(former, file)
    assert Checkpoint(tmp_path).epochs() == 2
    assert same(continued(tmp_path), uninterrupted)


def run_record(**changes) -> Run:
    fields = {"problem": "optimus", "job": "train", "provenance": "emulated", "seed": 0, "device": "AMD EPYC"}
    fields |= {"identity": ("model", "gpu_type", "device"), "model": "resnet20", "gpu_type": "K80", "scale": "full"}
    return Run(**fields | changes)


def test_former_ids_lack_the_device_and_have_the_scales_former_name():
    assert run_record().run_id == "optimus-train-resnet20-k80-amd_epyc-full-s0"
    assert former_ids(run_record()) == ("optimus-train-resnet20-k80-full-s0",)
    assert former_ids(run_record(scale="small")) == (
        "optimus-train-resnet20-k80-small-s0",
        "optimus-train-resnet20-k80-amd_epyc-cpu-s0",
        "optimus-train-resnet20-k80-cpu-s0",
    )
    assert former_ids(run_record(identity=("model", "gpu_type"))) == ()


def test_a_checkpoint_is_moved_from_its_former_folder(tmp_path, uninterrupted):
    former, folder = tmp_path / "former", tmp_path / "current"
    train_and_stop(former, 2)
    Checkpoint(former / "finetuning", 0).save({"epoch": 1})
    Checkpoint(folder).take_over(former)
    assert not former.exists() and (folder / "finetuning" / "state.pt").exists()
    assert same(continued(folder), uninterrupted)


def test_a_checkpoint_is_not_moved_over_another_one(tmp_path):
    former, folder = tmp_path / "former", tmp_path / "current"
    for place, epoch in ((former, 1), (folder, 2)):
        Checkpoint(place, 0).save({"settings": {}, "epoch": epoch})
    Checkpoint(folder).take_over(former)
    assert Checkpoint(folder).epochs() == 2 and Checkpoint(former).epochs() == 1


def test_a_checkpoint_that_a_process_works_on_is_not_moved(tmp_path):
    former, folder = tmp_path / "former", tmp_path / "current"
    Checkpoint(former, 0).save({"settings": {}, "epoch": 1})
    with claim(former):
        Checkpoint(folder).take_over(former)
    assert Checkpoint(former).epochs() == 1 and not folder.exists()


def test_clearing_a_checkpoint_keeps_the_claim(tmp_path):
    with claim(tmp_path):
        Checkpoint(tmp_path / "finetuning", 0).save({"epoch": 1})
        Checkpoint(tmp_path, 0).save({"epoch": 1})
        Checkpoint(tmp_path).clear()
        assert [file.name for file in tmp_path.iterdir()] == ["lock"]
        with claim(tmp_path) as second:
            assert not second


# ---------------------------------------------------------------- claims

HOLD = """
import errno, fcntl, sys, time
from pathlib import Path
from compute.training.claim import claim
if sys.argv[2] == "without flock":
    def missing(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")
    fcntl.flock = missing
with claim(Path(sys.argv[1])) as held:
    print(held, flush=True)
    time.sleep(float(sys.argv[3]))
"""


def hold(folder, flock: str, seconds: float = 60) -> subprocess.Popen:
    """A process that claims a folder, prints whether it holds it, and keeps it for a while."""
    command = [sys.executable, "-W", "ignore", "-c", HOLD, str(folder), flock, str(seconds)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def test_a_run_is_claimed_once(tmp_path):
    with claim(tmp_path) as held, claim(tmp_path) as second:
        assert held and not second
        assert hold(tmp_path, "with flock", 0).communicate()[0].strip() == "False"
    with claim(tmp_path) as held:
        assert held


@pytest.mark.parametrize("flock", ["with flock", "without flock"])
def test_kill_9_releases_a_claim(tmp_path, flock):
    process = hold(tmp_path, flock)
    assert process.stdout.readline().strip() == "True"
    assert hold(tmp_path, flock, 0).communicate()[0].strip() == "False"
    process.kill()
    process.wait()
    assert hold(tmp_path, flock, 0).communicate()[0].strip() == "True"


def test_a_claimed_folder_can_be_deleted_and_claimed_again(tmp_path):
    folder = tmp_path / "run"
    with claim(folder):
        Checkpoint(folder).discard()
    assert not folder.exists()
    with claim(folder) as held:
        assert held and folder.exists()


def test_a_folder_that_another_process_deletes_is_made_again(tmp_path, monkeypatch):
    folder, mkdir = tmp_path / "run", type(tmp_path).mkdir
    deletions = iter([True])

    def mkdir_and_lose(path, *args, **kwargs):
        mkdir(path, *args, **kwargs)
        if path == folder and next(deletions, False):
            shutil.rmtree(path)

    monkeypatch.setattr(type(tmp_path), "mkdir", mkdir_and_lose)
    with claim(folder) as held:
        assert held and (folder / "lock").exists()
