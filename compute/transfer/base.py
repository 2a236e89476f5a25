"""The base network: torchvision's ResNet-50 with a last layer for the target classes, pretrained on ImageNet or not."""

import hashlib
import pickle
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn
from tqdm import tqdm

from compute import ComputeError
from compute.core.training_flops import RESNET50_FEATURES
from compute.training.device_dataset import DeviceDataset

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of torchvision's weights, for pixels from 0 to 1

# files whose origin is known, by SHA-256: torchvision's own can say theirs, a copy from elsewhere cannot
KNOWN = {
    "d32275a9c218ab417cf27ccdaa8bca2323f87abc6459b9aabb5789ead0613cce": "ImageNet-1k ResNet-50 decoded from the vector-quantised checkpoint of "
    "Martinez et al. 2021 (Permute, Quantize, and Fine-tune; non-commercial licence); its BatchNorm statistics were re-estimated on a few hundred "
    "ImageNet images, and it is somewhat less accurate than torchvision's weights, from which it was made"
}


def origin_of(weights: Path | None) -> str:
    """Where the base weights come from, in a sentence: torchvision's own (None), or a file's known origin or digest. Raises ComputeError for a file that is not there."""
    if weights is None:
        return "torchvision ResNet50_Weights.IMAGENET1K_V1"
    try:
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    except OSError:
        raise ComputeError(f"there is no file {weights}; --weights wants a state dict of torchvision's resnet50") from None
    return KNOWN.get(digest, f"{weights.name} (SHA-256 {digest[:12]})")


def pretrained(weights: Path | None) -> dict[str, Tensor]:
    """The state dict of an ImageNet ResNet-50.

    `weights` is a state dict of torchvision's `resnet50`; None downloads torchvision's own
    (IMAGENET1K_V1). Raises ComputeError where the file cannot be read or the download fails.
    """
    if weights is None:
        from torchvision.models import ResNet50_Weights

        try:
            return ResNet50_Weights.IMAGENET1K_V1.get_state_dict(progress=True, check_hash=True)
        except (OSError, RuntimeError) as error:
            raise ComputeError(f"the pretrained ResNet-50 cannot be downloaded ({' '.join(str(error).split())}); name a state dict with --weights FILE") from None
    try:
        state = torch.load(weights, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise ComputeError(f"there is no file {weights}; --weights wants a state dict of torchvision's resnet50") from None
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise ComputeError(f"{weights} cannot be read as a state dict ({type(error).__name__})") from None
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ComputeError(f"{weights} holds no state dict of tensors")
    return state


def resnet50(classes: int, state: dict[str, Tensor] | None, seed: int) -> nn.Module:
    """ResNet-50 with `classes` outputs: all but the last layer from `state`, or everything new; what is new comes from `seed`.

    Raises ComputeError for a state dict of another network.
    """
    import torchvision

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = torchvision.models.resnet50(weights=None)
        model.fc = nn.Linear(RESNET50_FEATURES, classes)
    if state is not None:
        body = {key: value for key, value in state.items() if not key.startswith("fc.")}
        try:
            missing, unexpected = model.load_state_dict(body, strict=False)
        except RuntimeError as error:
            raise ComputeError(f"the weights do not fit torchvision's resnet50: {str(error).splitlines()[-1].strip()}") from None
        lost = [key for key in missing if not key.startswith("fc.") and not key.endswith("num_batches_tracked")]
        if lost or unexpected:
            raise ComputeError(f"the weights do not fit torchvision's resnet50: {(lost or unexpected)[0]} is {'missing' if lost else 'not in it'}")
    return model


def adapt_batchnorm(model: nn.Module, data: DeviceDataset, batch: int = 128) -> None:
    """Give every BatchNorm the mean and variance that it sees on the test images of `data`, means over batches in random order; the weights stay (AdaBN)."""
    order = torch.randperm(len(data.test), generator=torch.Generator().manual_seed(0)).to(data.test.device)
    with tqdm(total=len(data.test), desc="BatchNorm", unit="image") as bar:

        def batches():
            for rows in order.tensor_split(-(-len(order) // batch)):  # alike in size, as each batch counts alike
                yield data.normalise(data.test[rows])
                bar.update(len(rows))

        update_bn(batches(), model)
