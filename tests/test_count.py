"""The counter: published totals, Lu et al.'s convention, and layers that are small enough to count by hand."""

import pyarrow.parquet as pq
import pytest
import torch
from torch import nn
from torchvision.models import get_model_weights

from compute import ComputeError
from compute.counting.count import count
from compute.flops import layers
from store.build import build
from store.layout import Layout


def rows(model: str, kind: str | None = None) -> list:
    return [row for row in layers.layers_of(model)[1] if kind in (None, row.kind)]


def only(model: nn.Module, shape: tuple, kind: str | None = None):
    """The one row of this kind in a small network."""
    (row,) = [row for row in count(model, shape) if kind in (None, row.kind)]
    return row


@pytest.mark.parametrize(
    ("model", "gflop"), [("vgg19", 39.264), ("vgg16", 30.941), ("googlenet", 2.997), ("resnet50", 8.178)]
)
def test_totals_of_known_networks(model, gflop):
    assert round(sum(row.flops for row in rows(model)) / 1e9, 3) == gflop


def test_share_of_convolutions_in_vgg19():
    every = rows("vgg19")
    share = sum(row.flops for row in every if row.kind == "conv") / sum(row.flops for row in every)
    assert round(100 * share, 2) == 99.37


def test_vgg16_in_the_convention_of_lu():
    mops = {
        kind: sum(row.macs + row.other_ops for row in rows("vgg16", kind)) / 1e6
        for kind in ("conv", "pool", "relu", "fc")
    }
    assert round(mops["conv"], 2) == 15_360.18
    assert {kind: round(value) for kind, value in mops.items()} == {"conv": 15_360, "pool": 6, "relu": 14, "fc": 124}


# module, input shape, MACs, bias additions, output shape
CONVOLUTIONS = {
    "plain": (nn.Conv2d(3, 8, 3, padding=1), (3, 10, 12), 8 * 120 * 27, 8 * 120, "8×10×12"),
    "stride and dilation": (nn.Conv2d(2, 4, 3, stride=2, dilation=2, bias=False), (2, 11, 11), 4 * 16 * 18, 0, "4×4×4"),
    "grouped": (nn.Conv2d(8, 16, 5, groups=2), (8, 9, 9), 16 * 25 * 4 * 25, 16 * 25, "16×5×5"),
    "depthwise": (nn.Conv2d(6, 6, 3, groups=6, bias=False), (6, 5, 5), 6 * 9 * 9, 0, "6×3×3"),
    "transposed": (nn.ConvTranspose2d(4, 6, 2, stride=2), (4, 5, 5), 4 * 25 * 6 * 4, 6 * 100, "6×10×10"),
    "transposed, grouped": (nn.ConvTranspose2d(4, 6, 3, groups=2, bias=False), (4, 5, 5), 4 * 25 * 3 * 9, 0, "6×7×7"),
    "one dimension": (nn.Conv1d(2, 3, 4), (2, 10), 3 * 7 * 8, 3 * 7, "3×7"),
}


@pytest.mark.parametrize("case", CONVOLUTIONS)
def test_convolutions_by_hand(case):
    module, shape, macs, biases, output_shape = CONVOLUTIONS[case]
    row = only(module, shape)
    assert (row.kind, row.macs, row.flops, row.other_ops, row.output_shape) == (
        "conv",
        macs,
        2 * macs,
        biases,
        output_shape,
    )
    assert row.params == sum(parameter.numel() for parameter in module.parameters())


def test_bytes_of_a_convolution_leave_the_weights_out():
    row = only(nn.Conv2d(3, 8, 3, padding=1), (3, 10, 12))
    assert (row.input_bytes, row.activation_bytes) == (4 * 3 * 120, 4 * 8 * 120)


