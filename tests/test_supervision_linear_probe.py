"""The features that a linear probe is trained on."""

import pytest
import torch

from compute.data import synthetic
from compute.supervision.linear_probe import features, linear_probe_metrics, with_train_images_unaugmented
from compute.training.device_dataset import DeviceDataset
from compute.training.resnet_cifar import build

pytestmark = pytest.mark.usefixtures("one_thread")
IMAGES = synthetic(train=60, test=20, px=16)


@pytest.fixture(scope="module")
def data():
    return DeviceDataset(IMAGES, torch.device("cpu"))


def test_features_are_the_input_of_the_last_layer(data):
    model = build("resnet8", data.classes, 0).eval()
    seen = []
    model.linear.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0].detach()))
    with torch.no_grad():
        model(data.normalise(data.test))
    assert torch.allclose(features(model, data), seen[0], atol=1e-6)


def test_the_network_keeps_its_last_layer(data):
    model = build("resnet8", data.classes, 0)
    last_layer = model.linear
    features(model, data)
    assert model.linear is last_layer


def test_train_images_are_evaluated_without_crop_and_flip(data):
    unaugmented = with_train_images_unaugmented(data)
    assert torch.equal(unaugmented.test, IMAGES.train_images.permute(0, 2, 3, 1))
    assert torch.equal(unaugmented.test_labels, IMAGES.train_labels)


def test_the_metrics_are_those_of_the_test_images_under_the_given_stage(data):
    (score,) = linear_probe_metrics(build("resnet8", data.classes, 0), data, "untrained")["scores"]
    assert (score["stage"], score["split"], score["images"]) == ("untrained", "test", 20)
