"""Which images and labels an experiment trains on, as pure functions of the labels and a seed."""

import torch
from torch import Tensor

from compute import ComputeError
from compute.core.supervision import SAMPLINGS
from compute.data import stratified

FEWEST_IMAGES = 2  # of a class in a long tail


def disjoint_parts(labels: Tensor, first: int, second: int | None, seed: int) -> tuple[Tensor, Tensor]:
    """Row numbers of two stratified parts without a common image, drawn by the seed.

    `first` and `second` are their sizes; with None the second holds all others. Raises ComputeError where
    there are too few images.
    """
    if first + (second or 1) > len(labels):
        raise ComputeError(f"{first} and {second or 1} images cannot be taken from {len(labels)}")
    first_rows = stratified(labels, first, seed)
    unused = torch.ones(len(labels), dtype=torch.bool)
    unused[first_rows] = False
    rest = unused.nonzero().flatten()
    return first_rows, rest if second is None else rest[stratified(labels[rest], second, seed)]


def noisy_labels(labels: Tensor, percent: float, classes: int, seed: int) -> Tensor:
    """Labels of which `percent` of all are replaced, each by another class drawn uniformly."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randperm(len(labels), generator=generator)[: round(len(labels) * percent / 100)]
    noisy = labels.clone()
    noisy[rows] = (labels[rows] + torch.randint(1, classes, (len(rows),), generator=generator)) % classes
    return noisy


def zipf_sizes(most: int, classes: int, exponent: float, seed: int) -> list[int]:
    """Images of each class in a Zipf distribution: `most` ÷ rank^exponent, at least FEWEST_IMAGES.

    The seed draws which class has which rank, from 1 for the commonest.
    """
    ranks = torch.randperm(classes, generator=torch.Generator().manual_seed(seed)) + 1
    return [max(FEWEST_IMAGES, round(most / rank**exponent)) for rank in ranks.tolist()]


def long_tail(labels: Tensor, sizes: list[int]) -> Tensor:
    """Row numbers, in ascending order, of the first `sizes[c]` images of each class c."""
    rows = [(labels == class_id).nonzero().flatten()[:size] for class_id, size in enumerate(sizes)]
    return torch.cat(rows).sort().values


def sampling_weights(labels: Tensor, sampling: str) -> Tensor:
    """The weight of each image, float64, with which classes get their shares under one of SAMPLINGS."""
    return torch.bincount(labels).double().pow(SAMPLINGS[sampling] - 1)[labels]
