"""A data set made in memory, for the scale `smoke` and for tests."""

import torch
from torch import Tensor

from compute.data.images import Images


def synthetic(
    classes: int = 4, train: int = 512, test: int = 256, px: int = 16, seed: int = 0, noise: float = 60.0
) -> Images:
    """A data set that a small network can learn: one blurred random pattern a class, plus pixel noise."""
    make = torch.Generator().manual_seed(seed)
    coarse = torch.rand(classes, 3, 4, 4, generator=make) * 255
    pattern = torch.nn.functional.interpolate(coarse, size=(px, px), mode="bilinear", align_corners=False)

    def draw(count: int) -> tuple[Tensor, Tensor]:
        labels = torch.arange(count) % classes
        images = pattern[labels] + noise * torch.randn(count, 3, px, px, generator=make)
        return images.clamp(0, 255).to(torch.uint8), labels

    (train_images, train_labels), (test_images, test_labels) = draw(train), draw(test)
    names = tuple(f"class {label}" for label in range(classes))
    return Images(
        name="synthetic",
        classes=names,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
    )
