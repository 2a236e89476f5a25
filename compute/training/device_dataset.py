"""The data set as one tensor on the device, and augmented batches gathered from it without a loop over images.

All chance of an epoch is drawn at its start on the CPU, from a generator that (seed, epoch) alone
determine: an epoch can be repeated on its own, and is the same on every device.
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from compute.data import Images

PLAN = ("image", "down", "right", "flip")


def batch_indices(
    count: int, batch: int, seed: int, epoch: int, *, pad: int, augment: bool, weights: Tensor | None = None, size: int | None = None
) -> Tensor:
    """What each step of an epoch takes: int64, steps x 4 x batch, rows as in PLAN.

    `image` is a permutation of the `count` images, or with `weights` (one an image, any sum) a sample
    of that size with replacement. An epoch of another `size` begins the permutation only, or goes on
    with further ones. `down` and `right`, 0 ... 2 pad, place the crop; `flip` is 0 or 1.
    The last, incomplete batch is dropped, as it would weigh its images more than the others; fewer
    images than `batch` make one smaller batch.
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
    steps, batch = steps_of(size, batch), min(size, batch)
    return torch.stack([order, down, right, flip])[:, : steps * batch].view(4, steps, batch).transpose(0, 1).contiguous()


def steps_of(count: int, batch: int) -> int:
    """Full batches in `count` images, at least one."""
    return max(1, count // batch)


def pad_of(px: int) -> int:
    """Border of the random crop in pixels: 4 at 32 x 32 (He et al. 2015, section 4.2), and in proportion elsewhere."""
    return px // 8


class DeviceDataset:
    """A data set on its device: train images with a zero border, uint8 N x H+2p x W+2p x C, so that a batch comes out channels-last.

    `mean` and `std` (one a channel, for pixels from 0 to 1) are those of the train images unless given:
    pretrained weights want those that they were trained with.
    """

    def __init__(self, data: Images, device: torch.device, mean: Sequence[float] | None = None, std: Sequence[float] | None = None):
        self.classes = len(data.classes)
        self.pad = pad_of(data.train_images.shape[2])
        self.height, self.width = data.train_images.shape[2:]
        channels_last = data.train_images.permute(0, 2, 3, 1)
        self.train = torch.nn.functional.pad(channels_last, (0, 0, self.pad, self.pad, self.pad, self.pad)).to(device)
        self.train_labels = data.train_labels.to(device)
        self.test = data.test_images.permute(0, 2, 3, 1).contiguous().to(device)
        self.test_labels = data.test_labels.to(device)
        if mean is None or std is None:
            mean, std = statistics(data.train_images)
        self.mean, self.std = (torch.tensor([255 * value for value in values]).to(device) for values in (mean, std))
        self.rows, self.columns = torch.arange(self.height, device=device), torch.arange(self.width, device=device)

    def with_evaluation_images(self, images: Tensor, labels: Tensor) -> "DeviceDataset":
        """The same data set with other images to test on, uint8 N x C x H x W."""
        other = copy.copy(self)
        other.test = images.permute(0, 2, 3, 1).contiguous().to(self.train.device)
        other.test_labels = labels.to(self.train.device)
        return other

    def subset(self, rows: Tensor, labels: Tensor) -> "DeviceDataset":
        """The same data set with only these train images, int64 row numbers (an image may come twice), and labels of their own."""
        other = copy.copy(self)
        other.train = self.train[rows.to(self.train.device)]
        other.train_labels = labels.to(self.train.device)
        return other

    def batch(self, plan: Tensor) -> tuple[Tensor, Tensor]:
        """The images of one row of a plan (int64 4 x B), cropped and flipped: float B x C x H x W in channels-last memory, and labels."""
        image, down, right, flip = plan
        columns = torch.where(flip[:, None] == 1, self.width - 1 - self.columns, self.columns)
        rows, columns = down[:, None] + self.rows, right[:, None] + columns
        pixels = self.train[image[:, None, None], rows[:, :, None], columns[:, None, :]]
        return self.normalise(pixels), self.train_labels[image]

    def normalise(self, pixels: Tensor) -> Tensor:
        """uint8 B x H x W x C to float B x C x H x W, less the mean and divided by the deviation of each channel."""
        return ((pixels.float() - self.mean) / self.std).permute(0, 3, 1, 2)


def statistics(images: Tensor) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each channel of uint8 N x C x H x W images, for pixels from 0 to 1; a constant channel's deviation is 1/255."""
    pixels = torch.stack([torch.bincount(images[:, c].reshape(-1).int(), minlength=256) for c in range(images.shape[1])]).double()
    values, total = torch.arange(256, dtype=torch.float64), pixels.sum(1)
    mean = (pixels @ values) / total
    std = ((pixels @ values**2) / total - mean**2).clamp_min(1.0).sqrt()
    return (mean / 255).tolist(), (std / 255).tolist()
