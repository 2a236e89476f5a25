"""The networks are those of He et al. 2015, section 4.2."""

import pytest
import torch
from torch import nn

from compute import ComputeError
from compute.training.resnet_cifar import BLOCKS, Block, build, depth


def count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


# parameters in millions as Table 6 of the paper prints them
@pytest.mark.parametrize(
    "name, millions", [("resnet20", 0.27), ("resnet32", 0.46), ("resnet44", 0.66), ("resnet56", 0.85)]
)
def test_parameters_agree_with_the_paper(name, millions):
    assert round(count(build(name, 10)) / 1e6, 2) == millions


@pytest.mark.parametrize("name", BLOCKS)
def test_depth_counts_weighted_layers(name):
    model = build(name, 10)
    layers = [module for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    assert len(layers) == depth(name) == 2 * sum(BLOCKS[name]) + 2


def test_shapes_and_strides():
    model = build("resnet18", 7)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 7)
    assert model.blocks(torch.zeros(2, 16, 32, 32)).shape == (2, 64, 8, 8)


def test_shortcuts_have_no_parameters_and_pad_with_zeros():
    block = Block(16, 32, 2)
    assert count(block) == 32 * 16 * 9 + 32 * 32 * 9 + 4 * 32
    nn.init.zeros_(block.norm2.weight)  # the convolutions contribute nothing: the output is the shortcut's
    x = torch.rand(2, 16, 8, 8)
    y = block(x)
    assert torch.equal(y[:, 8:24], x[:, :, ::2, ::2]) and not y[:, :8].any() and not y[:, 24:].any()


def test_the_seed_fixes_the_weights_and_does_not_touch_torchs_generator():
    before = torch.get_rng_state()
    one, same, other = (build("resnet20", 10, seed).state_dict()["conv.weight"] for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name, millions", [("resnet18_4stage", 11.2), ("resnet50_bottleneck", 23.5)])
def test_the_second_family_is_torchvisions(name, millions):
    pytest.importorskip("torchvision")
    model = build(name, 10)
    assert round(count(model) / 1e6, 1) == millions and model(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_an_unknown_network_is_refused_with_the_known_ones():
    with pytest.raises(ComputeError, match="resnet19.*resnet20.*resnet50_bottleneck"):
        build("resnet19", 10)
