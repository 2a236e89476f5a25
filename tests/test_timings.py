"""Timing: every mode times every layer, leaves the network's results alone, and says what cannot work."""

import shutil

import pyarrow.parquet as pq
import pytest
import torch
from torch import nn
from tqdm import tqdm

from compute import ComputeError
from compute.__main__ import main
from compute.core.runs import read_record, write_run
from compute.flops import timings
from compute.flops.layers import layers_of
from store.build import build
from store.flops.times import own_rates
from store.layout import Layout
from store.reader import open_reader
from tests.conftest import PROJECT, make_run

SMOKE = ["timings", "--scale", "smoke", "--models", "resnet18", "--threads", "1"]


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """A store's layout with one smoke run, and the run's rows."""
    layout, threads = Layout.at(tmp_path_factory.mktemp("timings")), torch.get_num_threads()
    assert main([*SMOKE, "--runs", str(layout.runs)]) == 0
    (folder,) = layout.runs.iterdir()
    yield layout, folder, pq.read_table(folder / "timings.parquet").to_pylist()
    torch.set_num_threads(threads)


def of(rows: list[dict], mode: str) -> list[dict]:
    return [row for row in rows if row["mode"] == mode]


def test_the_run_says_what_it_is(smoke):
    assert smoke[1].name.startswith("flops-timings-resnet18-")
    assert smoke[1].name.endswith("-threads1-batch1-smoke")
    assert smoke[2][0]["device"] == read_record(smoke[1])["device"] != "cpu"


def test_every_mode_is_complete(smoke):
    rows = smoke[2]
    assert [(row["position"], row["what"], row["kind"]) for row in of(rows, "full")] == [(0, "forward", "forward")]
    layerwise, amortised = of(rows, "layerwise"), of(rows, "amortised")
    assert [row["position"] for row in layerwise] == list(range(1, len(layerwise) + 1))
    assert [(r["position"], r["what"], r["kind"]) for r in layerwise] == [
        (r["position"], r["what"], r["kind"]) for r in amortised
    ]
    assert all(row["ms"] > 0 and row["repeats"] == 2 and row["batch"] == 1 and row["device"] for row in rows)


def test_what_is_timed_is_what_is_counted(smoke):
    timed = [(row["what"], row["kind"]) for row in of(smoke[2], "layerwise")]
    counted = [
        (row.name, row.kind) for row in layers_of("resnet18")[1] if row.kind != "scale"
    ]  # one operation with its norm
    assert timed == counted
    assert sum(kind == "eltwise" for _, kind in timed) == 8


def test_the_store_takes_the_run(smoke):
    layout, _, rows = smoke
    version = build(layout)
    assert (version.left_out, version.rows) == ((), len(rows))


def test_rates_are_those_of_one_run_for_each_batch(smoke, tmp_path):
    layout = Layout.at(tmp_path)
    for folder in (PROJECT / "store" / "runs").glob("flops-layers*"):
        shutil.copytree(folder, layout.runs / folder.name)
    common = {
        "problem": "flops",
        "job": "timings",
        "model": "resnet18",
        "identity": ("model", "threads"),
        "device": "AMD EPYC",
        "seed": None,
        "gpu_type": None,
    }
    for threads in (1, 2):
        rows = [{**row, "ms": row["ms"] / threads, "device": "AMD EPYC"} for row in smoke[2]]
        write_run(
            make_run(config={"threads": threads, "device_kind": "cpu", "batch": 1}, **common),
            {"timings": rows},
            layout.runs,
        )
    build(layout)
    rates = own_rates(open_reader(layout))
    assert set(rates["run_id"]) == {"flops-timings-resnet18-threads2-smoke"} and not rates["kind"].duplicated().any()
    assert rates["time_percent"].sum() == pytest.approx(100)


def test_a_finished_run_is_kept_unless_asked(smoke, capsys):
    layout, folder, _ = smoke
    before = (folder / "run.json").stat().st_mtime_ns
    assert main([*SMOKE, "--runs", str(layout.runs)]) == 0
    assert "--again" in capsys.readouterr().out
    assert (folder / "run.json").stat().st_mtime_ns == before
    assert main([*SMOKE, "--runs", str(layout.runs), "--again"]) == 0
    assert (folder / "run.json").stat().st_mtime_ns > before


class InPlace(nn.Module):
    """Two layers and a sum that overwrite their input."""

    def __init__(self):
        super().__init__()
        self.conv, self.relu = nn.Conv2d(3, 3, 1), nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.relu(self.conv(x))
        y += x
        return self.relu(y).add_(1)


class Waits:
    """Counts how often the host waits."""

    count = 0

    def __call__(self):
        self.count += 1


@pytest.mark.parametrize("mode", ["layerwise", "amortised"])
def test_layers_that_work_in_place_are_safe_to_repeat(mode):
    network, waits, effort = InPlace().eval(), Waits(), timings.Effort(repeats=3, iterations=4, warmups=0)
    traced, data = timings.trace(network), torch.randn(2, 3, 5, 5)
    layers = [node.name for node in traced.graph.nodes if node.op.startswith("call_")]
    timer = timings.Layerwise(traced, layers, waits)
    if mode == "amortised":
        timer = timings.Amortised(traced, layers, waits, effort, tqdm(disable=True))
    with torch.inference_mode():
        torch.testing.assert_close(timer.run(data), network(data))
    assert len(layers) == 5
    blocks = 1 if mode == "layerwise" else 1 + effort.repeats
    assert waits.count == 2 * blocks * len(layers)
    assert {name: len(ms) for name, ms in timer.ms.items()} == dict.fromkeys(
        layers, 1 if mode == "layerwise" else effort.repeats
    )


def test_a_network_that_depends_on_its_data_is_refused():
    class Fork(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(ComputeError, match="cannot be traced"):
        timings.trace(Fork())


BAD = {
    "unknown network": (["--models", "resnet51"], "did you mean"),
    "batch": (["--batch", "0"], "--batch is 0; it must be at least 1"),
    "repeats": (["--repeats", "-1"], "--repeats is -1"),
    "threads": (["--threads", "-2"], "--threads is -2"),
    "no CUDA": (["--device", "cuda"], "no CUDA device"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_are_one_line(case, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    arguments, message = BAD[case]
    assert main(["timings", "--runs", str(tmp_path), *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())
