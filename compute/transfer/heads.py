"""Many last layers trained at once on cached features: every learning rate with every seed, as one batched softmax regression.

The gradient of the cross-entropy with respect to logits is softmax minus one-hot, so the whole step
is three batched products and no graph is built. The heads of a seed share their initial weights and
the order of the images, and differ in their rate alone.
"""

import time
from dataclasses import dataclass

import torch
from torch import Tensor
from tqdm import tqdm

from compute import ComputeError
from compute.core.schedule import multi_step
from compute.training.device_dataset import batch_indices, steps_per_epoch
from compute.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Head:
    """A trained last layer: weight 2048 x classes, bias, and one dict an epoch with columns of the store's `epochs`."""

    lr: float
    seed: int
    weight: Tensor
    bias: Tensor
    epochs: list[dict]

    def logits(self, features: Tensor) -> Tensor:
        """N x classes of features N x 2048."""
        return features @ self.weight + self.bias


def train_heads(
    train: Tensor, labels: Tensor, val: Tensor, val_labels: Tensor, *, classes: int, rates: tuple[float, ...], seeds: tuple[int, ...], recipe: Recipe
) -> list[Head]:
    """Heads of all `rates` and `seeds`, by rate and then seed; `recipe` gives everything but rate and seed.

    `train` holds features views x images x D; each image comes in one random view an epoch. An epoch's
    `seconds` are those of all heads together, divided by their number, without the look at val. Raises ComputeError for a loss
    that is not finite.
    """
    views, count, width = train.shape
    steps, batch, many = steps_per_epoch(count, recipe.batch), min(count, recipe.batch), len(rates)
    weight, bias = initial(width, classes, seeds)
    weight, bias = weight.repeat(1, 1, many), bias.repeat(1, 1, many)  # seeds x D x (rates x classes), seeds x 1 x (rates x classes)
    weight_momentum, bias_momentum = torch.zeros_like(weight), torch.zeros_like(bias)
    rows: dict[tuple[float, int], list[dict]] = {(lr, seed): [] for lr in rates for seed in seeds}
    flat = train.reshape(views * count, width)
    for epoch in tqdm(range(recipe.epochs), desc=f"{len(rows)} last layers", unit="epoch"):
        start = time.perf_counter()
        factor = multi_step(epoch, lr=1.0, milestones=recipe.milestones)
        step_lr = torch.tensor([lr * factor for lr in rates]).repeat_interleave(classes)
        plans = [batch_indices(count, batch, seed, epoch, pad=0, augment=False)[:, 0] for seed in seeds]
        images = torch.stack(plans, dim=1)  # steps x seeds x batch
        chosen = torch.stack([drawn(views, images.shape[::2], seed, epoch) for seed in seeds], dim=1)
        losses, hits = torch.zeros(steps, len(seeds), many), torch.zeros(len(seeds), many)
        for step in range(steps):
            at = images[step]
            x, y = flat[chosen[step] * count + at], labels[at]
            logits = torch.baddbmm(bias, x, weight).view(len(seeds), batch, many, classes)
            logp = logits.log_softmax(-1)
            target = y[:, :, None, None].expand(-1, -1, many, 1)
            losses[step] = -logp.gather(-1, target)[..., 0].mean(1)
            hits += (logits.argmax(-1) == y[:, :, None]).sum(1)
            slope = logp.exp_().scatter_add_(-1, target, -torch.ones_like(target, dtype=logp.dtype)).div_(batch).view(len(seeds), batch, -1)
            weight_momentum.mul_(recipe.momentum).baddbmm_(x.transpose(1, 2), slope)
            bias_momentum.mul_(recipe.momentum).add_(slope.sum(1, keepdim=True))
            weight.sub_(weight_momentum * step_lr)
            bias.sub_(bias_momentum * step_lr)
        mean = losses.mean(0)
        if not torch.isfinite(mean).all():
            raise ComputeError(f"the loss of a last layer is not finite in epoch {epoch}; lower the learning rates")
        seconds = (time.perf_counter() - start) / len(rows)
        val_loss, val_accuracy = evaluate(val, val_labels, weight, bias, many, classes)
        for r, lr in enumerate(rates):
            for s, seed in enumerate(seeds):
                rows[lr, seed].append(
                    {
                        "epoch": epoch,
                        "step": (epoch + 1) * steps,
                        "lr": multi_step(epoch, lr=lr, milestones=recipe.milestones),
                        "train_loss": float(mean[s, r]),
                        "train_accuracy": float(hits[s, r]) / (steps * batch),
                        "val_loss": float(val_loss[s, r]) if torch.isfinite(val_loss[s, r]) else None,
                        "val_accuracy": float(val_accuracy[s, r]),
                        "seconds": seconds,
                        "images_per_s": steps * batch / seconds,
                    }
                )
    weights, biases = weight.view(len(seeds), width, many, classes), bias.view(len(seeds), many, classes)
    return [
        Head(lr=lr, seed=seed, weight=weights[s, :, r].clone(), bias=biases[s, r].clone(), epochs=rows[lr, seed])
        for r, lr in enumerate(rates)
        for s, seed in enumerate(seeds)
    ]


def initial(width: int, classes: int, seeds: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Weights seeds x width x classes and biases seeds x 1 x classes as torch.nn.Linear draws them."""
    made = []
    with torch.random.fork_rng(devices=[]):
        for seed in seeds:
            torch.manual_seed(seed)
            made.append(torch.nn.Linear(width, classes))
    return torch.stack([layer.weight.detach().T for layer in made]), torch.stack([layer.bias.detach()[None] for layer in made])


def drawn(views: int, shape: tuple[int, int], seed: int, epoch: int) -> Tensor:
    """The view of each image of an epoch, steps x batch, 0 to views - 1, from the seed and the epoch alone."""
    make = torch.Generator().manual_seed(seed * 1_000_003 + epoch + 500_000)
    return torch.randint(0, views, tuple(shape), generator=make)


def evaluate(features: Tensor, labels: Tensor, weight: Tensor, bias: Tensor, many: int, classes: int) -> tuple[Tensor, Tensor]:
    """Mean cross-entropy and accuracy of every head on features N x D: seeds x rates each."""
    loss, right = [], []
    for w, b in zip(weight, bias, strict=True):
        logits = (features @ w + b).view(len(labels), many, classes)
        loss.append(-logits.log_softmax(-1).gather(-1, labels[:, None, None].expand(-1, many, 1))[..., 0].mean(0))
        right.append((logits.argmax(-1) == labels[:, None]).float().mean(0))
    return torch.stack(loss), torch.stack(right)
