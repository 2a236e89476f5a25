"""ResNet-50's weights out of the files that people have, or one line that says what the file is."""

import argparse
import json
import pickle
from collections import OrderedDict
from pathlib import Path, PosixPath

import numpy as np
import pytest
import torch

from compute import ComputeError
from compute.__main__ import main
from compute.transfer.base import origin_of, pretrained, resnet50
from compute.transfer.state_dict import body
from compute.transfer.weights_file import SAFETENSORS_TYPES, read_weights

torchvision = pytest.importorskip("torchvision")
LIST = ["finetune", "--scale", "smoke", "--px", "32", "--device", "cpu", "--processes", "1", "--list"]


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def state_of(model: str = "resnet50", **changes) -> OrderedDict:
    """A state dict as torchvision's, each tensor one value seen many times, so that its file is small."""
    with torch.device("meta"):
        shapes = {
            key: value.shape for key, value in getattr(torchvision.models, model)(weights=None).state_dict().items()
        }
    state = OrderedDict()
    for i, (key, shape) in enumerate(shapes.items()):
        counter = key.endswith("num_batches_tracked")
        state[key] = torch.tensor(7) if counter else torch.tensor(1 + i / 64).expand(shape)
    return OrderedDict(state | changes)


PLAIN = state_of()


def prefixed(prefix: str, state=PLAIN) -> OrderedDict:
    return OrderedDict((prefix + key, value) for key, value in state.items())


def saved(tmp_path, content, **options) -> Path:
    torch.save(content, tmp_path / "file.pth", **options)
    return tmp_path / "file.pth"


def safetensors(state: dict[str, torch.Tensor]) -> bytes:
    names, header, blobs, at = {dtype: name for name, dtype in SAFETENSORS_TYPES.items()}, {}, [], 0
    for key, value in state.items():
        blob = value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        header[key] = {"dtype": names[value.dtype], "shape": list(value.shape), "data_offsets": [at, at + len(blob)]}
        blobs.append(blob)
        at += len(blob)
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    return len(text).to_bytes(8, "little") + text + b"".join(blobs)


def is_plain(state: dict[str, torch.Tensor], rtol: float = 1e-6) -> bool:
    """Whether a body has the values of PLAIN, of which each tensor has one of its own."""
    ends = {key: torch.stack([value[(i,) * value.dim()] for i in (0, -1)]) for key, value in state.items()}
    assert all(value.dtype == torch.float32 and value.shape == PLAIN[key].shape for key, value in state.items())
    return state.keys() == body().keys() and all(
        torch.allclose(value, PLAIN[key][(0,) * PLAIN[key].dim()], rtol=rtol) for key, value in ends.items()
    )


# ---------------------------------------------------------------- what fits


@pytest.mark.parametrize(
    "content, says",
    [
        (PLAIN, ""),
        ({key: value for key, value in PLAIN.items() if not key.startswith("fc.")}, ""),
        ({**PLAIN, "fc.weight": torch.zeros(10, 2048), "fc.bias": torch.zeros(10)}, ""),
        ({key: value for key, value in PLAIN.items() if not key.endswith("num_batches_tracked")}, ""),
        (prefixed("module."), "its keys that begin with 'module.'"),
        (prefixed("_orig_mod."), "its keys that begin with '_orig_mod.'"),
        (prefixed("module._orig_mod."), "its keys that begin with 'module._orig_mod.'"),
        (prefixed("backbone."), "its keys that begin with 'backbone.'"),
        (prefixed("backbone.body."), "its keys that begin with 'backbone.body.'"),
        ({"n_averaged": torch.tensor(5), **prefixed("module.")}, "left out: n_averaged"),
        ({"state_dict": PLAIN}, "the weights are its 'state_dict'"),
        ({"model": PLAIN, "epoch": 3}, "the weights are its 'model'; left out: epoch"),
        ({"a": {"b": prefixed("c.")}}, "its keys that begin with 'c.' in 'b' in 'a'"),
        (
            {"state_dict": prefixed("module."), "optimizer": {"state": {0: {"m": torch.zeros(2)}}}},
            "left out: optimizer",
        ),
        ({"state_dict": prefixed("module.encoder_q.")}, "'module.encoder_q.' in 'state_dict'"),
        (
            {"state_dict": {**prefixed("module.encoder_q."), **prefixed("module.encoder_k.", state_of())}},
            "'module.encoder_q.' in 'state_dict'; left out: module.encoder_k",
        ),
        ({**prefixed("module."), "module.prototypes.weight": torch.zeros(2, 2)}, "left out: prototypes"),
        (
            {key: value.half() if value.is_floating_point() else value for key, value in PLAIN.items()},
            "float16 is read",
        ),
        (
            {key: value.bfloat16() if value.is_floating_point() else value for key, value in PLAIN.items()},
            "bfloat16 is",
        ),
        (
            {"model": PLAIN, "args": argparse.Namespace(lr=0.1, out=PosixPath("x"), best=np.float64(1))},
            "left out: args",
        ),
    ],
    ids=lambda value: None if isinstance(value, str) else next(iter(value)),
)
@pytest.mark.parametrize("old_format", [False, True])
def test_weights_are_unwrapped_and_it_is_said(tmp_path, capsys, content, says, old_format):
    state = pretrained(saved(tmp_path, content, _use_new_zipfile_serialization=not old_format))
    assert is_plain(state, rtol=0.01 if "float16" in says else 1e-6)
    said = capsys.readouterr().out
    assert says in said and said.startswith("file.pth: ") and said.count("\n") == 1 if says else said == ""


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_safetensors_are_read(tmp_path, dtype):
    small = {
        "a": torch.randn(3, 4).to(dtype),
        "b.c": torch.tensor(2.5, dtype=dtype),
        "none": torch.zeros(0, 2, dtype=dtype),
    }
    (tmp_path / "small.safetensors").write_bytes(safetensors(small))
    found = read_weights(tmp_path / "small.safetensors")
    assert found.keys() == small.keys()
    assert all(torch.equal(found[key], value) and found[key].dtype == dtype for key, value in small.items())


