"""News are looked for and built beside the visitors: in another process, once, and the report keeps working whatever
happens to it.
"""

import builtins
import json
import os
import subprocess
import sys
import time

import pytest
from streamlit.testing.v1 import AppTest

from compute.core.runs import write_run
from pages.parts import data
from store.build import build
from store.layout import Layout
from store.reader import open_reader
from store.version import current
from store.watch import News, Watch
from tests.conftest import PROJECT, make_run, steps

PATIENCE_S = 60


def until(happens, what: str):
    """Wait until something is so; fails after a minute."""
    end = time.monotonic() + PATIENCE_S
    while not happens():
        assert time.monotonic() < end, f"it never came to be: {what}"
        time.sleep(0.05)


def python(code: str, layout: Layout, **how) -> subprocess.Popen:
    """A process that runs some code with `layout` defined."""
    start = (
        "from pathlib import Path; from store.layout import Layout; layout ="
        f" Layout.at(Path({str(layout.built.parent)!r}))\n"
    )
    return subprocess.Popen([sys.executable, "-c", start + code], cwd=PROJECT, stdout=subprocess.PIPE, text=True, **how)


@pytest.fixture
def watch(filled):
    found = Watch(filled)
    yield found
    found.stop()


def test_a_watch_builds_what_is_there_and_what_comes(filled, watch):
    until(lambda: current(filled), "the first version")
    first = open_reader(filled)
    write_run(make_run(seed=9), {"steps": steps()}, filled.runs)
    until(lambda: current(filled).runs == 4, "the version with the new run")
    assert open_reader(filled).one("SELECT count(*) FROM runs") == (4,)
    assert first.one("SELECT count(*) FROM runs") == (3,)
    until(lambda: not watch.news.building, "the look after it")
    assert watch.news.problem is None


def test_a_build_that_fails_is_told(layout):
    layout.built.write_text("a file where the folder should be")
    watch = Watch(layout)
    until(lambda: watch.news.problem, "the reason")
    assert "exists" in watch.news.problem
    assert not watch.news.building
    watch.stop()


def test_a_doubted_file_is_read_again(filled):
    build(filled)
    watch = Watch(filled)
    until(lambda: not watch.news.building, "the first look")
    spoiled = current(filled)
    with open(spoiled.file, "r+b") as handle:
        handle.write(bytes(12_288))
    watch.doubt()
    until(lambda: current(filled).file != spoiled.file, "another version")
    watch.stop()


def test_two_processes_build_once(filled):
    for seed in range(10, 60):
        write_run(make_run(seed=seed), {"steps": steps(1000)}, filled.runs)
    both = [python("from store.build import build; print(build(layout).file)", filled) for _ in range(2)]
    said = {process.communicate(timeout=PATIENCE_S)[0] for process in both}
    assert said == {f"{current(filled).file}\n"}
    assert len(list(filled.built.glob("results-*.duckdb"))) == 1


def test_a_killed_build_hinders_nobody(filled):
    killed = python(
        "import os; from store.build import build; build(layout, lambda done, total: os.kill(os.getpid(), 9))", filled
    )
    assert killed.wait(PATIENCE_S) == -9
    assert list(filled.built.glob(".new-*"))
    assert current(filled) is None
    assert build(filled).runs == 3
    assert not list(filled.built.glob(".new-*"))


def test_a_watch_ends_with_its_server(filled):
    build(filled)
    code = """
import os, time
from store.watch import Watch
watch = Watch(layout)
while watch.news.building:
    time.sleep(0.05)
print(watch._child.pid, flush=True)
os._exit(0)
"""
    pid = int(python(code, filled).communicate(timeout=PATIENCE_S)[0])

    def gone() -> bool:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                return stat.read().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    until(gone, "the end of the child")


@pytest.fixture
def shown(filled, monkeypatch) -> AppTest:
    """The page of all runs, on a built store."""
    monkeypatch.setenv("REPORT_STORE", str(filled.built.parent))
    build(filled)
    app = (
        AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE_S).run().switch_page("pages/runs.py").run()
    )
    assert len(app.dataframe[0].value) == 3
    return app


def test_a_rerun_looks_at_the_pointer_and_at_nothing_else(shown, filled, monkeypatch):
    root, touched = str(filled.built.parent), []
    for module, name in ((os, "stat"), (os, "scandir"), (os, "listdir"), (builtins, "open")):
        real = getattr(module, name)

        def noted(path, *args, real=real, **how):
            if str(path).startswith(root):
                touched.append(str(path))
            return real(path, *args, **how)

        monkeypatch.setattr(module, name, noted)
    shown.run()
    assert touched == [str(filled.pointer)]


def test_a_rerun_shows_what_was_published(shown, filled):
    write_run(make_run(seed=9), {"steps": steps()}, filled.runs)
    build(filled)
    assert len(shown.run().dataframe[0].value) == 4


class Slow:
    """A watch that is building, for a few looks at it, and then fails."""

    def __init__(self):
        self.looks = [News(done=done, total=8) for done in range(3)] + [
            News(building=False, problem="No space left on device")
        ]

    @property
    def news(self) -> News:
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("pages/overview.py", "Deep learning systems performance"),
        ("pages/flops.py", "Problem 3: FLOPs, PALEO and Platform Percent of Peak"),
    ],
)
def test_the_first_view_shows_progress_and_what_needs_no_store(layout, monkeypatch, page, title):
    monkeypatch.setenv("REPORT_STORE", str(layout.built.parent))
    bars, slow = [], Slow()
    monkeypatch.setattr(data, "beside", lambda layout: slow)
    monkeypatch.setattr(
        "streamlit.delta_generator.DeltaGenerator.progress", lambda self, value, text="": bars.append((value, text))
    )
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=PATIENCE_S).run()
    app = app.switch_page(page).run()
    assert not app.exception
    assert title in [*(shown.value for shown in app.title), *(shown.value for shown in app.caption)]
    assert (0.25, "2 of 8 files") in bars
    assert "No space left on device" in app.info[0].value


def test_the_store_before_goes_on_being_shown_where_nothing_can_be_built(shown, monkeypatch):
    failed = Slow()
    failed.looks = failed.looks[-1:]
    monkeypatch.setattr(data, "beside", lambda layout: failed)
    shown.run()
    assert len(shown.dataframe[0].value) == 3
    assert "No space left on device" in shown.warning[0].value


def test_a_pointer_of_another_shape_is_no_version(filled):
    build(filled)
    filled.pointer.write_text(json.dumps({"file": "results.duckdb", "mood": "good"}))
    assert current(filled) is None
    assert build(filled).runs == 3
