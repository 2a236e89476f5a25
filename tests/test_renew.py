"""A build that goes on from the version before: what it loads again, and that it ends as a whole build does."""

import json
import os
import random
import shutil

import pytest

from compute.core.runs import write_run
from store import build as module
from store.build import build
from store.layout import Layout
from store.reader import open_reader
from store.version import current
from tests.conftest import make_run, steps
from tests.test_build import forecasts, network


def whole(layout: Layout, folder) -> Layout:
    """The same runs, built elsewhere from nothing."""
    elsewhere = Layout(
        runs=layout.runs,
        built=folder / "built",
        results=folder / "results.duckdb",
        published=layout.published,
        answers=layout.answers,
    )
    shutil.rmtree(elsewhere.built, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    build(elsewhere)
    return elsewhere


def contents(layout: Layout) -> dict:
    """Every table's rows in order, and what was left out."""
    reader = open_reader(layout)
    names = reader.df("SELECT table_name FROM duckdb_tables() ORDER BY ALL")["table_name"]
    tables = {name: reader.df(f"SELECT * FROM {name} ORDER BY ALL").to_csv() for name in names}
    return tables | {
        "left out": sorted(map(json.dumps, reader.version.left_out)),
        "counts": (reader.version.runs, reader.version.rows),
    }


@pytest.fixture
def loads(monkeypatch) -> list[set[str]]:
    """The runs that each build loads, a set for each time that it loads some."""
    found, load = [], module.load_runs

    def noted(con, tables, layout, files, progress):
        found.append(set(files))
        return load(con, tables, layout, files, progress)

    monkeypatch.setattr(module, "load_runs", noted)
    return found


def test_only_a_new_run_is_loaded(filled, loads):
    build(filled)
    new = write_run(make_run(seed=9), {"steps": steps()}, filled.runs)
    assert build(filled).runs == 4
    assert loads[1:] == [{new.name}]


def test_what_was_made_from_a_changed_run_is_loaded_with_it(filled, loads):
    source, other = make_run(seed=1), make_run(seed=2)
    fit = write_run(make_run(job="fit", inputs=(source.run_id,)), {}, filled.runs)
    about = write_run(make_run(job="predict"), forecasts(source.run_id, 50.0), filled.runs)
    for seed in range(20, 30):
        write_run(make_run(seed=seed), {"steps": steps()}, filled.runs)
    build(filled)
    write_run(source, {"steps": steps(5)}, filled.runs)
    assert build(filled).rows == 126
    assert loads[1:] == [{source.run_id, fit.name, about.name}]
    assert other.run_id not in loads[1]


def test_a_run_that_is_gone_takes_along_what_was_made_from_it(filled):
    source = make_run(seed=1)
    for seed in range(20, 30):
        write_run(make_run(seed=seed), {"steps": steps()}, filled.runs)
    fit = write_run(make_run(job="fit", inputs=(source.run_id,)), {}, filled.runs)
    build(filled)
    shutil.rmtree(filled.runs / source.run_id)
    assert [row["run_id"] for row in build(filled).left_out] == [fit.name]
    write_run(source, {"steps": steps()}, filled.runs)
    assert build(filled).left_out == ()


def test_changed_facts_build_it_whole(filled, loads, tmp_path):
    published = tmp_path / "published"
    shutil.copytree(filled.published, published)
    mine = Layout(
        runs=filled.runs, built=filled.built, results=filled.results, published=published, answers=filled.answers
    )
    build(mine)
    (published / "prices.csv").unlink()
    assert [row["file"] for row in build(mine).left_out] == ["published/prices.csv"]
    assert len(loads[1]) == 3
    write_run(make_run(seed=9), {"steps": steps()}, filled.runs)
    assert [row["file"] for row in build(mine).left_out] == ["published/prices.csv"]
    assert len(loads[2]) == 1


def test_many_changes_build_it_whole(filled, loads):
    build(filled)
    for seed in range(3):
        write_run(make_run(seed=seed), {"steps": steps(4)}, filled.runs)
    assert build(filled).rows == 12
    assert current(filled).bytes == current(filled).whole_bytes


def change(layout: Layout, chance: random.Random) -> None:
    """One thing that may happen to the folder of runs."""
    seed = chance.randrange(8)
    run = make_run(seed=seed, job=chance.choice(("train", "plan", "fit", "predict")))
    folder = layout.runs / run.run_id
    happens = chance.choice(("write", "write", "write", "remove", "break", "touch"))
    if happens == "write":
        train = make_run(seed=chance.randrange(8)).run_id
        fit = make_run(seed=chance.randrange(8), job="fit").run_id
        tables = {
            "train": {"steps": steps(chance.randrange(1, 9))},
            "plan": network(chance.choice("abc")),
            "fit": {},
            "predict": forecasts(train, 50.0),
        }
        inputs = {"fit": (train,), "predict": (fit,)}.get(run.job, ())
        write_run(make_run(seed=seed, job=run.job, inputs=inputs), tables[run.job], layout.runs)
    elif folder.exists():
        if happens == "remove":
            shutil.rmtree(folder)
        elif happens == "break":
            (folder / "run.json").write_text("{")
        else:
            os.utime(folder / "run.json")


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_it_ends_as_a_whole_build(filled, tmp_path, monkeypatch, seed):
    monkeypatch.setattr(module, "DELETED_PERCENT", 100)
    chance = random.Random(seed)
    for _ in range(8):
        for _ in range(chance.randrange(1, 4)):
            change(filled, chance)
        build(filled)
        assert contents(filled) == contents(whole(filled, tmp_path / "whole"))
