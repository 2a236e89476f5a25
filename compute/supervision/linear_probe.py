"""The linear probe of a network: a linear classifier trained on its features, which measures what they are worth."""

from torch import Tensor, nn

from compute.training.device_dataset import DeviceDataset
from compute.training.evaluation import linear_probe, metrics, outputs


def linear_probe_metrics(model: nn.Module, data: DeviceDataset, stage: str) -> dict[str, list[dict]]:
    """The tables `scores` and `class_accuracy` of a logistic regression on a network's features.

    It is trained on the train images of `data` and evaluated on its test images.
    """
    train = features(model, with_train_images_unaugmented(data))
    (logits,) = linear_probe(train, data.train_labels.cpu(), [features(model, data)], data.classes)
    return metrics(logits, data.test_labels.cpu(), stage)


def features(model: nn.Module, data: DeviceDataset) -> Tensor:
    """The input of the network's last layer for every test image: float32 N x channels, on the CPU."""
    last_layer = model.linear
    model.linear = nn.Identity()
    try:
        return outputs(model, data)
    finally:
        model.linear = last_layer


def with_train_images_unaugmented(data: DeviceDataset) -> DeviceDataset:
    """The data set with its train images, neither cropped nor flipped, as its test images."""
    unpadded = data.train[:, data.pad : data.pad + data.height, data.pad : data.pad + data.width]
    return data.with_evaluation_images(unpadded.permute(0, 3, 1, 2), data.train_labels)