def test_weights_as_safetensors_by_any_name_and_prefix(tmp_path, capsys):
    (tmp_path / "weights.bin").write_bytes(safetensors(prefixed("backbone.")))
    assert is_plain(pretrained(tmp_path / "weights.bin"))
    assert "weights.bin: the weights are its keys that begin with 'backbone.'" in capsys.readouterr().out


def test_only_the_last_layer_is_new():
    state = {key: value for key, value in PLAIN.items() if key in body()}
    model = resnet50(7, state, seed=1)
    assert all(torch.equal(value, PLAIN[key]) for key, value in model.state_dict().items() if key in body())
    assert model.fc.weight.shape == (7, 2048) and torch.equal(model.fc.weight, resnet50(7, None, seed=1).fc.weight)


# ---------------------------------------------------------------- what does not


class RunsCode:
    """What would run a command if it were unpickled."""

    def __reduce__(self):
        import os

        return os.system, ("touch ran",)


@pytest.mark.parametrize(
    "content, says",
    [
        (
            state_of("resnet101"),
            "do not fit torchvision's resnet50; they are a ResNet of 101 layers: layer3.6.conv1.weight",
        ),
        (state_of("resnet18"), "a ResNet of 18 layers: layer1.0.conv1.weight is 64x64x3x3 instead of 64x64x1x1"),
        (state_of("wide_resnet50_2"), "layer1.0.conv1.weight is 128x64x1x1 instead of 64x64x1x1"),
        (state_of(**{"conv1.weight": torch.zeros(64, 3, 3, 3)}), "conv1.weight is 64x3x3x3 instead of 64x3x7x7"),
        (state_of(**{"layer1.0.se.fc1.weight": torch.zeros(1)}), "layer1.0.se.fc1.weight is not in resnet50"),
        (
            {k: v for k, v in PLAIN.items() if k != "bn1.running_var"},
            "1 of 265 tensors are missing, the first is bn1.running_var",
        ),
        ({"features.0.weight": torch.zeros(2)}, "holds no ResNet .*its keys begin with features.0.weight"),
        ({}, "holds an empty dict"),
        ({"epoch": 3}, "holds no state dict of tensors; its keys are epoch"),
        ([PLAIN], "holds a list, no state dict"),
        (torch.zeros(2), "holds a Tensor, no state dict"),
        (torchvision.models.squeezenet1_1(), "holds a whole network or another object.*model.state_dict"),
        ({"model": torch.nn.Linear(2, 2)}, "its keys are model; model is a whole object"),
        (
            {"model": PLAIN, "model_ema": PLAIN},
            "holds 2 networks that fit resnet50 .'model'; 'model_ema'.; save the one",
        ),
        ({**prefixed("student."), **prefixed("teacher.")}, "2 networks .*'student.'.*'teacher.'"),
        (state_of(**{"conv1.weight": torch.full((64, 3, 7, 7), float("nan"))}), "conv1.weight has 9408 of 9408 .* NaN"),
        (state_of(**{"bn1.bias": torch.full((64,), float("inf"))}), "bn1.bias has 64 of 64 numbers"),
        (state_of(**{"bn1.bias": torch.full((64,), 1e300, dtype=torch.float64)}), "bn1.bias has 64 of 64 numbers"),
        (
            state_of(**{"bn1.running_var": torch.full((64,), -1.0)}),
            "bn1.running_var has negative variances, down to -1",
        ),
        (state_of(**{"bn1.bias": torch.zeros(64, dtype=torch.complex64)}), "bn1.bias holds numbers of type complex64"),
        (state_of(**{"bn1.bias": torch.zeros(64, dtype=torch.int8)}), "bn1.bias holds numbers of type int8"),
        (state_of(**{"bn1.bias": torch.zeros(64, device="meta")}), "bn1.bias holds no numbers"),
        ({"state_dict": PLAIN, "hook": RunsCode()}, "asks for code to be run"),
    ],
)
def test_other_contents_are_named(tmp_path, monkeypatch, content, says):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ComputeError, match=says) as caught:
        pretrained(saved(tmp_path, content))
    assert "file.pth" in str(caught.value) and "\n" not in str(caught.value) and not (tmp_path / "ran").exists()


