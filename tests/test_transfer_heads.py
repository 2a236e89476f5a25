"""Last layers that are trained in one batch: each is plain SGD, whatever is trained beside it."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from compute import ComputeError
from compute.training.device_dataset import batch_indices
from compute.training.recipe import Recipe
from compute.transfer.heads import Head, initial, random_augmentations, train_heads

MILESTONES = (2, 4)
RECIPE = Recipe(epochs=5, milestones=MILESTONES, batch=8, weight_decay=0.0)
LRS, SEEDS = (0.5, 0.05), (3, 4)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features of 20 train images in 3 augmentations, and of 10 val images; labels of 4 classes."""
    make = torch.Generator().manual_seed(0)
    train, val = torch.randn(3, 20, 6, generator=make), torch.randn(10, 6, generator=make)
    return train, torch.arange(20) % 4, val, torch.arange(10) % 4


@pytest.fixture(scope="module")
def heads(data) -> list[Head]:
    return train_heads(*data, classes=4, lrs=LRS, seeds=SEEDS, recipe=RECIPE)


def trained_by_autograd(data, lr: float, seed: int) -> tuple[nn.Linear, list[float]]:
    """A layer trained by torch.optim.SGD on the same batches, and the mean loss of each epoch."""
    train, labels, _, _ = data
    torch.manual_seed(seed)
    layer, losses = nn.Linear(6, 4), []
    optimizer = torch.optim.SGD(layer.parameters(), lr=lr, momentum=0.9)
    for epoch in range(RECIPE.epochs):
        optimizer.param_groups[0]["lr"] = lr * 0.1 ** sum(epoch >= milestone for milestone in MILESTONES)
        batches = batch_indices(20, 8, seed, epoch, pad=0, augment=False)[:, 0]
        augmentations = random_augmentations(3, (2, 8), seed, epoch)
        of_steps = []
        for images, chosen in zip(batches, augmentations, strict=True):
            loss = F.cross_entropy(layer(train[chosen, images]), labels[images])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            of_steps.append(loss.item())
        losses.append(sum(of_steps) / len(of_steps))
    return layer, losses


def test_heads_come_by_rate_and_then_seed(heads):
    assert [(head.lr, head.seed) for head in heads] == [(0.5, 3), (0.5, 4), (0.05, 3), (0.05, 4)]


@pytest.mark.parametrize("nth", range(4))
def test_a_head_is_plain_sgd_on_a_last_layer(data, heads, nth):
    head = heads[nth]
    layer, losses = trained_by_autograd(data, head.lr, head.seed)
    assert [row["train_loss"] for row in head.epochs] == pytest.approx(losses, abs=1e-5)
    assert torch.allclose(head.weight, layer.weight.T, atol=1e-5)
    assert torch.allclose(head.bias, layer.bias, atol=1e-5)


@pytest.mark.parametrize("nth", range(4))
def test_a_head_is_evaluated_on_val(data, heads, nth):
    _, _, val, labels = data
    logits, last = heads[nth].logits(val), heads[nth].epochs[-1]
    assert last["val_accuracy"] == pytest.approx(float((logits.argmax(1) == labels).float().mean()))
    assert last["val_loss"] == pytest.approx(float(F.cross_entropy(logits, labels)), abs=1e-5)


def test_the_rate_falls_by_ten_at_each_milestone(heads):
    assert [row["lr"] for row in heads[0].epochs] == pytest.approx([0.5, 0.5, 0.05, 0.05, 0.005])


def test_a_head_does_not_depend_on_those_trained_beside_it(data, heads):
    (alone,) = train_heads(*data, classes=4, lrs=(0.05,), seeds=(4,), recipe=RECIPE)
    assert torch.allclose(alone.weight, heads[3].weight, atol=1e-6)


def test_heads_of_a_seed_share_their_initial_weights():
    weights, biases = initial(6, 4, (3, 4))
    torch.manual_seed(4)
    layer = nn.Linear(6, 4)
    assert torch.equal(weights[1], layer.weight.T) and torch.equal(biases[1, 0], layer.bias)


def test_augmentations_depend_on_seed_and_epoch_alone():
    first = random_augmentations(8, (5, 64), seed=1, epoch=2)
    assert torch.equal(first, random_augmentations(8, (5, 64), seed=1, epoch=2))
    assert not torch.equal(first, random_augmentations(8, (5, 64), seed=1, epoch=3))
    assert set(first.flatten().tolist()) == set(range(8))


def test_a_loss_that_is_not_finite_is_an_error():
    train, labels = torch.full((1, 8, 2), 1e38), torch.arange(8) % 2
    recipe = Recipe(epochs=1, batch=4)
    with pytest.raises(ComputeError, match="not finite in epoch 0"):
        train_heads(train, labels, train[0], labels, classes=2, lrs=(1e10,), seeds=(0,), recipe=recipe)