# module, input shape, kind, other operations
OTHERS = {
    "ReLU": (nn.ReLU(), (4, 5, 5), "relu", 100),
    "ReLU6 in place": (nn.ReLU6(inplace=True), (4, 5, 5), "relu", 100),
    "GELU": (nn.GELU(), (10,), "activation", 10),
    "max pooling": (nn.MaxPool2d(3, 2), (4, 7, 7), "pool", 4 * 9 * 9),
    "average pooling": (nn.AvgPool2d(2), (4, 6, 6), "pool", 4 * 9 * 4),
    "adaptive pooling in windows of 2, 3 and 2": (nn.AdaptiveAvgPool2d(3), (4, 5, 5), "pool", 4 * 7 * 7),
    "global pooling": (nn.AdaptiveAvgPool2d(1), (4, 5, 5), "pool", 4 * 25),
    "response normalisation": (nn.LocalResponseNorm(5), (6, 4, 4), "lrn", 4 * 96),
    "softmax": (nn.Softmax(-1), (10,), "softmax", 30),
    "bilinear": (nn.Upsample(scale_factor=2, mode="bilinear"), (1, 3, 3), "resize", 4 * 36),
    "BatchNorm without Scale": (nn.BatchNorm2d(4, affine=False), (4, 5, 5), "norm", 3 * 100),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_operations_by_hand(case):
    module, shape, kind, other_ops = OTHERS[case]
    row = only(module, shape)
    assert (row.kind, row.macs, row.other_ops) == (kind, 0, other_ops)


@pytest.mark.parametrize(
    ("module", "cost"), [(nn.BatchNorm2d(4), 3), (nn.GroupNorm(2, 4), 5), (nn.LayerNorm([4, 5, 5]), 5)]
)
def test_normalisation_has_a_scale_beside_it(module, cost):
    norm, scale = count(module, (4, 5, 5))
    assert (norm.kind, norm.other_ops, scale.kind, scale.other_ops) == ("norm", cost * 100, "scale", 100)
    assert (norm.params, scale.params, scale.input_bytes, scale.activation_bytes) == (
        sum(p.numel() for p in module.parameters()),
        0,
        0,
        0,
    )


class Attention(nn.Module):
    """Self-attention with 2 heads of width 4."""

    def __init__(self, need_weights: bool):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.need_weights = need_weights

    def forward(self, x):
        return self.attention(x, x, x, need_weights=self.need_weights)[0]


@pytest.mark.parametrize("need_weights", [False, True])
def test_attention_by_hand(need_weights):
    tokens, width = 5, 8
    found = {row.kind: row for row in count(Attention(need_weights), (tokens, width))}
    assert found["fc"].macs == tokens * width * 3 * width + tokens * width * width
    assert found["fc"].other_ops == tokens * 3 * width + tokens * width
    assert found["matmul"].macs == 2 * (2 * tokens * tokens * 4)  # queries x keys and weights x values, in two heads
    assert found["softmax"].other_ops == 3 * 2 * tokens * tokens
    assert found["fc"].params == 4 * width * width + 4 * width
    assert {row.name for row in found.values()} == {"attention"}


def test_a_linear_layer_keeps_its_shape():
    row = only(nn.Linear(8, 3), (5, 2, 8))
    assert (row.kind, row.macs, row.other_ops, row.output_shape) == ("fc", 10 * 8 * 3, 30, "5×2×3")


def test_functions_outside_of_modules_become_rows():
    resnet = {(row.name, row.kind): row for row in rows("resnet18")}
    assert resnet["layer1.0", "eltwise"].other_ops == 64 * 56 * 56
    inception = {(row.name, row.kind): row for row in rows("googlenet")}
    assert inception["inception3a", "concat"].output_shape == "256×28×28"
    assert inception["inception3a", "concat"].other_ops == 0
    densenet = {(row.name, row.kind): row for row in rows("densenet121")}
    assert densenet["(network)", "pool"].other_ops == 1024 * 7 * 7


def test_rows_stand_in_order_of_execution():
    names = [row.name for row in rows("resnet18")[:9]]
    assert names == [
        "conv1",
        "bn1",
        "bn1",
        "relu",
        "maxpool",
        "layer1.0.conv1",
        "layer1.0.bn1",
        "layer1.0.bn1",
        "layer1.0.relu",
    ]


def test_an_operation_without_a_rule_is_named():
    class Sums(nn.Module):
        def forward(self, x):
            return torch.cumsum(x, 0)

    with pytest.raises(ComputeError, match="'cumsum'"):
        count(Sums(), (3,))


def test_the_network_stays_as_it_is():
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Dropout()).train()
    count(module, (3, 4, 4))
    assert module.training
    assert module[0].weight.device.type == "cpu"
    assert not module[0]._forward_hooks


def test_no_weights_are_allocated():
    assert all(tensor.is_meta for tensor in layers.build_on_meta("vit_h_14").state_dict().values())


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """The artefact of `python -m compute flops` as lists of rows, and the store that is built from it."""
    home = tmp_path_factory.mktemp("counted")
    layout = Layout.at(home)
    folder = layers.run(layout.runs)
    return (
        pq.read_table(folder / "networks.parquet").to_pylist(),
        pq.read_table(folder / "layers.parquet").to_pylist(),
        build(layout),
    )


@pytest.mark.slow
def test_every_network_agrees_with_its_library(counted):
    networks, _, _ = counted
    published = [row for row in networks if row["published_gmacs"]]
    assert len(published) >= 80
    for row in published:
        gmacs = row["macs"] / 1e9
        # a few small networks are published with fewer than three significant digits
        close = abs(gmacs / row["published_gmacs"] - 1) < 0.01 or round(gmacs, 3) == row["published_gmacs"]
        assert close, f"{row['model']}: {gmacs} is not {row['published_gmacs']}"


@pytest.mark.slow
def test_layers_add_up_to_their_network(counted):
    networks, rows, _ = counted
    for network in networks:
        mine = [row for row in rows if row["model"] == network["model"]]
        assert [row["position"] for row in mine] == list(range(len(mine)))
        for name in ("params", "macs", "other_ops"):
            assert sum(row[name] for row in mine) == network[name], f"{network['model']}: {name}"


@pytest.mark.slow
def test_parameters_are_those_that_the_library_publishes(counted):
    for row in counted[0]:
        if row["published_gmacs"] and row["model"] != "inception_v3":  # published with its auxiliary classifier
            assert row["params"] in {weights.meta["num_params"] for weights in get_model_weights(row["model"])}, row[
                "model"
            ]


@pytest.mark.slow
def test_the_store_takes_the_run(counted):
    networks, rows, version = counted
    assert version.left_out == ()
    assert version.rows >= len(networks) + len(rows)
