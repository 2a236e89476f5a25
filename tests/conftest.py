"""Shared fixtures: stores made from small artefacts, and the committed one."""

import re
import shutil
from pathlib import Path

import pytest

from compute.core.experiments import EXPERIMENTS
from compute.core.runs import Run, write_run
from compute.core.vocabulary import PROBLEMS
from store.build import build
from store.layout import Layout
from store.reader import open_reader

PROJECT = Path(__file__).parents[1]


def make_run(**changes) -> Run:
    """A small training run; its id is made from model, gpu_type and seed. Of a given `config` the keys that the job
    has.
    """
    fields = {
        "problem": "optimus",
        "job": "train",
        "scale": "smoke",
        "provenance": "emulated",
        "identity": ("model", "gpu_type"),
        "model": "resnet20",
        "gpu_type": "K80",
        "seed": 0,
        "seconds": 1.5,
        "config": {"batch": 128},
    }
    fields |= changes
    known = (
        EXPERIMENTS[f"{fields['problem']}/{fields['job']}"].config
        if fields["problem"] in PROBLEMS
        else set(fields["config"])
    )
    return Run(**{**fields, "config": {key: value for key, value in fields["config"].items() if key in known}})


def figure_titles(app) -> list[str]:
    """The titles of an app's figures, in bold as Markdown has it."""
    found = (re.search(r"<h6 data-anchor[^>]*>\s*(\*\*.*\*\*)\s*</h6>", text.value, re.DOTALL) for text in app.markdown)
    return [match[1] for match in found if match]


def steps(n: int = 10) -> dict:
    """`n` steps of a falling loss."""
    return {"step": list(range(n)), "loss": [2.0 / (1 + i) for i in range(n)]}


@pytest.fixture(scope="module")
def one_thread():
    """torch computes with one thread, which is fastest for small networks; other tests get theirs back."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def own_cache(tmp_path, monkeypatch) -> Path:
    """The folder of decoded data sets for one test, which sees no data sets of the user."""
    folder = tmp_path / "cache"
    monkeypatch.setattr("compute.data.cache.CACHE", folder)
    monkeypatch.delenv("REPORT_DATA", raising=False)
    return folder


@pytest.fixture
def layout(tmp_path) -> Layout:
    """An empty store below a temporary folder, with the project's own facts and answers."""
    return Layout.at(tmp_path)


@pytest.fixture
def filled(layout) -> Layout:
    """A store with three runs of ten steps each."""
    for seed in range(3):
        write_run(make_run(seed=seed), {"steps": steps()}, layout.runs)
    return layout


@pytest.fixture(scope="session")
def committed():
    """A reader of the store that the committed artefacts make, built outside the working tree."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(
            runs=PROJECT / "store" / "runs", built=Path(folder) / "built", results=Path(folder) / "results.duckdb"
        )
        build(layout)
        yield open_reader(layout)


@pytest.fixture(scope="session")
def resnet50_file(tmp_path_factory) -> Path:
    """A state dict of torchvision's resnet50 in half precision, with random weights."""
    import torch

    from compute.transfer.base import resnet50

    file, state = tmp_path_factory.mktemp("weights") / "resnet50.pth", resnet50(1000, None, 0).state_dict()
    torch.save({key: value.half() if value.is_floating_point() else value for key, value in state.items()}, file)
    return file


@pytest.fixture(scope="session")
def planted_transfer_layout(tmp_path_factory) -> Layout:
    """A built store with the planted runs of Problem 1 at 64 pixels."""
    from tests.planted_transfer import plant_transfer

    layout = Layout.at(tmp_path_factory.mktemp("transfer"))
    plant_transfer(layout.runs)
    assert build(layout).left_out == ()
    return layout


@pytest.fixture
def planted_transfer(planted_transfer_layout):
    """A reader of that store."""
    return open_reader(planted_transfer_layout)


@pytest.fixture
def planted_transfer_and(planted_transfer_layout, tmp_path):
    """A function that returns the reader of a store with the planted runs of Problem 1 and further ones.

    Each further run is a tuple of job, lr, seed, right and px, and a dict of what else `plant_run` takes.
    """
    from tests.planted_transfer import plant_run

    def reader(*runs: tuple[tuple, dict]):
        layout = Layout.at(tmp_path)
        shutil.copytree(planted_transfer_layout.runs, layout.runs)
        for run, changes in runs:
            plant_run(layout.runs, *run, **changes)
        assert build(layout).left_out == ()
        return open_reader(layout)

    return reader


@pytest.fixture(scope="session")
def planted_supervision_layout(tmp_path_factory) -> Layout:
    """A built store with the planted runs of Problem 2."""
    from tests.planted_supervision import plant_supervision

    layout = Layout.at(tmp_path_factory.mktemp("supervision"))
    plant_supervision(layout.runs)
    assert build(layout).left_out == ()
    return layout


@pytest.fixture
def planted_supervision(planted_supervision_layout):
    """A reader of that store."""
    return open_reader(planted_supervision_layout)


@pytest.fixture(scope="session")
def everything(tmp_path_factory) -> Layout:
    """A built store in which every experiment of every problem has run; all but Problem 3's are planted."""
    from compute.__main__ import main
    from tests.planted_optimus import plant_all
    from tests.planted_supervision import plant_supervision
    from tests.planted_transfer import plant_run, plant_transfer

    layout = Layout.at(tmp_path_factory.mktemp("everything"))
    plant_all(layout.runs)
    for command in ("fit", "predict", "plan"):
        assert main([command, "--runs", str(layout.runs)]) == 0
    plant_transfer(layout.runs)
    for job, right in (("extract", 33), ("adabn", 32), ("finetune", 34)):
        plant_run(layout.runs, job, 0.1, 0, right, px=128)
    plant_supervision(layout.runs)
    for folder in (PROJECT / "store" / "runs").glob("flops-*"):
        shutil.copytree(folder, layout.runs / folder.name)
    assert build(layout).left_out == ()
    return layout
