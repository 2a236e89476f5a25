"""Run artefacts: the id, whole or not at all, and what a kill leaves behind."""

import json
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from compute.core import runs as artefact
from compute.core.recovery import recover
from compute.core.runs import ArtefactError, Run, finished, read_record, write_run
from tests.conftest import make_run, steps


def test_id_is_readable_and_made_from_the_configuration():
    run = Run(
        problem="transfer",
        job="finetune",
        scale="paper",
        provenance="measured",
        identity=("model", "lr", "px"),
        model="ResNet-50",
        lr=0.001,
        config={"px": 64},
        seed=2,
    )
    assert run.run_id == "transfer-finetune-resnet_50-lr0.001-px64-paper-s2"


def test_same_configuration_replaces_the_artefact(tmp_path):
    write_run(make_run(), {"steps": steps(3)}, tmp_path)
    folder = write_run(make_run(note="again"), {"steps": steps(4)}, tmp_path)
    assert [f.name for f in tmp_path.iterdir()] == [folder.name]
    assert read_record(folder)["note"] == "again"


def test_identity_must_name_something():
    with pytest.raises(ArtefactError, match="px"):
        make_run(identity=("px",))


@pytest.mark.parametrize(("field", "value"), [("scale", "huge"), ("problem", "five"), ("provenance", "guessed")])
def test_words_outside_the_vocabulary_are_refused(field, value):
    with pytest.raises(ArtefactError, match=value):
        make_run(**{field: value})


def test_failed_write_leaves_the_old_run_and_no_debris(tmp_path, monkeypatch):
    folder = write_run(make_run(note="first"), {"steps": steps()}, tmp_path)
    monkeypatch.setattr(artefact.json, "dumps", lambda *a, **k: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_run(make_run(note="second"), {"steps": steps()}, tmp_path)
    assert read_record(folder)["note"] == "first"
    assert len(list(tmp_path.iterdir())) == 1


@contextmanager
def another_process_in(folder):
    """A process that writes a run, which has the folder locked."""
    lock = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_SH)"
    code = f"{lock}; print(flush=True); input()"
    command = [sys.executable, "-c", code, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield
        process.stdin.close()


def test_a_kill_between_the_renames_loses_nothing(tmp_path):
    aside = write_run(make_run(), {"steps": steps()}, tmp_path).rename(tmp_path / f".old-{make_run().run_id}")
    with another_process_in(aside):
        assert not recover(tmp_path, older_s=0)
        assert not finished(make_run(), tmp_path)
    assert recover(tmp_path)
    assert finished(make_run(), tmp_path)


def test_a_kill_after_the_renames_does_not_hinder_the_next_write(tmp_path):
    folder = write_run(make_run(note="first"), {"steps": steps()}, tmp_path)
    shutil.copytree(folder, tmp_path / f".old-{folder.name}")
    write_run(make_run(note="second"), {"steps": steps()}, tmp_path)
    assert read_record(folder)["note"] == "second"
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


@pytest.mark.parametrize("clock_s", [-3600, 0, 3600])
def test_half_written_folders_are_swept_up_when_old_by_any_clock_and_in_use_by_none(tmp_path, monkeypatch, clock_s):
    half = tmp_path / ".new-something-1"
    half.mkdir()
    changed = time.time() + clock_s
    monkeypatch.setattr("compute.core.recovery.time.time", lambda: changed)
    with another_process_in(half):
        recover(tmp_path)
        assert half.exists()
    recover(tmp_path)
    assert half.exists() == (clock_s == 0)


def test_a_run_that_lost_a_table_is_not_finished(tmp_path):
    folder = write_run(make_run(), {"steps": steps()}, tmp_path)
    assert finished(make_run(), tmp_path)
    (folder / "steps.parquet").write_bytes(b"PAR1")
    assert not finished(make_run(), tmp_path)


def test_not_a_number_in_the_configuration_is_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_run(make_run(config={"batch": float("nan")}), {}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_record_of_another_configuration_is_refused(tmp_path):
    folder = write_run(make_run(), {"steps": steps()}, tmp_path)
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, "gpu_type": "V100"}))
    with pytest.raises(ArtefactError, match="v100"):
        read_record(folder)
