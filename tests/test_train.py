"""The training loop: it learns what the plain loop learns, nothing is lost, one line for what goes wrong."""

import errno
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from compute import ComputeError
from compute.data import synthetic
from compute.training import checkpoint
from compute.training.checkpoint import Checkpoint, claim
from compute.training.device_dataset import DeviceDataset, batch_indices
from compute.training.loop import train, train_concurrently
from compute.training.recipe import Recipe
from compute.training.trainer import Trainer
from tests.conftest import PROJECT
from tests.plain_loop import plain_loop

CPU = torch.device("cpu")
DATA = synthetic(train=96, test=48, px=8)


@pytest.fixture(autouse=True)
def threads():
    """One thread is enough for small networks; other tests get theirs back."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tiny(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))


def recipe(**changes) -> Recipe:
    return replace(Recipe(epochs=4, batch=32, milestones=(2, 3), lr=0.05), **changes)


def untimed(rows: list[dict]) -> list[dict]:
    return [{key: value for key, value in row.items() if key not in ("seconds", "images_per_s")} for row in rows]


def same(one, other) -> bool:
    return (
        np.array_equal(one.losses, other.losses)
        and untimed(one.epochs) == untimed(other.epochs)
        and all(torch.equal(one.state[key], other.state[key]) for key in one.state)
    )


# ---------------------------------------------------------------- the loop


def test_it_learns_and_writes_down_every_step():
    history = train(tiny(), synthetic(train=256, test=64, px=8, noise=20.0), recipe(epochs=8, milestones=(4, 6)), CPU, bar=None)
    assert history.losses.shape == (64,) and history.losses.dtype == np.float32
    assert [row["step"] for row in history.epochs] == [8 * (epoch + 1) for epoch in range(8)]
    assert [row["lr"] for row in history.epochs] == [0.05] * 4 + [0.005] * 2 + [0.0005] * 2
    last = history.epochs[-1]
    assert last["train_loss"] == pytest.approx(history.losses[-8:].mean(), rel=1e-6)
    assert last["train_loss"] < 0.7 * history.losses[0] and last["test_accuracy"] > 0.4
    assert 0 < sum(row["seconds"] for row in history.epochs) < history.seconds and history.execution_mode == "eager"


def test_one_step_is_plain_sgd():
    plain, fast = tiny(), tiny()
    device_dataset = DeviceDataset(DATA, CPU)
    how = recipe(epochs=2, batch=96, milestones=(1,))
    history = train_concurrently([Trainer(fast, device_dataset, how, CPU)], bar=None)[0]
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
    losses = []
    for epoch in range(2):
        images, labels = device_dataset.batch(batch_indices(96, 96, 0, epoch, pad=device_dataset.pad, augment=True)[0])
        optimizer.param_groups[0]["lr"] = (0.05, 0.005)[epoch]
        loss = nn.functional.cross_entropy(plain(images.contiguous()), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.allclose(history.losses, losses, rtol=1e-5)
    for mine, theirs in zip(fast.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)


def test_it_agrees_with_the_plain_loop():
    data = synthetic(train=256, test=64, px=8, noise=20.0)
    ours = train(tiny(), data, recipe(epochs=5, milestones=()), CPU, bar=None).losses
    seconds, theirs = plain_loop(tiny(), data, 40, batch=32, lr=0.05, workers=0)
    assert seconds > 0 and len(theirs) == len(ours) == 40
    assert np.mean(ours[-16:]) == pytest.approx(np.mean(theirs[-16:]), rel=0.25)


def test_lanes_that_train_together_do_as_if_alone():
    device_dataset = DeviceDataset(DATA, CPU)
    recipes = [recipe(seed=0), recipe(seed=1, epochs=2)]
    together = train_concurrently([Trainer(tiny(how.seed), device_dataset, how, CPU) for how in recipes], bar=None)
    alone = [train(tiny(how.seed), DATA, how, CPU, bar=None) for how in recipes]
    assert all(same(one, other) for one, other in zip(together, alone, strict=True))
    assert not np.array_equal(together[0].losses[:6], together[1].losses)


def test_groups_scale_the_rate_and_frozen_modules_stay_as_they_are():
    model = tiny()
    for p in model[1].parameters():
        p.requires_grad_(False)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    groups = [{"params": model[0].parameters(), "scale": 0.0}, {"params": model[5].parameters()}]
    after = train(model, DATA, recipe(weight_decay=0.0), CPU, bar=None, groups=groups).state
    changed = {key.split(".")[0] for key in after if not torch.equal(before[key], after[key])}
    assert changed == {"5"}  # neither the rate-0 convolution nor the frozen BatchNorm's running statistics


def test_evaluation_can_be_rarer():
    rows = train(tiny(), DATA, recipe(), CPU, bar=None, evaluate_every=3).epochs
    assert [row["test_accuracy"] is None for row in rows] == [True, True, False, False]
    assert rows[3]["test_accuracy"] == train(tiny(), DATA, recipe(), CPU, bar=None).epochs[3]["test_accuracy"]


def test_bf16_is_autocast():
    history = train(tiny(), DATA, recipe(precision="bf16"), CPU, bar=None)
    assert np.isfinite(history.losses).all() and history.state["0.weight"].dtype == torch.float32


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_graph_and_eager_give_the_same_curve():
    cuda = torch.device("cuda")
    eager, graph = (train(tiny(), DATA, recipe(execution_mode=engine), cuda, bar=None) for engine in ("eager", "graph"))
    assert graph.execution_mode == "graph" and np.allclose(eager.losses, graph.losses, rtol=1e-3)
    trainers = [Trainer(tiny(seed), DeviceDataset(DATA, cuda), recipe(seed=seed), cuda) for seed in range(3)]
    assert np.allclose(train_concurrently(trainers, bar=None)[0].losses, eager.losses, rtol=1e-3)


# ---------------------------------------------------------------- nothing is lost


class Killed(Exception):
    """Stands for the end of the process."""


def stopped_after(epochs: int, folder, monkeypatch) -> None:
    """Train with a checkpoint, and end in the middle of the epoch after `epochs`."""
    trainer = Trainer(tiny(), DeviceDataset(DATA, CPU), recipe(), CPU, checkpoint=Checkpoint(folder, 0))
    step = trainer.step

    def die():
        if trainer.epoch == epochs and int(trainer.cursor):
            raise Killed
        step()

    trainer.step = die
    with pytest.raises(Killed):
        train_concurrently([trainer], bar=None)


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_resumed_is_bit_identical(tmp_path, monkeypatch, epochs):
    stopped_after(epochs, tmp_path, monkeypatch)
    resumed = train(tiny(seed=9), DATA, recipe(), CPU, bar=None, checkpoint=Checkpoint(tmp_path, 0))
    assert same(resumed, train(tiny(), DATA, recipe(), CPU, bar=None))


def test_finished_checkpoint_trains_no_further(tmp_path):
    first = train(tiny(), DATA, recipe(), CPU, bar=None, checkpoint=Checkpoint(tmp_path))
    again = train(tiny(seed=9), DATA, recipe(), CPU, bar=None, checkpoint=Checkpoint(tmp_path))
    assert same(first, again) and again.seconds == first.seconds and again.started_at == first.started_at


def test_checkpoint_of_other_settings_or_broken_is_refused(tmp_path):
    train(tiny(), DATA, recipe(), CPU, bar=None, checkpoint=Checkpoint(tmp_path))
    with pytest.raises(ComputeError, match=r"epochs 4 \(now 6\)"):
        train(tiny(), DATA, recipe(epochs=6), CPU, bar=None, checkpoint=Checkpoint(tmp_path))
    (tmp_path / "state.pt").write_bytes(b"half")
    with pytest.raises(ComputeError, match="cannot be read"):
        train(tiny(), DATA, recipe(), CPU, bar=None, checkpoint=Checkpoint(tmp_path))


def test_full_disk_keeps_the_older_checkpoint(tmp_path, monkeypatch):
    saved = Checkpoint(tmp_path, 0)
    saved.save({"settings": {}, "epoch": 1})

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        saved.save({"settings": {}, "epoch": 2})
    assert saved.load({})["epoch"] == 1 and [file.name for file in tmp_path.iterdir()] == ["state.pt"]


def test_loss_that_is_not_finite_ends_in_one_line(tmp_path):
    with pytest.raises(ComputeError, match="the loss is (nan|inf) at step") as caught:
        train(tiny(), DATA, recipe(lr=1e30), CPU, bar=None, checkpoint=Checkpoint(tmp_path, 0))
    assert "\n" not in str(caught.value) and not (tmp_path / "state.pt").exists()


def test_a_lane_that_diverges_does_not_stop_the_others():
    wild, calm = (Trainer(tiny(), DeviceDataset(DATA, CPU), recipe(lr=lr), CPU, name=str(lr)) for lr in (1e30, 0.05))
    with pytest.raises(ComputeError, match="1e\\+30: the loss is"):
        train_concurrently([wild, calm], bar=None)
    assert calm.epoch == 4 and wild.epoch < 4
    assert same(calm.history(), train(tiny(), DATA, recipe(), CPU, bar=None))


def test_a_run_is_claimed_once(tmp_path):
    code = f"from pathlib import Path; from compute.training.checkpoint import claim\nwith claim(Path({str(tmp_path)!r})) as mine: print(mine)"
    with claim(tmp_path) as mine, claim(tmp_path) as second:
        assert mine and not second
        other = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
        assert other.stdout.strip() == "False"
    with claim(tmp_path) as mine:
        assert mine


@pytest.mark.parametrize(
    "changes, says",
    [({"epochs": 0}, "epochs is 0"), ({"lr": float("nan")}, "learning rate is nan"), ({"precision": "fp8"}, "fp32, tf32, bf16")],
)
def test_impossible_recipes_are_refused(changes, says):
    with pytest.raises(ComputeError, match=says):
        recipe(**changes)


def test_graphs_need_cuda():
    with pytest.raises(ComputeError, match="CUDA graphs need a CUDA device"):
        train(tiny(), DATA, recipe(execution_mode="graph"), CPU, bar=None)
