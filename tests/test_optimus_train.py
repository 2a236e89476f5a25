"""The command `train`: what a run may call itself, artefacts that the store can read, nothing lost, one line for what goes wrong."""

import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
import torch

from compute.__main__ import main
from compute.core.runs import read_record
from compute.optimus import gpus
from compute.training import device as devices
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
def test_only_a_gpu_that_is_there_was_measured(gpu_type, device, provenance):
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


def test_smoke_command_writes_artefacts_that_the_store_can_read(tmp_path, capsys):
    assert main(command(tmp_path, "--depth", "18", "--gpu-type", "p100")) == 0
    folder = one_run(tmp_path, "resnet18-p100", 1)
    record = read_record(folder)
    assert (record["provenance"], record["depth"], record["gpu_type"], record["seed"]) == ("emulated", 18, "P100", 1)
    assert record["config"]["execution_mode"] == "eager" and record["config"]["milestones"] == [2, 3] and "in place of a P100" in record["note"]
    steps, epochs = pq.read_table(folder / "steps.parquet"), pq.read_table(folder / "epochs.parquet")
    assert steps["step"].to_pylist() == list(range(16)) and epochs["step"].to_pylist() == [4, 8, 12, 16]
    assert epochs["train_loss"][0].as_py() == pytest.approx(np.mean(steps["loss"].to_pylist()[:4]), rel=1e-6)
    assert not (tmp_path / "checkpoints" / folder.name).exists()

    written = (folder / "run.json").stat().st_mtime_ns
    assert main(command(tmp_path, "--depth", "18", "--gpu-type", "P100")) == 0
    assert (folder / "run.json").stat().st_mtime_ns == written
    assert "1 of 1 runs are there already" in capsys.readouterr().out
    assert main(command(tmp_path, "--depth", "18", "--gpu-type", "P100", "--again")) == 0
    assert (folder / "run.json").stat().st_mtime_ns > written
    assert pq.read_table(folder / "steps.parquet").equals(steps)

    assert main(command(tmp_path, "--depth", "18", "20", "32", "--gpu-type", "K80", "--concurrency", "2")) == 0
    shared = {depth: read_record(one_run(tmp_path, f"resnet{depth}-k80", 0))["config"]["concurrency"] for depth in (18, 20, 32)}
    assert shared == {18: 2, 20: 2, 32: 1} and record["config"]["concurrency"] == 1, "the last one trained alone"

    capsys.readouterr()
    assert main(command(tmp_path, "--depth", "18", "20", "--gpu-type", "P100", "--list")) == 0
    there, owed, total, _ = capsys.readouterr().out.splitlines()
    assert there.endswith("there") and "owed, at epoch 0 of 4" in owed and total.startswith("1 owed")


@pytest.mark.parametrize(
    "options, says",
    [
        (["--depth", "19"], "no cifar ResNet of depth 19; there are 18, 20, 32, 44, 50, 56"),
        (["--depth", "20", "--family", "torchvision"], "there are 18, 50"),
        (["--gpu-type", "TPU"], "no GPU type 'TPU'; there are K80, P100, V100"),
        (["--scale", "small", "--data", "nowhere"], "nowhere holds no train-"),
        (["--execution-mode", "graph"], "CUDA graphs need a CUDA device"),
        (["--threads", "0"], "--threads is 0"),
    ],
)
def test_wrong_commands_end_in_one_line(tmp_path, capsys, options, says):
    assert main(command(tmp_path, *options)) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and not list((tmp_path).glob("runs/*"))


@pytest.mark.slow
def test_kill_9_and_the_same_command_goes_on_bit_identically(tmp_path):
    line = [sys.executable, "-m", "compute", *command(tmp_path, "--depth", "20", "--gpu-type", "K80", "--checkpoint-every", "0")]
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
        one, other = (pq.read_table(folder / "runs" / name / f"{table}.parquet") for folder in (tmp_path, tmp_path / "other"))
        timed = [column for column in ("seconds", "images_per_s") if column in one.column_names]
        assert one.drop_columns(timed).equals(other.drop_columns(timed))


@pytest.mark.slow
def test_processes_share_the_list_and_outlive_each_other(tmp_path):
    line = command(tmp_path, "--depth", "18", "20", "--gpu-type", "K80", "P100")
    line[line.index("--processes") + 1] = "2"
    process = subprocess.Popen([sys.executable, "-m", "compute", *line], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    while process.poll() is None and not any((tmp_path / "checkpoints").glob("*/lock")):
        time.sleep(0.01)
    workers = [child for child in psutil.Process(process.pid).children() if any("spawn_main" in part for part in child.cmdline())]
    assert len(workers) == 2
    workers[0].kill()
    assert process.wait() == 0
    names = sorted(folder.name for folder in (tmp_path / "runs").iterdir())
    assert len(names) == 4 and all(json.loads((tmp_path / "runs" / name / "run.json").read_text())["run_id"] == name for name in names)
