"""The commands `train` and `pilot`: their runs, the artefacts, and what stops and wrong options lead to."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
import torch

from compute.__main__ import main
from compute.core.runs import read_record
from compute.core.vocabulary import DEPTHS, GPU_TYPES
from compute.data import synthetic
from compute.optimus import gpus
from compute.optimus.pilot import WEIGHT_DECAYS, PilotSweep
from compute.optimus.train import SCALES, TrainingSweep
from compute.training import device as devices
from compute.training.checkpoint import Checkpoint
from compute.training.device_dataset import DeviceDataset
from compute.training.runner import checkpoint_to_continue
from tests.conftest import PROJECT


@pytest.mark.parametrize(
    "gpu_type, device, provenance",
    [
        ("K80", "Tesla K80", "measured"),
        ("P100", "Tesla P100-PCIE-16GB", "measured"),
        ("V100", "Tesla V100-SXM2-16GB", "measured"),
        ("V100", "NVIDIA H200", "emulated"),
        ("P100", "Tesla V100-SXM2-16GB", "emulated"),
        ("K80", "AMD EPYC", "emulated"),
    ],
)
def test_only_a_run_on_a_gpu_of_its_type_is_measured(gpu_type, device, provenance):
    assert gpus.provenance(gpu_type, device) == provenance
    assert (gpus.note(gpu_type, device) is None) == (provenance == "measured")


def device_part() -> str:
    """This machine's CPU as run ids name it."""
    return re.sub(r"[^a-z0-9.+_]+", "_", devices.name(torch.device("cpu")).lower())


def one_run(folder, network_and_gpu: str, seed: int):
    """The folder of a smoke run, whose id names the device that it ran on."""
    return folder / "runs" / f"optimus-train-{network_and_gpu}-{device_part()}-smoke-s{seed}"


