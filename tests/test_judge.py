"""The command `judge-logs` on small made logs, and the store's queries of what it derives."""

import csv
import shutil

import numpy as np
import pytest

from compute.__main__ import main
from compute.optimus.judge import END, SEEN
from store.build import build
from store.layout import Layout
from store.optimus import external
from store.reader import open_reader
from tests.conftest import PROJECT
from tests.planted_logs import lines

EPOCHS, PER_EPOCH, DROP = 60, 10, 40
HEADER = "log,source,licence,depth,batch,steps_per_epoch,classes,schedule,drops,drops_from,confidence\n"
DERIVED = ("external_fits", "external_accuracy", "external_errors")


def betas(depth: int) -> tuple[float, float, float]:
    """β0 an epoch, β1, β2 of a depth: straight lines."""
    return 0.9 - 0.005 * depth, 0.6 - 0.002 * depth, 0.3 - 0.002 * depth


def plant(folder, depth: int, seed: int, first: float = 1.0) -> str:
    """A log of a depth that falls as planted until epoch 40, with a first loss `first` times that of the curve."""
    epoch = np.arange(1, EPOCHS + 1)
    beta0, beta1, beta2 = betas(depth)
    loss = 1 / (beta0 * epoch + beta1) + beta2
    loss = np.where(epoch > DROP, 0.6 * loss, loss) * (1 + np.random.default_rng(seed).normal(0, 0.002, EPOCHS))
    loss[0] *= first
    accuracy = np.where(epoch > DROP, 0.93, 0.8)
    name = f"made-resnet{depth}-{seed}.csv"
    (folder / name).write_bytes(lines("epoch,loss,test_accuracy", epoch, np.round(loss, 5), accuracy))
    return name


@pytest.fixture
def made(tmp_path):
    """A folder of logs (with a noisy first epoch in the odd ones) and a folder of facts that lists them."""
    logs, out = tmp_path / "logs", tmp_path / "facts"
    logs.mkdir()
    out.mkdir()
    names = {
        depth: plant(logs, depth, seed, 1.6 if seed % 2 else 1.0) for seed, depth in enumerate((20, 32, 44, 56, 110))
    }
    rows = [
        f"{name},Martyn logs,BSD,{depth},128,{PER_EPOCH},10,drops,{DROP},recipe,first-party\n"
        for depth, name in names.items()
    ]
    (out / "external_logs.csv").write_text(HEADER + "".join(rows), encoding="utf-8")
    return logs, out, names


def derive(made, tmp_path) -> int:
    return main(["judge-logs", str(made[0]), "--out", str(made[1]), "--runs", str(tmp_path / "runs")])


def rows(out, name: str) -> list[dict]:
    with open(out / f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_planted_coefficients_come_back_in_either_unit(made, tmp_path):
    assert derive(made, tmp_path) == 0
    logs = {row["log"]: int(row["depth"]) for row in rows(made[1], "external_logs")}
    mine = [row for row in rows(made[1], "external_fits") if row["segment"] == "1" and logs[row["log"]] in (20, 44)]
    assert len(mine) == 4
    for row in mine:
        unit, planted = float(row["unit"]), betas(logs[row["log"]])
        found = float(row["beta0"]) / unit, float(row["beta1"]) / unit, float(row["beta2"]) * unit
        assert found == pytest.approx(planted, rel=0.08)
        assert row["confidence"] == "derived" and row["source"] == "Martyn logs"
    assert {row["unit"] for row in mine if row["normalised_by"] == "ln(classes)"} == {f"{np.log(10):.5g}"}


def test_a_curve_through_the_drop_misses(made, tmp_path):
    derive(made, tmp_path)
    of = {row["segment"]: float(row["rmse"]) for row in rows(made[1], "external_fits") if row["log"] == made[2][20]}
    assert of["all"] > 5 * of["1"]


def test_accuracy_counts_epochs_to_92_percent(made, tmp_path):
    derive(made, tmp_path)
    assert {row["epochs_to_92"] for row in rows(made[1], "external_accuracy")} == {str(DROP + 1)}


def test_a_forecast_of_the_planted_form_is_right_and_the_baseline_is_too_high(made, tmp_path):
    derive(made, tmp_path)
    errors = {
        r["method"]: float(r["error_percent"]) for r in rows(made[1], "external_errors") if r["log"] == made[2][20]
    }
    assert abs(errors["Eq. 1"]) < 3
    beta0, beta1, beta2 = betas(20)
    seen, end = DROP * SEEN, DROP * (1 - END / 2)
    level = [1 / (beta0 * epoch + beta1) + beta2 for epoch in (seen, end)]
    assert errors["mean of the last tenth"] == pytest.approx(100 * (level[0] / level[1] - 1), rel=0.3)


def test_a_guesss_loss_is_a_steadier_unit_than_a_noisy_first_epoch(made, tmp_path):
    derive(made, tmp_path)
    errors = {
        (row["method"], float(row["beyond"])): float(row["error_percent"])
        for row in rows(made[1], "external_errors")
        if row["test"] == "depth"
    }
    assert {beyond for _, beyond in errors} == {1.2727, 2.5}
    assert errors["ln(classes)", 1.2727] < 10 < errors["largest loss", 1.2727]


def test_a_log_that_is_not_there_is_one_line_and_changes_nothing(made, tmp_path, capsys):
    (made[0] / made[2][56]).unlink()
    assert derive(made, tmp_path) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert made[2][56] in error and "nothing was written" in error
    assert not (made[1] / "external_fits.csv").exists()


def test_a_broken_log_is_named_with_its_line(made, tmp_path, capsys):
    (made[0] / made[2][32]).write_text("epoch,loss\n1,2.0\n2,oops\n" + "3,1\n" * 20)
    assert derive(made, tmp_path) == 2
    assert "line 3" in capsys.readouterr().err


def test_what_is_derived_feeds_the_store(made, tmp_path):
    derive(made, tmp_path)
    facts = tmp_path / "published"
    shutil.copytree(PROJECT / "store" / "published", facts)
    for name in ("external_logs", *DERIVED):
        shutil.copy(made[1] / f"{name}.csv", facts / f"{name}.csv")
    (tmp_path / "store" / "runs").mkdir(parents=True)
    layout = Layout(runs=tmp_path / "store/runs", built=tmp_path / "b", results=tmp_path / "r.duckdb", published=facts)
    assert build(layout).left_out == ()
    said = external.summary(open_reader(layout)).iloc[0]
    assert (said["logs"], said["forecasts"], said["depths"]) == (5, 5, 1)
    assert said["far_network"] == "ResNet-110"
    assert said["guess_high"] < said["largest_low"]


def test_the_committed_facts_are_whole(committed):
    found = external.external(committed)
    assert len(found) == 9 and found["one_curve"].notna().all() and found["epochs_to_92"].notna().all()
    smooth = found[found["drops"].isna()]
    assert smooth["forecast_percent"].isna().all() and smooth["between_drops"].isna().all()
    said = external.summary(committed).iloc[0]
    assert said["between_drops"] < said["one_curve"] / 2
    assert said["forecast_percent"] < said["mean_percent"]
    assert said["guess_high"] < said["largest_low"]
    assert said["far"] > 50
