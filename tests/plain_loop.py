"""A training loop without any optimisation, for the benchmark and the tests to compare with.

It has a DataLoader with worker processes, PIL transforms for each image, eager execution, memory in the
default NCHW layout, and reads the loss on the host in every step. Network, recipe and images are those
of `compute.training.loop`; only the order of the images and the random augmentations differ.
"""

import time

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from compute.data import Images


class TransformedImages(Dataset):
    """The train images, uint8 N x C x H x W, each converted to a PIL image and transformed when it is read."""

    def __init__(self, data: Images):
        self.images, self.labels = data.train_images, data.train_labels
        pixels = self.images.double() / 255
        mean, std = pixels.mean((0, 2, 3)).tolist(), pixels.std((0, 2, 3)).tolist()
        px = self.images.shape[2]
        self.transform = transforms.Compose(
            [
                transforms.ToPILImage(),
                transforms.RandomCrop(px, padding=px // 8),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(mean, std),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, int]:
        return self.transform(self.images[row]), int(self.labels[row])


def plain_loop(
    model: nn.Module,
    data: Images,
    steps: int,
    *,
    device: str = "cpu",
    batch: int = 128,
    lr: float = 0.1,
    workers: int = 2,
    warmup: int = 3,
    seed: int = 0,
) -> tuple[float, list[float]]:
    """Train for `steps` steps; returns seconds a step, without the first `warmup` steps, and the loss of each step."""
    torch.manual_seed(seed)
    loader = DataLoader(
        TransformedImages(data),
        batch,
        shuffle=True,
        num_workers=workers,
        drop_last=True,
        pin_memory=device != "cpu",
        persistent_workers=workers > 0,
    )
    if not len(loader):
        raise ValueError(f"{len(data.train_labels)} images make no full batch of {batch}")
    model.to(device).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=1e-4)
    losses: list[float] = []
    start = time.perf_counter()
    while len(losses) < steps:
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == warmup:
                start = time.perf_counter()
            if len(losses) == steps:
                break
    return (time.perf_counter() - start) / max(1, steps - warmup), losses
