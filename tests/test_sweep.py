"""Sweeps: which runs are pending, `--again` without any clock, and what older processes left behind."""

import os
import pickle
import time
from dataclasses import dataclass

import pytest

from compute.core.runs import RECORD, Run, write_run
from compute.training import runner
from compute.training.checkpoint import Checkpoint
from compute.training.claim import claim
from compute.training.device_dataset import DeviceDataset
from compute.training.records import finished_record, steps_table
from compute.training.runner import train_pending
from compute.training.sweep import Sweep, record_digest
from compute.training.trainer import Trainer
from tests.tiny import CPU, DATA, recipe, tiny

pytestmark = pytest.mark.usefixtures("one_thread")
DAY_S = 86_400


@dataclass(frozen=True, kw_only=True)
class TinySweep(Sweep):
    """Three networks that train in milliseconds; `begun` in the folder of runs lists each run with its first epoch."""

    scale: str = "smoke"

    def planned(self) -> list[Run]:
        common = {"problem": "optimus", "job": "train", "scale": "smoke", "provenance": "emulated", "gpu_type": "K80"}
        config = {"batch": 32}
        return [Run(**common, identity=("model", "gpu_type"), model=f"net{i}", seed=i, config=config) for i in range(3)]

    def device_dataset(self) -> DeviceDataset:
        return DeviceDataset(DATA, CPU)

    def trainer(self, run: Run, device_dataset: DeviceDataset, checkpoint: Checkpoint | None) -> Trainer:
        trainer = Trainer(tiny(run.seed), device_dataset, recipe(seed=run.seed), CPU, checkpoint=checkpoint)
        with open(self.runs.parent / "begun", "a") as file:
            file.write(f"{run.model} {trainer.epoch}\n")
        return trainer

    def finish(self, run: Run, trainer: Trainer, device_dataset: DeviceDataset):
        history = trainer.history()
        return write_run(finished_record(run, history), {"steps": steps_table(history)}, self.runs)


def tiny_sweep(folder, **changes) -> TinySweep:
    (folder / "runs").mkdir(exist_ok=True)
    return TinySweep(runs=folder / "runs", checkpoints=folder / "checkpoints", **changes)


def begun(folder) -> list[str]:
    """Each training that was begun since the last call: the network and its first epoch."""
    file = folder / "begun"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines


def redate(sweep: Sweep, days: int) -> None:
    """Date all records some days from now, as a clock that is wrong does."""
    for run in sweep.planned():
        os.utime(sweep.runs / run.run_id / RECORD, (time.time() + days * DAY_S,) * 2)


ALL = ["net0 0", "net1 0", "net2 0"]


def test_a_finished_run_is_not_trained_again(tmp_path, capsys):
    assert len(train_pending(tiny_sweep(tmp_path))) == 3 and begun(tmp_path) == ALL
    assert runner.run(tiny_sweep(tmp_path), 1, list_only=False) == [] and begun(tmp_path) == []
    assert "3 of 3 runs are done already" in capsys.readouterr().out
    assert not list((tmp_path / "checkpoints").iterdir())


@pytest.mark.parametrize("days", [-1, 1])
def test_again_trains_an_artefact_of_any_date(tmp_path, days):
    sweep = tiny_sweep(tmp_path)
    train_pending(sweep)
    redate(sweep, days)
    before = [record_digest(folder) for folder in sorted(sweep.runs.iterdir())]
    begun(tmp_path)
    assert len(train_pending(tiny_sweep(tmp_path, again=True))) == 3 and begun(tmp_path) == ALL
    assert not set(before) & {record_digest(folder) for folder in sweep.runs.iterdir()}


@pytest.mark.parametrize("days", [-1, 1])
def test_processes_that_share_a_sweep_train_a_run_again_once_whatever_the_clock_says(tmp_path, days):
    train_pending(tiny_sweep(tmp_path))
    begun(tmp_path)
    sweep = tiny_sweep(tmp_path, again=True)
    other_process = pickle.loads(pickle.dumps(sweep))
    train_pending(sweep)
    redate(sweep, days)
    assert begun(tmp_path) == ALL
    assert train_pending(other_process) == [] and begun(tmp_path) == []