def scripted(file: Path) -> None:
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), file)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(
    "make, says",
    [
        (lambda file: file.write_bytes(b""), "is empty"),
        (
            lambda file: file.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid"),
            "is a Git LFS pointer .*git lfs pull",
        ),
        (lambda file: file.write_bytes(b"<!DOCTYPE html><html>Sign in</html>"), "is a web page"),
        (lambda file: file.write_bytes(b"\x89HDF\r\n\x1a\n"), "is an HDF5 file"),
        (lambda file: file.write_bytes(b'{"weight_map": {}}'), "is a JSON text"),
        (lambda file: file.write_bytes(b"nothing"), "cannot be read"),
        (lambda file: file.write_bytes(pickle.dumps({"a": 1})), "cannot be read"),
        (lambda file: file.write_bytes(b"cposix\nsystem\n(S'touch ran'\ntR."), "asks for code to be run"),
        (lambda file: file.mkdir(), "is a folder"),
        (lambda file: None, "there is no file"),
        (lambda file: np.savez(file.open("wb"), a=np.zeros(2)), "is a zip archive, but not of torch.save .a.npy."),
        (scripted, "is a TorchScript archive; convert it"),
        (
            lambda file: file.write_bytes(safetensors({"a": torch.zeros(9)})[:-4]),
            "is a safetensors file, but damaged or cut",
        ),
        (
            lambda file: file.write_bytes(safetensors({"a": torch.zeros(9)}).replace(b'"F32"', b'"F99"')),
            "type F99 is not known",
        ),
        (
            lambda file: file.write_bytes(safetensors({"a": torch.zeros(9)}).replace(b"[9]", b"[8]")),
            "bytes 0 to 36 of 36 for 8",
        ),
        (lambda file: file.write_bytes((9).to_bytes(8, "little") + b"{no json}"), "is a safetensors file, but damaged"),
    ],
)
def test_other_files_are_named(tmp_path, monkeypatch, make, says):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "file.pth")
    with pytest.raises(ComputeError, match=says) as caught:
        pretrained(tmp_path / "file.pth")
    assert "file.pth" in str(caught.value) and "\n" not in str(caught.value) and not (tmp_path / "ran").exists()


def test_a_file_that_is_cut_short_says_so(tmp_path):
    file = saved(tmp_path, PLAIN)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ComputeError, match="is cut short.*download it again"):
        pretrained(file)


@pytest.mark.parametrize("name, says", [("none.pth", "there is no file"), (".", "is a folder")])
def test_the_origin_of_a_file_that_is_not_there_is_one_line(tmp_path, name, says):
    with pytest.raises(ComputeError, match=says):
        origin_of(tmp_path / name)


# ---------------------------------------------------------------- the commands


@pytest.mark.parametrize("command", [LIST, LIST[:-1], ["extract", "--scale", "smoke", "--px", "32", "--device", "cpu"]])
def test_unfit_weights_end_every_command_before_any_training(tmp_path, capsys, command, own_cache):
    file = saved(tmp_path, state_of(**{"conv1.weight": torch.full((64, 3, 7, 7), float("nan"))}))
    options = ["--checkpoints", str(tmp_path / "checkpoints")] if command[0] == "finetune" else []
    assert main([*command, *options, "--weights", str(file), "--runs", str(tmp_path / "runs")]) == 2
    said = capsys.readouterr()
    assert "conv1.weight has 9408 of 9408 numbers that are NaN" in said.err and said.err.count("\n") == 1
    assert "pending" not in said.out and not list(tmp_path.glob("runs/*"))


def test_fit_weights_are_listed_as_pending(tmp_path, capsys):
    file = saved(tmp_path, {"state_dict": prefixed("module.")})
    assert main([*LIST, "--lr", "0.1", "--weights", str(file), "--runs", str(tmp_path / "runs")]) == 0
    assert "pending, 0 of 4 epochs" in capsys.readouterr().out
