"""The base network: weights taken over, weights that do not fit, BatchNorm statistics of the target."""

import pytest
import torch

from compute import ComputeError
from compute.data import Location
from compute.training.device_dataset import DeviceDataset
from compute.transfer import task
from compute.transfer.base import IMAGENET_MEAN, IMAGENET_STD, adapt_batchnorm, origin_of, pretrained, resnet50


def test_weights_are_taken_over_but_for_the_last_layer(resnet50_file):
    state = pretrained(resnet50_file)
    model = resnet50(7, state, seed=1)
    assert torch.equal(model.conv1.weight, state["conv1.weight"].float())
    assert model.fc.weight.shape == (7, 2048)
    assert torch.equal(model.fc.weight, resnet50(7, None, seed=1).fc.weight)


def test_a_file_of_unknown_origin_is_named_by_its_digest(resnet50_file):
    assert origin_of(resnet50_file).startswith("resnet50.pth (SHA-256 ")


@pytest.mark.parametrize("read", [pretrained, origin_of])
def test_a_missing_file_is_an_error(tmp_path, read):
    with pytest.raises(ComputeError, match="there is no file"):
        read(tmp_path / "none.pth")


@pytest.fixture
def target() -> DeviceDataset:
    val_data, _ = task.splits("synthetic", Location(), 32)
    return DeviceDataset(val_data, torch.device("cpu"), IMAGENET_MEAN, IMAGENET_STD)


@pytest.mark.parametrize("batches", [1, 2])
def test_batchnorm_takes_the_statistics_of_the_target(resnet50_file, target, batches):
    """With two batches as well, as no image of a smaller batch counts for more."""
    model = resnet50(4, pretrained(resnet50_file), 0).train(False)
    adapt_batchnorm(model, target, batch=len(target.test) - batches + 1)
    with torch.no_grad():
        inputs = model.conv1(target.normalise(target.test))
    assert torch.allclose(model.bn1.running_mean, inputs.mean((0, 2, 3)), atol=1e-5)
    assert not model.training
    if batches == 1:
        assert torch.allclose(model.bn1.running_var, inputs.var((0, 2, 3)), rtol=1e-4)