def test_again_does_not_begin_at_the_end_of_the_training_that_it_repeats(tmp_path):
    """A process may be killed after it has written an artefact and before it has deleted the checkpoint."""
    sweep = tiny_sweep(tmp_path)
    run = sweep.planned()[0]
    state = sweep.checkpoint(run)
    trainer = sweep.trainer(run, sweep.device_dataset(), Checkpoint(state.folder, 0))
    for _ in range(4):
        trainer.begin_epoch()
        for _ in range(trainer.steps):
            trainer.step()
        trainer.synchronize()
        trainer.evaluate()
        trainer.end_epoch(1.0, 1.0)
    sweep.finish(run, trainer, sweep.device_dataset())
    begun(tmp_path)
    assert state.epochs() == 4
    assert len(train_pending(tiny_sweep(tmp_path, again=True))) == 3
    assert begun(tmp_path) == ALL and not state.folder.exists()


def partly_trained(sweep: Sweep, run: Run, folder: str) -> None:
    """Leave the checkpoint of a training that was stopped after an epoch."""
    trainer = sweep.trainer(run, sweep.device_dataset(), Checkpoint(sweep.checkpoints / folder, 0))
    trainer.started_at = "2026-01-01T00:00:00+00:00"
    trainer.begin_epoch()
    for _ in range(trainer.steps):
        trainer.step()
    trainer.synchronize()
    trainer.end_epoch(1.0, 1.0)


def test_again_continues_what_it_was_stopped_in(tmp_path):
    sweep = tiny_sweep(tmp_path)
    train_pending(sweep)
    partly_trained(sweep, sweep.planned()[1], sweep.planned()[1].run_id)
    begun(tmp_path)
    assert len(train_pending(tiny_sweep(tmp_path, again=True))) == 3
    assert begun(tmp_path) == ["net0 0", "net1 1", "net2 0"]


def test_a_run_is_continued_from_the_checkpoint_of_its_former_id(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(runner, "former_ids", lambda run: (f"former-{run.model}",))
    monkeypatch.setattr("compute.training.listing.former_ids", runner.former_ids)
    sweep = tiny_sweep(tmp_path)
    partly_trained(sweep, sweep.planned()[1], "former-net1")
    runner.run(sweep, 1, list_only=True)
    assert "pending, 1 of 4 epochs" in capsys.readouterr().out.splitlines()[1]
    begun(tmp_path)
    assert len(train_pending(sweep)) == 3
    assert begun(tmp_path) == ["net0 0", "net1 1", "net2 0"] and not list((tmp_path / "checkpoints").iterdir())


def test_a_run_that_another_process_has_claimed_comes_last(tmp_path, monkeypatch):
    sweep = tiny_sweep(tmp_path)
    other = claim(sweep.checkpoint(sweep.planned()[0]).folder)
    assert other.__enter__()
    monkeypatch.setattr(time, "sleep", lambda _: other.__exit__(None, None, None))  # the other process is killed
    assert len(train_pending(sweep)) == 3
    assert begun(tmp_path) == ["net1 0", "net2 0", "net0 0"]


def test_a_list_shows_what_is_done_and_what_is_pending(tmp_path, capsys):
    train_pending(tiny_sweep(tmp_path))
    (tmp_path / "runs" / "optimus-train-net1-k80-smoke-s1" / RECORD).unlink()
    runner.run(tiny_sweep(tmp_path), 2, list_only=True)
    first, second, third, total = capsys.readouterr().out.splitlines()
    assert first.endswith("done") and third.endswith("done")
    assert "pending, 0 of 4 epochs, about 0 min" in second and total.startswith("1 pending: about 0.0 h in 1 process")
