"""A reader's network: unusual layers beside torch's and fvcore's counters, what is not counted, bad arguments."""

import pyarrow.parquet as pq
import pytest
import torch
from fvcore.nn import FlopCountAnalysis
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from compute.__main__ import main
from compute.counting.count import count

SOURCE = """
import torch
from torch import nn


class Running(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.last = nn.Linear(8, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.last(torch.cumsum(self.linear(x), -1))


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.lstm, self.last = nn.Embedding(50, 8), nn.LSTM(8, 16, batch_first=True), nn.Linear(16, 2)

    def forward(self, tokens):
        return self.last(self.lstm(self.embedding(tokens))[0][:, -1])


def convolutions():
    return nn.Sequential(nn.Conv2d(4, 8, 3, groups=2), nn.GroupNorm(2, 8), nn.ReLU())


def number():
    return 3


def failing():
    raise KeyError("width")
"""


class Self(nn.Module):
    """Attention of a sequence to itself."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x)[0]


class First(nn.Module):
    """The first output of a recurrent layer."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


class Scores(nn.Module):
    """Attention of a sequence to itself in three heads, without learnt weights."""

    def forward(self, x):
        return nn.functional.scaled_dot_product_attention(x, x, x)


# module, shape of its input without the batch, multiply-accumulates by hand
UNUSUAL = {
    "grouped": (nn.Conv2d(8, 16, 5, groups=2), (8, 9, 9), 16 * 25 * 4 * 25),
    "dilated": (nn.Conv2d(2, 4, 3, dilation=2), (2, 9, 9), 4 * 25 * 18),
    "transposed": (nn.ConvTranspose2d(4, 6, 2, stride=2), (4, 5, 5), 4 * 25 * 6 * 4),
    "three dimensions": (nn.Conv3d(2, 3, 2), (2, 4, 4, 4), 3 * 27 * 16),
    "attention": (Self(), (5, 8), 5 * 8 * 24 + 5 * 8 * 8 + 2 * 2 * 25 * 4),
    "scaled dot product": (Scores(), (3, 5, 4), 2 * 3 * 25 * 4),
    "LSTM": (First(nn.LSTM(8, 16, batch_first=True)), (5, 8), 5 * 4 * 16 * (8 + 16)),
    "GRU": (First(nn.GRU(8, 16, batch_first=True)), (5, 8), 5 * 3 * 16 * (8 + 16)),
    "RNN in two layers": (First(nn.RNN(8, 16, 2, batch_first=True)), (5, 8), 5 * 16 * (8 + 16 + 16 + 16)),
}
# fvcore has no rule for recurrent layers, and none that sees the products within nn.MultiheadAttention
WITHOUT_FVCORE = ("attention", "scaled dot product", "LSTM", "GRU", "RNN in two layers")


@pytest.mark.parametrize("case", UNUSUAL)
def test_unusual_layers_by_hand_and_by_torch(case):
    module, shape, macs = UNUSUAL[case]
    assert sum(row.macs for row in count(module, shape)) == macs
    meta = module.to("meta").eval()
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        meta(torch.empty(1, *shape, device="meta"))
    assert counter.get_total_flops() == 2 * macs


@pytest.mark.parametrize("case", [case for case in UNUSUAL if case not in WITHOUT_FVCORE])
def test_unusual_convolutions_by_fvcore(case):
    module, shape, macs = UNUSUAL[case]
    module = module.to_empty(device="cpu") if any(p.is_meta for p in module.parameters()) else module
    assert FlopCountAnalysis(module, torch.zeros(1, *shape)).unsupported_ops_warnings(False).total() == macs


@pytest.fixture
def networks(tmp_path, monkeypatch):
    """A folder with the module `readers_networks`, in which the command is started."""
    (tmp_path / "readers_networks.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def counted(folder, function: str, shape: str, capsys) -> tuple[dict, str]:
    """The row of table `networks` that the command writes, and what it says on stderr."""
    arguments = ["flops", "--model", f"readers_networks:{function}", "--input", shape, "--runs", str(folder / "runs")]
    assert main(arguments) == 0
    (file,) = (folder / "runs").glob("*/networks.parquet")
    return pq.read_table(file).to_pylist()[0], capsys.readouterr().err


def test_a_network_is_counted_and_saved(networks, capsys):
    row, _ = counted(networks, "convolutions", "4x6x6", capsys)
    assert (row["model"], row["variant"], row["input_px"], row["macs"]) == ("convolutions", "own", 6, 8 * 16 * 18)
    assert (row["input_shape"], row["uncounted"]) == ("4×6×6", None)


def test_tokens_go_through_an_embedding(networks, capsys):
    row, _ = counted(networks, "Text", "10:int", capsys)
    assert row["macs"] == 10 * 4 * 16 * (8 + 16) + 16 * 2
    assert row["params"] == 50 * 8 + 4 * 16 * (8 + 16 + 2) + 34
    assert row["input_px"] is None


def test_what_is_not_counted_is_named_with_its_share(networks, capsys):
    row, said = counted(networks, "Running", "8", capsys)
    assert row["uncounted"] == "cumsum in the network"
    assert (row["uncounted_modules"], row["modules"], row["macs"]) == (0, 2, 32 + 8)
    assert "cumsum in the network" in said


@pytest.mark.parametrize(
    ("function", "shape", "message"),
    [
        ("nowhere:make", "3x8x8", "there is no module 'nowhere'"),
        ("readers_networks:make", "3x8x8", "has no function 'make'"),
        ("readers_networks", "3x8x8", "write package.module:function"),
        ("readers_networks:number", "3x8x8", "returned int; it must return an nn.Module"),
        ("readers_networks:failing", "3x8x8", "failed without arguments: KeyError"),
        ("readers_networks:convolutions", "3x8x8", "does not run on an input of 3×8×8"),
        ("readers_networks:convolutions", "3,8,8", "write sizes without the batch"),
        ("readers_networks:convolutions", "4x0x8", "write sizes without the batch"),
    ],
)
def test_wrong_arguments_end_in_one_line(networks, capsys, function, shape, message):
    assert main(["flops", "--model", function, "--input", shape, "--runs", str(networks / "runs")]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1


def test_a_name_of_the_report_is_refused(networks, capsys):
    arguments = ["flops", "--model", "readers_networks:convolutions", "--name", "resnet18", "--input", "4x6x6"]
    assert main([*arguments, "--runs", str(networks / "runs")]) == 2
    assert "give yours another name" in capsys.readouterr().err
