"""The training loop: it learns what the plain loop learns, and impossible trainings end in one line."""

import numpy as np
import pytest
import torch
from torch import nn

from compute import ComputeError
from compute.data import synthetic
from compute.training.checkpoint import Checkpoint
from compute.training.device_dataset import DeviceDataset, batch_indices
from compute.training.loop import train, train_concurrently
from compute.training.trainer import Trainer
from tests.plain_loop import plain_loop
from tests.tiny import CPU, DATA, recipe, same, tiny

pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_loss_falls_and_every_step_and_epoch_is_recorded():
    data = synthetic(train=256, test=64, px=8, noise=20.0)
    history = train(tiny(), data, recipe(epochs=8, milestones=(4, 6)), CPU, bar=None)
    assert history.losses.shape == (64,) and history.losses.dtype == np.float32
    assert [row["step"] for row in history.epochs] == [8 * (epoch + 1) for epoch in range(8)]
    assert [row["lr"] for row in history.epochs] == [0.05] * 4 + [0.005] * 2 + [0.0005] * 2
    last = history.epochs[-1]
    assert last["train_loss"] == pytest.approx(history.losses[-8:].mean(), rel=1e-6)
    assert last["train_loss"] < 0.7 * history.losses[0] and last["test_accuracy"] > 0.4
    assert 0 < sum(row["seconds"] for row in history.epochs) < history.seconds and history.execution_mode == "eager"


def test_a_step_is_plain_sgd():
    expected, trained = tiny(), tiny()
    device_dataset = DeviceDataset(DATA, CPU)
    one_step = recipe(epochs=2, batch=96, milestones=(1,))
    history = train_concurrently([Trainer(trained, device_dataset, one_step, CPU)], bar=None)[0]
    optimizer = torch.optim.SGD(expected.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
    losses = []
    for epoch in range(2):
        images, labels = device_dataset.batch(batch_indices(96, 96, 0, epoch, pad=device_dataset.pad, augment=True)[0])
        optimizer.param_groups[0]["lr"] = (0.05, 0.005)[epoch]
        loss = nn.functional.cross_entropy(expected(images.contiguous()), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.allclose(history.losses, losses, rtol=1e-5)
    for mine, theirs in zip(trained.parameters(), expected.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)


def test_it_agrees_with_the_plain_loop():
    data = synthetic(train=256, test=64, px=8, noise=20.0)
    ours = train(tiny(), data, recipe(epochs=5, milestones=()), CPU, bar=None).losses
    seconds, theirs = plain_loop(tiny(), data, 40, batch=32, lr=0.05, workers=0)
    assert seconds > 0 and len(theirs) == len(ours) == 40
    assert np.mean(ours[-16:]) == pytest.approx(np.mean(theirs[-16:]), rel=0.25)


def test_concurrent_trainings_give_the_same_numbers_as_separate_ones():
    device_dataset = DeviceDataset(DATA, CPU)
    recipes = [recipe(seed=0), recipe(seed=1, epochs=2)]
    trainers = [Trainer(tiny(each.seed), device_dataset, each, CPU) for each in recipes]
    concurrent = train_concurrently(trainers, bar=None)
    separate = [train(tiny(each.seed), DATA, each, CPU, bar=None) for each in recipes]
    assert all(same(one, other) for one, other in zip(concurrent, separate, strict=True))
    assert not np.array_equal(concurrent[0].losses[:6], concurrent[1].losses)


def test_groups_scale_the_learning_rate_and_frozen_modules_do_not_change():
    model = tiny()
    for p in model[1].parameters():
        p.requires_grad_(False)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    groups = [{"params": model[0].parameters(), "scale": 0.0}, {"params": model[5].parameters()}]
    after = train(model, DATA, recipe(weight_decay=0.0), CPU, bar=None, groups=groups).state
    changed = {key.split(".")[0] for key in after if not torch.equal(before[key], after[key])}
    assert changed == {"5"}  # neither the convolution with rate 0 nor the frozen BatchNorm's running statistics


def test_evaluation_can_be_less_frequent():
    rows = train(tiny(), DATA, recipe(), CPU, bar=None, evaluate_every=3).epochs
    assert [row["test_accuracy"] is None for row in rows] == [True, True, False, False]
    assert rows[3]["test_accuracy"] == train(tiny(), DATA, recipe(), CPU, bar=None).epochs[3]["test_accuracy"]


def test_evaluation_can_be_frequent_from_an_epoch_on():
    rows = train(tiny(), DATA, recipe(), CPU, bar=None, evaluate_every=4, evaluate_all_from=3).epochs
    assert [row["test_accuracy"] is None for row in rows] == [True, True, False, False]


def test_bf16_keeps_the_weights_in_fp32():
    history = train(tiny(), DATA, recipe(precision="bf16"), CPU, bar=None)
    assert np.isfinite(history.losses).all() and history.state["0.weight"].dtype == torch.float32


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_graphs_and_eager_execution_give_the_same_curve():
    cuda = torch.device("cuda")
    eager, graph = (train(tiny(), DATA, recipe(execution_mode=mode), cuda, bar=None) for mode in ("eager", "graph"))
    assert graph.execution_mode == "graph" and np.allclose(eager.losses, graph.losses, rtol=1e-3)
    trainers = [Trainer(tiny(seed), DeviceDataset(DATA, cuda), recipe(seed=seed), cuda) for seed in range(3)]
    assert np.allclose(train_concurrently(trainers, bar=None)[0].losses, eager.losses, rtol=1e-3)


# ---------------------------------------------------------------- what goes wrong


def test_a_loss_that_is_not_finite_ends_in_one_line(tmp_path):
    with pytest.raises(ComputeError, match="the loss is (nan|inf) at step") as caught:
        train(tiny(), DATA, recipe(lr=1e30), CPU, bar=None, checkpoint=Checkpoint(tmp_path, 0))
    assert "\n" not in str(caught.value) and not (tmp_path / "state.pt").exists()


def test_a_training_that_diverges_does_not_stop_the_others():
    diverging, stable = (
        Trainer(tiny(), DeviceDataset(DATA, CPU), recipe(lr=lr), CPU, name=str(lr)) for lr in (1e30, 0.05)
    )
    with pytest.raises(ComputeError, match="1e\\+30: the loss is"):
        train_concurrently([diverging, stable], bar=None)
    assert stable.epoch == 4 and diverging.epoch < 4
    assert same(stable.history(), train(tiny(), DATA, recipe(), CPU, bar=None))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"lr": float("nan")}, "learning rate is nan"),
        ({"precision": "fp8"}, "fp32, tf32, bf16"),
    ],
)
def test_impossible_recipes_are_refused(changes, message):
    with pytest.raises(ComputeError, match=message):
        recipe(**changes)


def test_cuda_graphs_need_cuda():
    with pytest.raises(ComputeError, match="CUDA graphs need a CUDA device"):
        train(tiny(), DATA, recipe(execution_mode="graph"), CPU, bar=None)
