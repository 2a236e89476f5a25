"""Last layers of every learning rate and seed, trained at once on cached features as one batched softmax regression.

The gradient of the cross-entropy with respect to the logits is softmax minus one-hot, so that a whole step
is three batched products and no graph is built. The heads of a seed share their initial weights and the
order of the images, and differ only in their rate.
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


class HeadBatch:
    """The heads of all rates and seeds during training, with SGD's momentum buffers.

    `weight` is seeds x D x (rates x classes), `bias` seeds x 1 x (rates x classes).
    """

    def __init__(self, width: int, classes: int, lrs: tuple[float, ...], seeds: tuple[int, ...], momentum: float):
        self.lrs, self.seeds, self.classes, self.momentum = lrs, seeds, classes, momentum
        weight, bias = initial(width, classes, seeds)
        self.weight, self.bias = weight.repeat(1, 1, len(lrs)), bias.repeat(1, 1, len(lrs))
        self.weight_momentum, self.bias_momentum = torch.zeros_like(self.weight), torch.zeros_like(self.bias)

    def scaled_lrs(self, factor: float) -> Tensor:
        """`factor` times each head's learning rate, for every column of `weight`."""
        return torch.tensor([lr * factor for lr in self.lrs]).repeat_interleave(self.classes)

    def step(self, features: Tensor, labels: Tensor, lr: Tensor) -> tuple[Tensor, Tensor]:
        """One step of SGD at the rates `lr` (of `scaled_lrs`); returns losses and correct images, seeds x rates each.

        `features` is seeds x batch x D, `labels` seeds x batch.
        """
        seeds, batch, many = len(self.seeds), labels.shape[1], len(self.lrs)
        logits = torch.baddbmm(self.bias, features, self.weight).view(seeds, batch, many, self.classes)
        log_probabilities = logits.log_softmax(-1)
        target = labels[:, :, None, None].expand(-1, -1, many, 1)
        losses = -log_probabilities.gather(-1, target)[..., 0].mean(1)
        correct = (logits.argmax(-1) == labels[:, :, None]).sum(1)
        minus_one = -torch.ones_like(target, dtype=log_probabilities.dtype)
        gradient = log_probabilities.exp_().scatter_add_(-1, target, minus_one).div_(batch).view(seeds, batch, -1)
        self.weight_momentum.mul_(self.momentum).baddbmm_(features.transpose(1, 2), gradient)
        self.bias_momentum.mul_(self.momentum).add_(gradient.sum(1, keepdim=True))
        self.weight.sub_(self.weight_momentum * lr)
        self.bias.sub_(self.bias_momentum * lr)
        return losses, correct

    def evaluate(self, features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean cross-entropy and accuracy of every head on features N x D: seeds x rates each."""
        many, losses, accuracies = len(self.lrs), [], []
        for weight, bias in zip(self.weight, self.bias, strict=True):
            logits = (features @ weight + bias).view(len(labels), many, self.classes)
            target = labels[:, None, None].expand(-1, many, 1)
            losses.append(-logits.log_softmax(-1).gather(-1, target)[..., 0].mean(0))
            accuracies.append((logits.argmax(-1) == labels[:, None]).float().mean(0))
        return torch.stack(losses), torch.stack(accuracies)

    def heads(self, epochs: dict[tuple[float, int], list[dict]]) -> list[Head]:
        """The heads one by one, by rate and then seed, with their `epochs`."""
        weights = self.weight.view(len(self.seeds), -1, len(self.lrs), self.classes)
        biases = self.bias.view(len(self.seeds), len(self.lrs), self.classes)
        return [
            Head(lr=lr, seed=seed, weight=weights[s, :, r].clone(), bias=biases[s, r].clone(), epochs=epochs[lr, seed])
            for r, lr in enumerate(self.lrs)
            for s, seed in enumerate(self.seeds)
        ]


def train_heads(
    train: Tensor,
    labels: Tensor,
    val: Tensor,
    val_labels: Tensor,
    *,
    classes: int,
    lrs: tuple[float, ...],
    seeds: tuple[int, ...],
    recipe: Recipe,
) -> list[Head]:
    """Heads of all `lrs` and `seeds`, by rate and then seed; `recipe` gives everything but rate and seed.

    `train` holds features augmentations x images x D; in an epoch each image comes in one random augmentation.
    An epoch's `seconds` are those of all heads together, divided by their number, without the evaluation on
    val. Raises ComputeError for a loss that is not finite.
    """
    augmentations, count, width = train.shape
    steps, batch = steps_per_epoch(count, recipe.batch), min(count, recipe.batch)
    heads = HeadBatch(width, classes, lrs, seeds, recipe.momentum)
    rows: dict[tuple[float, int], list[dict]] = {(lr, seed): [] for lr in lrs for seed in seeds}
    flat = train.reshape(augmentations * count, width)
    for epoch in tqdm(range(recipe.epochs), desc=f"{len(rows)} last layers", unit="epoch"):
        start = time.perf_counter()
        lr_now = heads.scaled_lrs(multi_step(epoch, lr=1.0, milestones=recipe.milestones))
        indices = [batch_indices(count, batch, seed, epoch, pad=0, augment=False)[:, 0] for seed in seeds]
        images = torch.stack(indices, dim=1)  # steps x seeds x batch
        chosen = [random_augmentations(augmentations, (steps, batch), seed, epoch) for seed in seeds]
        rows_of_flat = torch.stack(chosen, dim=1) * count + images
        losses, correct = torch.zeros(steps, len(seeds), len(lrs)), torch.zeros(len(seeds), len(lrs))
        for step in range(steps):
            losses[step], correct_now = heads.step(flat[rows_of_flat[step]], labels[images[step]], lr_now)
            correct += correct_now
        mean_loss = losses.mean(0)
        if not torch.isfinite(mean_loss).all():
            raise ComputeError(f"the loss of a last layer is not finite in epoch {epoch}; lower the learning rates")
        seconds = (time.perf_counter() - start) / len(rows)
        val_loss, val_accuracy = heads.evaluate(val, val_labels)
        for r, lr in enumerate(lrs):
            for s, seed in enumerate(seeds):
                rows[lr, seed].append(
                    {
                        "epoch": epoch,
                        "step": (epoch + 1) * steps,
                        "lr": multi_step(epoch, lr=lr, milestones=recipe.milestones),
                        "train_loss": float(mean_loss[s, r]),
                        "train_accuracy": float(correct[s, r]) / (steps * batch),
                        "val_loss": float(val_loss[s, r]) if torch.isfinite(val_loss[s, r]) else None,
                        "val_accuracy": float(val_accuracy[s, r]),
                        "seconds": seconds,
                        "images_per_s": steps * batch / seconds,
                    }
                )
    return heads.heads(rows)


def initial(width: int, classes: int, seeds: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Weights seeds x width x classes and biases seeds x 1 x classes, initialised as torch.nn.Linear does."""
    layers = []
    with torch.random.fork_rng(devices=[]):
        for seed in seeds:
            torch.manual_seed(seed)
            layers.append(torch.nn.Linear(width, classes))
    weights = torch.stack([layer.weight.detach().T for layer in layers])
    return weights, torch.stack([layer.bias.detach()[None] for layer in layers])


def random_augmentations(augmentations: int, shape: tuple[int, int], seed: int, epoch: int) -> Tensor:
    """The augmentation of each image of an epoch, steps x batch, 0 to augmentations - 1.

    It depends on the seed and the epoch alone.
    """
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch + 500_000)
    return torch.randint(0, augmentations, shape, generator=generator)
