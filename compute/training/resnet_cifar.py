"""The residual networks of Problems 2 and 4: a family for CIFAR, and torchvision's ImageNet networks as a second one.

The CIFAR family is that of He et al. 2015 (arXiv 1512.03385, section 4.2): a 3x3 convolution, three
stages of 16, 32 and 64 channels at 32, 16 and 8 pixels, global average pooling and one linear layer;
depth = 2 x blocks + 2. Shortcuts are option A (section 3.3): identity, subsampled and padded with
zero channels where the shape changes, so that they hold no parameters.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from compute import ComputeError

# blocks in each of the three stages; the paper has no 8, 18 and 50, and 18 has a block less in its last stage
BLOCKS = {
    "resnet8": (1, 1, 1),
    "resnet18": (3, 3, 2),
    "resnet20": (3, 3, 3),
    "resnet32": (5, 5, 5),
    "resnet44": (7, 7, 7),
    "resnet50": (8, 8, 8),
    "resnet56": (9, 9, 9),
}

# torchvision's networks, unchanged, with their ImageNet stem (7x7, stride 2, and a pooling): of a 32x32
# image a single pixel is left in the last of the four stages
TORCHVISION = {"resnet18_4stage": "resnet18", "resnet50_bottleneck": "resnet50"}

MODELS = (*BLOCKS, *TORCHVISION)


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut without parameters: N x C x H x W to N x channels x H/stride x W/stride."""

    def __init__(self, before: int, channels: int, stride: int):
        super().__init__()
        self.stride, self.extra = stride, channels - before
        self.conv1 = nn.Conv2d(before, channels, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)), inplace=True)
        y = self.norm2(self.conv2(y))
        if self.stride != 1 or self.extra:
            x = x[:, :, :: self.stride, :: self.stride]
            x = F.pad(x, (0, 0, 0, 0, self.extra // 2, self.extra - self.extra // 2))
        return F.relu(y + x, inplace=True)


class CifarResNet(nn.Module):
    """Images N x 3 x H x W, normalised, to logits N x classes."""

    def __init__(self, blocks: tuple[int, int, int], classes: int):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        layers, before = [], 16
        for stage, (count, channels) in enumerate(zip(blocks, (16, 32, 64), strict=True)):
            for block in range(count):
                layers.append(Block(before, channels, 2 if stage and not block else 1))
                before = channels
        self.blocks = nn.Sequential(*layers)
        self.linear = nn.Linear(64, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)  # He et al. 2015b, as section 3.4 of the paper says

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.features(x))

    def features(self, x: Tensor) -> Tensor:
        """The inputs of the linear layer: N x 64."""
        x = F.relu(self.norm(self.conv(x)), inplace=True)
        return self.blocks(x).mean((2, 3))


def depth(name: str) -> int:
    """The number of layers with weights on the longest path, read from the network's name."""
    return int(name.removeprefix("resnet").partition("_")[0])


def build(name: str, classes: int, seed: int | None = None) -> nn.Module:
    """A new network by name, initialised from `seed` (None: from torch's global generator).

    Raises ComputeError for an unknown name; the message lists the known ones.
    """
    if name not in MODELS:
        raise ComputeError(f"there is no network {name!r}; there are {', '.join(MODELS)}")
    with torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        if name in BLOCKS:
            return CifarResNet(BLOCKS[name], classes)
        import torchvision

        return getattr(torchvision.models, TORCHVISION[name])(weights=None, num_classes=classes)
