"""The command `import`: runs that the store takes in, ids of their own, nothing written where anything is refused."""

import json
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest

from compute.__main__ import main
from compute.core.runs import read_record, write_run
from compute.optimus.trainings import trainings
from store.build import build
from store.layout import Layout
from store.optimus import trainings as shown
from store.reader import open_reader
from tests.conftest import PROJECT, make_run
from tests.planted_logs import EPOCHS, PER_EPOCH, accuracies, epoch_losses, lines, step_losses
from tests.planted_optimus import plant

CIFAR = ("--batch", "128", "--dataset", "cifar10")


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def log(tmp_path):
    """A log with a loss, a test accuracy and seconds an epoch, and no learning rate."""
    file = tmp_path / "their-resnet20.csv"
    file.write_bytes(lines("epoch,loss,test_acc,seconds", range(EPOCHS), epoch_losses(), accuracies(), [25.0] * EPOCHS))
    return file


def command(runs, *arguments) -> int:
    return main(["import", *map(str, arguments), "--runs", str(runs)])


def test_a_log_becomes_a_run(runs, log, capsys):
    assert (
        command(
            runs, log, "--depth", "20", "--gpu-type", "k80", *CIFAR, "--contributor", "A. Reader", "--note", "BSD-3"
        )
        == 0
    )
    folder = runs / "optimus-train-resnet20-k80-a._reader-full"
    record = read_record(folder)
    names = ("provenance", "model", "depth", "gpu_type", "dataset", "contributor", "seconds", "lr")
    assert [record[name] for name in names] == [
        "imported", "resnet20", 20, "K80", "cifar10", "A. Reader", 25.0 * EPOCHS, None
    ]  # fmt: skip
    assert record["note"] == "imported from their-resnet20.csv; BSD-3"
    config = record["config"]
    assert [
        config[name] for name in ("unit", "steps_per_epoch", "epochs", "batch", "milestones", "milestones_from")
    ] == [
        "epoch",
        391,
        EPOCHS,
        128,
        [],
        None,
    ]
    steps, epochs = (
        pq.read_table(folder / "steps.parquet").to_pydict(),
        pq.read_table(folder / "epochs.parquet").to_pydict(),
    )
    assert steps == {"step": [391 * (e + 1) - 1 for e in range(EPOCHS)], "loss": epoch_losses().tolist()}
    assert set(epochs) == {"epoch", "step", "train_loss", "test_accuracy", "seconds", "images_per_s"}
    assert (
        epochs["step"][0] == 391
        and epochs["test_accuracy"] == pytest.approx(accuracies())
        and epochs["images_per_s"] == [2000.0] * EPOCHS
    )
    assert "test accuracy from 'test_acc'" in capsys.readouterr().out


def test_the_store_takes_it_in_beside_our_own(tmp_path, log):
    layout = Layout.at(tmp_path)
    plant(layout.runs, 20, "K80", 0)
    steps = tmp_path / "steps.log"
    steps.write_bytes(b"".join(b"step=%d loss=%.4f\n" % (s, loss) for s, loss in enumerate(step_losses())))
    assert command(layout.runs, log, "--gpu-type", "K80", *CIFAR) == 0
    assert command(layout.runs, steps, "--model", "gpt2", "--contributor", "someone") == 0
    version = build(layout)
    assert version.left_out == () and version.runs == 3
    reader = open_reader(layout)
    row = reader.one(
        "SELECT count(*), count(epochs.lr), count(train_accuracy), max(test_accuracy) "
        "FROM epochs JOIN runs USING (run_id) WHERE provenance = 'imported'"
    )
    assert row == (EPOCHS, 0, 0, accuracies().max())
    # what is fitted and shown as a training of the report is its own
    assert (
        shown.trainings(reader)["provenance"].tolist() == ["emulated"]
        and shown.epoch_curves(reader)["epoch"].max() == 40
    )
    assert [training.run_id for training in trainings(layout.runs).fitted] == ["optimus-train-resnet20-k80-small-s0"]


def test_an_epoch_that_lacks_a_value_has_null(runs, tmp_path):
    file = tmp_path / "trainer_state.json"
    rows = [
        {"epoch": s / PER_EPOCH, "step": s, "loss": float(step_losses()[s - 1]), "learning_rate": 0.1}
        for s in range(24, 241, 24)
    ]
    rows += [{"epoch": float(e), "step": PER_EPOCH * e, "eval_accuracy": 0.5} for e in range(1, EPOCHS + 1)]
    file.write_text(json.dumps({"log_history": sorted(rows, key=lambda row: row["step"])}))
    assert command(runs, file, "--model", "bert") == 0
    epochs = pq.read_table(next(runs.iterdir()) / "epochs.parquet").to_pydict()
    assert epochs["train_loss"][0] is None and epochs["lr"][0] is None and epochs["test_accuracy"] == [0.5] * EPOCHS


