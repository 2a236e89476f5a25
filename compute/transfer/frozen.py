"""The frozen base network whose features the last layers are trained on."""

import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from compute.counting.count import count
from compute.data import Images
from compute.training.device_dataset import DeviceDataset
from compute.transfer.base import adapt_batchnorm, resnet50
from compute.transfer.extraction import Extraction
from compute.transfer.features import digest


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """The frozen network without its last layer: FLOPs of a forward pass, and seconds of new BatchNorm statistics.

    `origin` identifies its weights and statistics.
    """

    model: nn.Module
    forward_flops: int
    adapt_s: float
    origin: str


def frozen_network(
    request: Extraction, weights: dict[str, Tensor], device_dataset: DeviceDataset, test_data: Images
) -> Frozen:
    """The base network on the device, frozen, with the BatchNorm statistics that the request names."""
    model = resnet50(device_dataset.classes, weights, 0)
    forward_flops = sum(layer.flops + layer.other_ops for layer in count(model, (3, request.px, request.px)))
    model.fc = nn.Identity()
    model.to(device_dataset.train.device, memory_format=torch.channels_last)
    if request.batchnorm == "base":
        return Frozen(model=model, forward_flops=forward_flops, adapt_s=0.0, origin=request.origin)
    start = time.perf_counter()
    adapt_batchnorm(model, device_dataset.with_evaluation_images(test_data.train_images, test_data.train_labels))
    origin = f"{request.origin}, BatchNorm {digest(model.layer4[2].bn3.running_var.cpu())}"
    return Frozen(model=model, forward_flops=forward_flops, adapt_s=time.perf_counter() - start, origin=origin)