def command(folder, *options) -> list[str]:
    places = ["--runs", str(folder / "runs"), "--checkpoints", str(folder / "checkpoints")]
    return ["train", "--scale", "smoke", "--device", "cpu", "--processes", "1", *places, *options]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which ResNet-18 for P100 was trained at scale smoke."""
    folder = tmp_path_factory.mktemp("trained")
    assert main(command(folder, "--depth", "18", "--gpu-type", "p100")) == 0
    return folder


def test_a_run_is_recorded(trained):
    folder = one_run(trained, "resnet18-p100", 1)
    record = read_record(folder)
    fields = {"provenance": "emulated", "depth": 18, "gpu_type": "P100", "seed": 1}
    assert {name: record[name] for name in fields} == fields and "in place of a P100" in record["note"]
    config = {"execution_mode": "eager", "milestones": [2, 3], "weight_decay": 1e-4, "concurrency": 1}
    assert {name: record["config"][name] for name in config} == config
    assert not (trained / "checkpoints" / folder.name).exists()


def test_every_step_and_every_epoch_is_in_the_tables(trained):
    folder = one_run(trained, "resnet18-p100", 1)
    steps, epochs = pq.read_table(folder / "steps.parquet"), pq.read_table(folder / "epochs.parquet")
    assert steps["step"].to_pylist() == list(range(16)) and epochs["step"].to_pylist() == [4, 8, 12, 16]
    assert epochs["train_loss"][0].as_py() == pytest.approx(np.mean(steps["loss"].to_pylist()[:4]), rel=1e-6)


def test_a_finished_run_is_not_trained_again(trained, capsys):
    file = one_run(trained, "resnet18-p100", 1) / "run.json"
    before = file.read_bytes()
    assert main(command(trained, "--depth", "18", "--gpu-type", "P100")) == 0
    assert file.read_bytes() == before and "1 of 1 runs are done already" in capsys.readouterr().out


def test_again_trains_a_finished_run_to_the_same_losses(trained, tmp_path):
    shutil.copytree(trained / "runs", tmp_path / "runs")
    folder = one_run(tmp_path, "resnet18-p100", 1)
    steps, before = pq.read_table(folder / "steps.parquet"), (folder / "run.json").read_bytes()
    assert main(command(tmp_path, "--depth", "18", "--gpu-type", "P100", "--again")) == 0
    assert (folder / "run.json").read_bytes() != before
    assert pq.read_table(folder / "steps.parquet").equals(steps)


def test_the_record_says_how_many_trainings_were_concurrent(tmp_path):
    assert main(command(tmp_path, "--depth", "18", "20", "32", "--gpu-type", "K80", "--concurrency", "2")) == 0
    records = {depth: read_record(one_run(tmp_path, f"resnet{depth}-k80", 0)) for depth in (18, 20, 32)}
    assert {depth: record["config"]["concurrency"] for depth, record in records.items()} == {32: 2, 20: 2, 18: 1}


def test_a_list_trains_nothing(trained, capsys):
    assert main(command(trained, "--depth", "18", "20", "--gpu-type", "P100", "--list")) == 0
    pending, done, total, _ = capsys.readouterr().out.splitlines()
    assert done.endswith("done") and "pending, 0 of 4 epochs" in pending and total.startswith("1 pending")
    assert not one_run(trained, "resnet20-p100", 1).exists()


# ---------------------------------------------------------------- the sweeps


def training_sweep(kind=TrainingSweep, **changes):
    fields = {"scale": "full", "models": tuple(f"resnet{depth}" for depth in DEPTHS), "gpu_types": tuple(GPU_TYPES)}
    return kind(**{"runs": Path("runs"), **fields, **changes})


def test_runs_are_ordered_by_gpu_type_and_then_by_depth_the_deepest_first():
    planned = training_sweep().planned()
    assert [run.gpu_type for run in planned] == ["K80"] * 6 + ["P100"] * 6 + ["V100"] * 6
    assert [run.depth for run in planned] == [56, 50, 44, 32, 20, 18] * 3


def test_two_processes_end_together():
    """Each process takes the next run when it is free, and a run takes as long as its network has layers."""
    for gpu_types in (("K80",), tuple(GPU_TYPES)):
        busy = [0, 0]
        for run in training_sweep(gpu_types=gpu_types).planned():
            busy[busy.index(min(busy))] += run.depth
        assert abs(busy[0] - busy[1]) <= 18, "no longer than the shortest run"


def test_a_scales_weight_decay_is_trained_with(monkeypatch):
    monkeypatch.setitem(SCALES, "full", replace(SCALES["full"], weight_decay=5e-4))
    sweep = training_sweep()
    assert sweep.recipe("K80").weight_decay == sweep.planned()[0].config["weight_decay"] == 5e-4
    assert training_sweep(scale="small").recipe("K80").weight_decay == 1e-4


def test_a_checkpoint_under_the_id_without_device_is_continued(tmp_path):
    sweep = training_sweep(scale="smoke", runs=tmp_path / "runs", checkpoints=tmp_path / "checkpoints")
    run = sweep.planned()[-1]
    former = Checkpoint(tmp_path / "checkpoints" / "optimus-train-resnet18-v100-smoke-s2", 0)
    former.save({"settings": {}, "epoch": 1})
    assert run.run_id == one_run(tmp_path, "resnet18-v100", 2).name
    assert checkpoint_to_continue(sweep, run).epochs() == 1 and not former.folder.exists()


# ---------------------------------------------------------------- the pilot


def image_set(images: torch.Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in images}


@pytest.mark.parametrize("scale", ["smoke", "small", "full"])
def test_the_pilot_is_evaluated_on_a_tenth_of_the_training_images_and_trained_on_the_others(scale, monkeypatch):
    monkeypatch.setattr("compute.optimus.train.load", lambda *_: synthetic(classes=10, train=6_000, test=300, px=8))
    pilot = training_sweep(PilotSweep, scale=scale, models=("resnet20",))
    whole, images = training_sweep(scale=scale).images(), pilot.images()
    data = pilot.device_dataset()
    trained_on = image_set(data.train[:, data.pad : -data.pad, data.pad : -data.pad])
    evaluated_on = image_set(data.test)
    assert len(data.test) == len(evaluated_on) == round(len(whole.train_images) / 10)
    assert not trained_on & evaluated_on
    assert trained_on | evaluated_on == image_set(whole.train_images.permute(0, 2, 3, 1).contiguous())
    assert not evaluated_on & image_set(whole.test_images.permute(0, 2, 3, 1).contiguous())
    assert len(trained_on) == len(images.train_images) == len(data.train_labels)


def test_the_pilots_runs_differ_in_weight_decay_alone():
    sweep = training_sweep(PilotSweep, models=("resnet20",))
    runs = sweep.planned()
    assert [run.config["weight_decay"] for run in runs] == list(WEIGHT_DECAYS)
    assert len({run.run_id for run in runs}) == 2
    recipes = [sweep.trainer(run, tiny_dataset(), None).recipe for run in runs]
    assert [each.weight_decay for each in recipes] == list(WEIGHT_DECAYS)
    assert (
        len({replace(each, weight_decay=0.0) for each in recipes}) == 1 and recipes[0].epochs == SCALES["full"].epochs
    )


def tiny_dataset() -> DeviceDataset:
    return DeviceDataset(synthetic(train=128, test=8, px=8), torch.device("cpu"))


# ---------------------------------------------------------------- the command line


@pytest.mark.parametrize(
    "options, message",
    [
        (["--depth", "19"], "no cifar ResNet of depth 19; there are 18, 20, 32, 44, 50, 56"),
        (["--depth", "20", "--family", "torchvision"], "there are 18, 50"),
        (["--gpu-type", "TPU"], "no GPU type 'TPU'; there are K80, P100, V100"),
        (["--scale", "small", "--data", "nowhere"], "nowhere holds no train-"),
        (["--execution-mode", "graph"], "CUDA graphs need a CUDA device"),
        (["--threads", "0"], "--threads is 0"),
    ],
)
def test_wrong_commands_end_in_one_line(tmp_path, capsys, options, message):
    assert main(command(tmp_path, *options)) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1 and not list((tmp_path).glob("runs/*"))


@pytest.mark.slow
def test_after_kill_9_and_ctrl_c_the_same_command_continues_bit_identically(tmp_path):
    line = [
        sys.executable,
        "-m",
        "compute",
        *command(tmp_path, "--depth", "20", "--gpu-type", "K80", "--checkpoint-every", "0"),
    ]
    name = f"optimus-train-resnet20-k80-{device_part()}-smoke-s0"
    state = tmp_path / "checkpoints" / name / "state.pt"
    # a shell's background jobs ignore Ctrl-C, and so would what they start
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for sent in (signal.SIGKILL, signal.SIGINT):
        process = subprocess.Popen(line, cwd=PROJECT, stderr=subprocess.PIPE, text=True)
        seen = state.stat().st_mtime_ns if state.exists() else 0
        while process.poll() is None and not (state.exists() and state.stat().st_mtime_ns > seen):
            time.sleep(0.01)
        process.send_signal(sent)
        _, error = process.communicate()
        assert not (tmp_path / "runs" / name).exists(), "too fast to be stopped"
    assert process.returncode == 130 and error.strip().count("\n") == 0 and "the same command goes on" in error
    subprocess.run(line, cwd=PROJECT, check=True)
    assert main(command(tmp_path / "other", "--depth", "20", "--gpu-type", "K80")) == 0
    for table in ("steps", "epochs"):
        one, other = (
            pq.read_table(folder / "runs" / name / f"{table}.parquet") for folder in (tmp_path, tmp_path / "other")
        )
        timed = [column for column in ("seconds", "images_per_s") if column in one.column_names]
        assert one.drop_columns(timed).equals(other.drop_columns(timed))


@pytest.mark.slow
def test_processes_share_the_runs_and_take_over_those_of_a_killed_one(tmp_path):
    line = command(tmp_path, "--depth", "18", "20", "--gpu-type", "K80", "P100")
    line[line.index("--processes") + 1] = "2"
    process = subprocess.Popen([sys.executable, "-m", "compute", *line], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    while process.poll() is None and not any((tmp_path / "checkpoints").glob("*/lock")):
        time.sleep(0.01)
    workers = [
        child
        for child in psutil.Process(process.pid).children()
        if any("spawn_main" in part for part in child.cmdline())
    ]
    assert len(workers) == 2
    workers[0].kill()
    assert process.wait() == 0
    names = sorted(folder.name for folder in (tmp_path / "runs").iterdir())
    assert len(names) == 4 and all(
        json.loads((tmp_path / "runs" / name / "run.json").read_text())["run_id"] == name for name in names
    )
