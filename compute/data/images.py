"""A data set in memory, and fixed stratified parts of it."""

import io
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from compute import ComputeError

VAL_SHARE = 0.1  # of the train split, for a data set that has no val split of its own


@dataclass(frozen=True, kw_only=True)
class Images:
    """A data set to train on and one to test on: uint8 N x C x H x W, int64 labels in 0 ... len(classes) - 1."""

    name: str
    classes: tuple[str, ...]
    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def __post_init__(self):
        if len(self.train_labels) and (len(self.classes) < 2 or len(self.train_labels.unique()) < 2):
            raise ComputeError(f"{self.name}: the train split has a single class; there is nothing to learn")
        for split, images, labels in (
            ("train", self.train_images, self.train_labels),
            ("test", self.test_images, self.test_labels),
        ):
            if not len(images) or len(images) != len(labels):
                raise ComputeError(f"{self.name}: the {split} split has {len(images)} images and {len(labels)} labels")
            if labels.min() < 0 or labels.max() >= len(self.classes):
                raise ComputeError(f"{self.name}: {split} labels lie outside 0 ... {len(self.classes) - 1}")

    def subset(self, train: int | None = None, test: int | None = None, seed: int = 0) -> "Images":
        """A fixed stratified part of both splits; None keeps a split whole. Class shares stay what they were."""
        kept = self
        if train is not None and train < len(self.train_labels):
            rows = stratified(self.train_labels, train, seed)
            kept = replace(kept, train_images=self.train_images[rows], train_labels=self.train_labels[rows])
        if test is not None and test < len(self.test_labels):
            rows = stratified(self.test_labels, test, seed)
            kept = replace(kept, test_images=self.test_images[rows], test_labels=self.test_labels[rows])
        return kept


def stratified(labels: Tensor, size: int, seed: int = 0) -> Tensor:
    """Row numbers (ascending) of `size` images with the classes in their original shares, the same for the same seed.

    Shares are rounded by largest remainder, so a subset of a balanced set is balanced.
    """
    if not 0 < size <= len(labels):
        raise ComputeError(f"a subset of {size} images out of {len(labels)} is not possible")
    counts = torch.bincount(labels)
    wanted = counts.double() * size / len(labels)
    quota = wanted.floor().long()
    quota[(wanted - quota).argsort(descending=True, stable=True)[: size - int(quota.sum())]] += 1
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    picked = [order[labels[order] == label][:many] for label, many in enumerate(quota.tolist())]
    return torch.cat(picked).sort().values


def split_off_val(whole: Images) -> tuple[Images, Images]:
    """A data set to choose by, which tests on a fixed stratified tenth of train, and one to report by without it."""
    cut = stratified(whole.train_labels, max(1, round(VAL_SHARE * len(whole.train_labels))))
    kept = torch.ones(len(whole.train_labels), dtype=torch.bool)
    kept[cut] = False
    report = replace(whole, train_images=whole.train_images[kept], train_labels=whole.train_labels[kept])
    return replace(report, test_images=whole.train_images[cut], test_labels=whole.train_labels[cut]), report


def png(pixels: Tensor) -> bytes:
    """uint8 3 x H x W as the bytes of a PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