def test_preview_writes_nothing(runs, log, capsys):
    assert command(runs, log, "--preview", "--drops", "6") == 0
    said = capsys.readouterr().out
    assert (
        "optimus-train-resnet20-not_named-full" in said
        and "drops are given: after epoch 6" in said
        and "0 runs written" in said
    )
    assert not list(runs.iterdir())


def test_nothing_is_written_where_one_log_is_refused(runs, log, tmp_path, capsys):
    bad = tmp_path / "bad-resnet32.csv"
    bad.write_bytes(lines("epoch,loss", range(EPOCHS), [*epoch_losses()[:-1], "high"]))
    assert command(runs, log, bad) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == f"error: {bad}: line 13: 'loss' holds 'high' where a number belongs; nothing was imported"
    assert not list(runs.iterdir())


def test_importing_again_replaces_and_another_log_does_not(runs, log, tmp_path, capsys):
    assert command(runs, log) == 0 and command(runs, log, "--note", "again") == 0
    assert [read_record(folder)["note"] for folder in runs.iterdir()] == ["imported from their-resnet20.csv; again"]
    other = tmp_path / "other-resnet20.csv"
    other.write_bytes(log.read_bytes().replace(b"25.0", b"26.0"))
    assert command(runs, other) == 2
    assert "is there already, from their-resnet20.csv; give it --seed, --gpu-type" in capsys.readouterr().err
    assert command(runs, log, other, "--contributor", "new") == 2
    assert "would both be optimus-train-resnet20-new-full" in capsys.readouterr().err
    assert command(runs, other, "--seed", "1") == 0 and len(list(runs.iterdir())) == 2
    assert command(runs, other, "--replace") == 0 and len(list(runs.iterdir())) == 2


def test_a_training_of_our_own_is_never_replaced(runs, log, capsys):
    own = make_run(scale="full", gpu_type="K80", seed=0)
    write_run(own, {"steps": {"step": [0], "loss": [1.0]}}, runs)
    assert own.run_id == "optimus-train-resnet20-k80-full-s0"
    assert command(runs, log, "--contributor", "K80", "--seed", "0", "--replace") == 2
    assert "which is a run of our own" in capsys.readouterr().err
    assert read_record(runs / own.run_id)["provenance"] == "emulated"


WRONG = {
    "no network": (("--contributor", "x"), "scalars.csv", "which network is it? give --depth N"),
    "no role": (
        ("--depth", "20", "--column", "cost=loss"),
        "a.csv",
        "--column cost=loss is no ROLE=NAME; roles are step, epoch, loss",
    ),
    "no column": (("--depth", "20", "--column", "loss=x"), "a.csv", "there is no column 'x' for loss"),
    "no batch": (("--depth", "20", "--batch", "0"), "a.csv", "--batch is 0; it must be at least 1"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_options_say_what_to_do(runs, tmp_path, log, what, capsys):
    options, name, reason = WRONG[what]
    file = log.rename(tmp_path / name)
    assert command(runs, file, *options) == 2
    assert reason in capsys.readouterr().err and not list(runs.iterdir())


def test_a_log_is_read_with_numpy_alone():
    code = """
import sys
from compute.logs import read_log
rows = "\\n".join(f"{i},{2 / (i + 1)}" for i in range(40))
assert len(read_log("a.csv", ("epoch,loss\\n" + rows).encode()).losses) == 40
mine = {name.split(".")[0] for name in sys.modules}
heavy = mine & {"pandas", "torch", "duckdb", "scipy", "sklearn", "pyarrow", "tqdm", "streamlit"}
sys.exit(f"imported {heavy}" if heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1000:]


def test_many_steps_are_read_in_one_go():
    """As many losses as a long training logs, in a table and in a text; how long it takes is for the benchmarks."""
    from compute.logs import read_log

    steps = np.arange(20_000)
    values = 2.3 / (1 + steps / 500) + 0.1
    rows = [f"epoch={s // 391} step={s} loss={loss:.5f} lr=0.1" for s, loss in zip(steps, values, strict=True)]
    for name, content in (
        ("a.csv", lines("epoch,step,loss", steps // 391, steps, values)),
        ("a.log", "\n".join(rows).encode()),
    ):
        log = read_log(name, content)
        assert len(log.losses) == 20_000 and log.steps_per_epoch == 391 and log.epochs.epoch[-1] == 51
