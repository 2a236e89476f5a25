"""The build: what it takes in, what it leaves out and says, and how it publishes beside readers."""

import json
import os
import threading

import duckdb
import pytest
from pyarrow import parquet

from compute.core.runs import write_run
from store.build import build, up_to_date
from store.layout import Layout
from store.reader import open_reader
from store.schema import schema_sql
from store.version import KEPT_VERSIONS, StoreError, current
from tests.conftest import PROJECT, make_run, steps


def left_out(layout: Layout) -> dict[str, str]:
    return {row["run_id"]: f"{row['file']}: {row['reason']}" for row in build(layout).left_out}


def test_rows_arrive(filled):
    version = build(filled)
    assert (version.runs, version.rows, version.left_out) == (3, 30, ())
    assert open_reader(filled).one("SELECT count(*), min(step), max(step) FROM steps") == (30, 0, 9)


def test_nothing_new_builds_nothing(filled):
    first = build(filled)
    assert build(filled).file == first.file
    assert up_to_date(filled)


def test_every_change_is_noticed(filled):
    first = build(filled)
    write_run(make_run(seed=9), {"steps": steps()}, filled.runs)
    assert not up_to_date(filled)
    assert build(filled).file != first.file


def test_empty_store_builds(layout):
    version = build(layout)
    assert version.runs == 0
    assert open_reader(layout).one("SELECT count(*) FROM questions")[0] == 19


def test_no_store_says_what_to_do(layout):
    with pytest.raises(StoreError, match="python -m store build"):
        open_reader(layout)


def rewrite(folder, **changes) -> None:
    """Change fields of a run's record by hand."""
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, **changes}))


