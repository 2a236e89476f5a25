"""The data set as one tensor on the device, and augmented batches taken from it by one indexing operation.

An epoch's order, crops and flips are drawn at its start, on the CPU, by a generator that is seeded by
(seed, epoch) alone: each epoch can be reproduced by itself, and is the same on every device.
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from compute.data import Images


def batch_indices(
    count: int,
    batch: int,
    seed: int,
    epoch: int,
    *,
    pad: int,
    augment: bool,
    weights: Tensor | None = None,
    size: int | None = None,
) -> Tensor:
    """The batches of an epoch: int64, steps x 4 x batch, whose rows are image, down, right and flip.

    `image` is a permutation of the `count` images, or with `weights` (one an image, any sum) a sample
    with replacement. An epoch of another `size` takes the beginning of the permutation, or continues
    with further permutations. `down` and `right`, 0 ... 2 pad, are the crop's position; `flip` is 0 or 1.
    The last, incomplete batch is dropped, as its images would weigh more than the others; fewer images
    than `batch` make one smaller batch.
    """
    make = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    size = size or count
    if weights is None:
        order = torch.cat([torch.randperm(count, generator=make) for _ in range(-(-size // count))])[:size]
    else:
        order = torch.multinomial(weights.double(), size, replacement=True, generator=make)
    down, right = torch.randint(0, 2 * pad + 1, (2, size), generator=make)
    flip = torch.randint(0, 2, (size,), generator=make)
    if not augment:
        down, right, flip = torch.full_like(down, pad), torch.full_like(right, pad), torch.zeros_like(flip)
    steps, batch = steps_per_epoch(size, batch), min(size, batch)
    rows = torch.stack([order, down, right, flip])[:, : steps * batch]
    return rows.view(4, steps, batch).transpose(0, 1).contiguous()


def steps_per_epoch(count: int, batch: int) -> int:
    """Full batches in `count` images, at least one."""
    return max(1, count // batch)


def crop_padding(px: int) -> int:
    """Border of the random crop in pixels: 4 at 32 x 32 (He et al. 2015, section 4.2), in proportion at other sizes."""
    return px // 8


class DeviceDataset:
    """A data set on its device: train images with a zero border, uint8 N x H+2p x W+2p x C, and evaluation images.

    Memory is channels-last, so that batches are too. `mean` and `std` (one a channel, for pixels from 0
    to 1) are those of the train images unless given: pretrained weights need those of their training.
    """

    def __init__(
        self,
        data: Images,
        device: torch.device,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
    ):
        self.classes = len(data.classes)
        self.pad = crop_padding(data.train_images.shape[2])
        self.height, self.width = data.train_images.shape[2:]
        channels_last = data.train_images.permute(0, 2, 3, 1)
        self.train = torch.nn.functional.pad(channels_last, (0, 0, *[self.pad] * 4)).to(device)
        self.train_labels = data.train_labels.to(device)
        self.test = data.test_images.permute(0, 2, 3, 1).contiguous().to(device)
        self.test_labels = data.test_labels.to(device)
        if mean is None or std is None:
            mean, std = statistics(data.train_images)
        self.mean, self.std = (torch.tensor([255 * value for value in values]).to(device) for values in (mean, std))
        self.rows, self.columns = torch.arange(self.height, device=device), torch.arange(self.width, device=device)

    def with_evaluation_images(self, images: Tensor, labels: Tensor) -> "DeviceDataset":
        """The same train images with other images to evaluate on, uint8 N x C x H x W."""
        other = copy.copy(self)
        other.test = images.permute(0, 2, 3, 1).contiguous().to(self.train.device)
        other.test_labels = labels.to(self.train.device)
        return other

    def subset(self, rows: Tensor, labels: Tensor) -> "DeviceDataset":
        """The data set with only the train images in `rows` (int64 row numbers, maybe repeated) and their `labels`."""
        other = copy.copy(self)
        other.train = self.train[rows.to(self.train.device)]
        other.train_labels = labels.to(self.train.device)
        return other

    def batch(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """The images of one step of `batch_indices` (int64 4 x B), cropped and flipped, and their labels.

        Images are float B x C x H x W in channels-last memory.
        """
        image, down, right, flip = indices
        columns = torch.where(flip[:, None] == 1, self.width - 1 - self.columns, self.columns)
        rows, columns = down[:, None] + self.rows, right[:, None] + columns
        pixels = self.train[image[:, None, None], rows[:, :, None], columns[:, None, :]]
        return self.normalise(pixels), self.train_labels[image]

    def normalise(self, pixels: Tensor) -> Tensor:
        """uint8 B x H x W x C to float B x C x H x W: minus each channel's mean, divided by its standard deviation."""
        return ((pixels.float() - self.mean) / self.std).permute(0, 3, 1, 2)


def statistics(images: Tensor) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel of uint8 N x C x H x W images, for pixels from 0 to 1.

    A constant channel's deviation is 1/255, so that it can be divided by.
    """
    counts = [torch.bincount(images[:, c].reshape(-1).int(), minlength=256) for c in range(images.shape[1])]
    pixels = torch.stack(counts).double()
    values, total = torch.arange(256, dtype=torch.float64), pixels.sum(1)
    mean = (pixels @ values) / total
    std = ((pixels @ values**2) / total - mean**2).clamp_min(1.0).sqrt()
    return (mean / 255).tolist(), (std / 255).tolist()
