"""The base network: torchvision's ResNet-50 with a last layer for the target classes, pretrained on ImageNet or not."""

import hashlib
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn
from tqdm import tqdm

from compute import ComputeError
from compute.core.training_flops import RESNET50_FEATURES
from compute.training.device_dataset import DeviceDataset
from compute.transfer.state_dict import body, read_state
from compute.transfer.weights_file import unreadable

IMAGENET_MEAN, IMAGENET_STD = (
    (0.485, 0.456, 0.406),
    (0.229, 0.224, 0.225),
)  # of torchvision's weights, for pixels from 0 to 1

# files whose origin is known, by SHA-256: torchvision's own can say theirs, a copy from elsewhere cannot
KNOWN = {
    "d32275a9c218ab417cf27ccdaa8bca2323f87abc6459b9aabb5789ead0613cce": (
        "ImageNet-1k ResNet-50 decoded from the vector-quantised checkpoint of Martinez et al. 2021 (Permute, Quantize,"
        " and Fine-tune; non-commercial licence); its BatchNorm statistics were re-estimated on a few hundred ImageNet"
        " images, and it is somewhat less accurate than torchvision's weights, from which it was made"
    )
}


def origin_of(weights: Path | None) -> str:
    """Where the base weights come from, in a sentence: torchvision's own (None), or a file's known origin or digest.

    Raises ComputeError for a file that cannot be read.
    """
    if weights is None:
        return "torchvision ResNet50_Weights.IMAGENET1K_V1"
    try:
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ComputeError(unreadable(weights, error)) from None
    return KNOWN.get(digest, f"{weights.name} (SHA-256 {digest[:12]})")


def pretrained(weights: Path | None) -> dict[str, Tensor]:
    """The state dict of an ImageNet ResNet-50 without its last layer, float32.

    `weights` is a file that holds it; None downloads torchvision's own (IMAGENET1K_V1). Raises ComputeError where
    the file holds anything else or unusable numbers, or where the download fails.
    """
    if weights is not None:
        return read_state(weights)
    from torchvision.models import ResNet50_Weights

    try:
        whole = ResNet50_Weights.IMAGENET1K_V1.get_state_dict(progress=True, check_hash=True)
    except (OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise ComputeError(
            f"the pretrained ResNet-50 cannot be downloaded ({reason}); name a state dict with --weights FILE"
        ) from None
    return {key: whole[key] for key in body()}


def resnet50(classes: int, state: dict[str, Tensor] | None, seed: int) -> nn.Module:
    """ResNet-50 with `classes` outputs: all but the last layer from `state`, or everything new; what is new comes from
    `seed`.

    `state` is what `pretrained` returns.
    """
    import torchvision

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = torchvision.models.resnet50(weights=None)
        model.fc = nn.Linear(RESNET50_FEATURES, classes)
    if state is not None:
        model.load_state_dict(state, strict=False)
    return model


def adapt_batchnorm(model: nn.Module, data: DeviceDataset, batch: int = 128) -> None:
    """Give every BatchNorm the mean and variance that it sees on the test images of `data`, means over batches in
    random order; the weights stay (AdaBN).
    """
    order = torch.randperm(len(data.test), generator=torch.Generator().manual_seed(0)).to(data.test.device)
    with tqdm(total=len(data.test), desc="BatchNorm", unit="image") as bar:

        def batches():
            for rows in order.tensor_split(-(-len(order) // batch)):  # alike in size, as each batch counts alike
                yield data.normalise(data.test[rows])
                bar.update(len(rows))

        update_bn(batches(), model)