BREAKS = {
    "truncated": (
        lambda f: (f / "steps.parquet").write_bytes((f / "steps.parquet").read_bytes()[:50]),
        "steps.parquet",
        "50 bytes",
    ),
    "damaged inside": (
        lambda f: (f / "steps.parquet").write_bytes(b"x" * (f / "steps.parquet").stat().st_size),
        "steps.parquet",
        "",
    ),
    "lost table": (lambda f: (f / "steps.parquet").unlink(), "steps.parquet", "missing"),
    "bad json": (lambda f: (f / "run.json").write_text("{"), "run.json", "not valid JSON"),
    "nested json": (lambda f: (f / "run.json").write_text("[" * 100_000), "run.json", "not valid JSON"),
    "not a number": (
        lambda f: (f / "run.json").write_text((f / "run.json").read_text().replace("128", "NaN")),
        "run.json",
        "no number",
    ),
    "no config": (
        lambda f: (f / "run.json").write_text((f / "run.json").read_text().replace('"config"', '"konfig"')),
        "run.json",
        "config",
    ),
    "a pipe": (lambda f: ((f / "run.json").unlink(), os.mkfifo(f / "run.json")), "run.json", "regular"),
    "no record": (lambda f: (f / "run.json").unlink(), "run.json", "missing"),
    "not an object": (lambda f: (f / "run.json").write_text("[]"), "run.json", "wrong type"),
    "another id": (lambda f: rewrite(f, gpu_type="V100"), "run.json", "v100"),
    "inputs of a wrong type": (lambda f: rewrite(f, inputs=5), "run.json", "inputs"),
    "inputs in a list of lists": (lambda f: rewrite(f, inputs=[["a"]]), "run.json", "inputs"),
    "unknown scale": (lambda f: rewrite(f, provenance="guessed"), "run.json", "guessed"),
    "unknown table": (
        lambda f: (f / "guesses.parquet").write_bytes((f / "steps.parquet").read_bytes()),
        "guesses.parquet",
        "no table 'guesses'",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_broken_artefact_is_left_out_and_named(filled, name):
    damage, file, reason = BREAKS[name]
    broken = filled.runs / make_run(seed=1).run_id
    damage(broken)
    said = left_out(filled)
    assert list(said) == [broken.name]
    assert said[broken.name].startswith(file)
    assert reason in said[broken.name]
    assert current(filled).runs == 2
    assert open_reader(filled).one("SELECT count(*) FROM steps")[0] == 20
    assert open_reader(filled).one("SELECT count(*) FROM left_out")[0] == 1
    assert broken.exists()


TABLES = {
    "missing column": ({"step": [1]}, "'loss' is missing"),
    "extra column": ({**steps(), "mood": ["good"] * 10}, "no column 'mood'"),
    "text for a number": ({"step": [1], "loss": ["2.5"]}, "VARCHAR"),
    "fraction for a count": ({"step": [1.5], "loss": [2.5]}, "DOUBLE"),
    "not a number": ({"step": [1, 2], "loss": [2.5, float("nan")]}, "isfinite"),
    "infinite": ({"step": [1, 2], "loss": [2.5, float("inf")]}, "isfinite"),
    "nothing": ({"step": [1, 2], "loss": [2.5, None]}, "NULL"),
    "step twice": ({"step": [1, 1], "loss": [2.5, 2.0]}, "twice"),
    "negative step": ({"step": [-1], "loss": [2.5]}, "step >= 0"),
    "its own run_id": ({**steps(), "run_id": ["x"] * 10}, "run_id"),
}


@pytest.mark.parametrize("name", TABLES)
def test_rows_that_break_the_schema_leave_their_run_out(filled, name):
    rows, reason = TABLES[name]
    folder = write_run(make_run(seed=7), {"steps": rows}, filled.runs)
    said = left_out(filled)
    assert list(said) == [folder.name]
    assert reason in said[folder.name]
    assert open_reader(filled).one("SELECT count(*) FROM runs")[0] == 3


def forecasts(source: str, *percents: float) -> dict:
    """A table of forecasts about one run, by its progress."""
    fixed = {"source_run": source, "method": "one curve", "forecast_epochs": 3.0, "real_epochs": 3, "drops": 0}
    return {
        "forecasts": [
            {**fixed, "epoch": epoch, "progress_percent": percent} for epoch, percent in enumerate(percents, start=1)
        ]
    }


def test_the_reason_names_the_row(filled):
    folder = write_run(make_run(job="fit"), forecasts(make_run(seed=1).run_id, 50.0, 100.0, 300.0), filled.runs)
    said = left_out(filled)[folder.name]
    assert said.startswith(
        f"forecasts.parquet: row 3 (source_run {make_run(seed=1).run_id}, method one curve, epoch 3, progress_percent"
        " 300.0): "
    )
    assert "progress_percent BETWEEN 0 AND 100" in said


def test_a_row_about_a_run_that_is_not_there_leaves_its_run_out(filled):
    here, gone = make_run(seed=1), make_run(seed=8)
    fits = [
        write_run(make_run(job="fit", seed=seed), forecasts(run.run_id, 50.0), filled.runs)
        for seed, run in enumerate((here, gone))
    ]
    assert list(left_out(filled)) == [fits[1].name]
    assert gone.run_id in left_out(filled)[fits[1].name]
    (filled.runs / here.run_id / "run.json").write_text("{")
    assert sorted(left_out(filled)) == sorted([fits[0].name, fits[1].name, here.run_id])


def test_few_among_many_are_found(filled):
    bad = {3: -1, 57: -1, 58: -1, 119: -1}
    for seed in range(120):
        write_run(make_run(seed=seed), {"steps": {"step": [0, bad.get(seed, 1)], "loss": [2.0, 1.0]}}, filled.runs)
    assert sorted(left_out(filled)) == sorted(make_run(seed=seed).run_id for seed in bad)
    assert open_reader(filled).one("SELECT count(*), count(DISTINCT run_id) FROM steps") == (232, 116)


def network(model: str) -> dict:
    """The tables of a run that counted one network."""
    return {
        "networks": [
            {"model": model, "variant": "caffe", "family": "x", "input_px": 8, "params": 1, "macs": 1, "other_ops": 1}
        ]
    }


def test_what_two_runs_hold_is_the_first_ones(filled):
    first, other, again = (
        write_run(make_run(problem="flops", job="layers", seed=seed), network(model), filled.runs)
        for seed, model in enumerate("aba")
    )
    assert list(left_out(filled)) == [again.name]
    assert open_reader(filled).df("SELECT run_id FROM networks ORDER BY run_id")["run_id"].tolist() == [
        first.name,
        other.name,
    ]


def test_files_of_other_types_and_columns_keep_their_values(filled):
    write_run(make_run(seed=0), {"steps": {"step": [1, 2], "loss": [3, 2]}}, filled.runs)
    write_run(make_run(seed=1), {"steps": {"loss": [0.5, 0.25], "step": [1, 2]}}, filled.runs)
    score = {"stage": ["final"], "split": ["test"], "images": [10], "correct": [5]}
    write_run(make_run(seed=8), {"scores": score}, filled.runs)
    write_run(make_run(seed=9), {"scores": {**score, "loss": [0.5]}}, filled.runs)
    assert build(filled).left_out == ()
    runs = [make_run(seed=seed).run_id for seed in (0, 1)]
    assert open_reader(filled).df("SELECT loss FROM steps WHERE run_id IN (?, ?) ORDER BY ALL", runs)[
        "loss"
    ].tolist() == [0.25, 0.5, 2.0, 3.0]
    assert open_reader(filled).df("SELECT loss FROM scores ORDER BY run_id")["loss"].fillna(0).tolist() == [0, 0.5]


def test_rows_out_of_order_are_no_repetition(filled):
    write_run(make_run(seed=1), {"steps": {"step": [3, 1, 2], "loss": [1.0, 2.0, 3.0]}}, filled.runs)
    assert build(filled).left_out == ()


def test_the_built_tables_are_the_schemas_but_for_keys(filled):
    build(filled)
    kinds = "SELECT table_name, constraint_text FROM duckdb_constraints() WHERE constraint_type {} ORDER BY ALL"
    with duckdb.connect() as written:
        written.execute(schema_sql())
        columns = (
            "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE NOT internal ORDER"
            " BY ALL"
        )
        assert open_reader(filled).df(columns).equals(written.execute(columns).df())
        assert open_reader(filled).df(kinds.format("= 'CHECK'")).equals(written.execute(kinds.format("= 'CHECK'")).df())
    assert open_reader(filled).df(kinds.format("IN ('PRIMARY KEY', 'FOREIGN KEY', 'UNIQUE')")).empty


def test_every_row_of_the_committed_runs_arrives(committed):
    listed = sorted((PROJECT / "store" / "runs").glob("*/*.parquet"))
    assert committed.version.left_out == ()
    assert committed.version.rows == sum(parquet.read_metadata(file).num_rows for file in listed)


def test_bad_value_in_the_record_leaves_its_run_out(filled):
    folder = filled.runs / make_run(seed=1).run_id
    rewrite(folder, started_at="yesterday")
    assert "yesterday" in left_out(filled)[folder.name]


def test_a_run_made_from_one_that_is_not_there_is_left_out(filled):
    source = make_run(seed=1)
    fit = make_run(job="fit", seed=1, inputs=(source.run_id,))
    write_run(fit, {}, filled.runs)
    assert build(filled).runs == 4
    (filled.runs / source.run_id / "run.json").write_text("")
    said = left_out(filled)
    assert source.run_id in said[fit.run_id]


def test_reader_keeps_its_version_while_another_is_published(filled):
    build(filled)
    before = open_reader(filled)
    for seed in range(10, 10 + KEPT_VERSIONS + 2):
        write_run(make_run(seed=seed), {"steps": steps()}, filled.runs)
        build(filled)
    assert before.one("SELECT count(*) FROM runs")[0] == 3
    assert open_reader(filled).one("SELECT count(*) FROM runs")[0] == 3 + KEPT_VERSIONS + 2
    assert len(list(filled.built.glob("results-*.duckdb"))) == KEPT_VERSIONS


def test_readers_see_no_error_and_no_mixture_while_versions_are_published(filled):
    build(filled)
    stop, wrong = threading.Event(), []

    def read():
        while not stop.is_set():
            reader = open_reader(filled)
            runs, rows = reader.one("SELECT count(*) FROM runs")[0], reader.one("SELECT count(*) FROM steps")[0]
            if rows != 10 * runs:
                wrong.append((runs, rows))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for seed in range(20, 28):
        write_run(make_run(seed=seed), {"steps": steps()}, filled.runs)
        build(filled)
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_copy_for_the_shell_opens_while_the_report_reads(filled):
    build(filled)
    open_reader(filled)
    with duckdb.connect(str(filled.results)) as shell:
        assert shell.execute("SELECT count(*) FROM runs").fetchone()[0] == 3


def test_a_killed_build_leaves_no_store_behind(filled):
    filled.built.mkdir()
    (filled.built / ".new-1-1.duckdb").write_bytes(b"half")
    assert current(filled) is None
    assert build(filled).runs == 3


def test_a_lost_or_truncated_version_is_built_again(filled):
    build(filled).file.unlink()
    assert current(filled) is None
    file = build(filled).file
    file.write_bytes(file.read_bytes()[:1000])
    assert current(filled) is None
    assert build(filled).runs == 3
    assert open_reader(filled).one("SELECT count(*) FROM runs")[0] == 3


def test_a_lost_copy_is_made_again(filled):
    build(filled)
    filled.results.unlink()
    build(filled)
    assert filled.results.exists()


def test_a_link_in_a_loop_stops_nothing(filled):
    loop = filled.runs / make_run(seed=1).run_id / "loop"
    loop.symlink_to(loop)
    assert build(filled).runs == 3


@pytest.mark.parametrize(
    "sql",
    ["CREATE TABLE x (i INT)", "DELETE FROM runs", "SELECT * FROM read_csv('/etc/hosts')", "SET memory_limit = '8GB'"],
)
def test_the_report_can_only_read(filled, sql):
    build(filled)
    with pytest.raises(duckdb.Error):
        open_reader(filled).df(sql)
