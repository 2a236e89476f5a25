"""The command line of the store: build, check, query, and what they say where something is wrong."""

import json
import os
import subprocess
import sys

import duckdb
import pytest

from compute.core.runs import write_run
from store.__main__ import main
from store.build import build
from store.layout import Layout
from store.version import current
from tests.conftest import PROJECT, make_run, steps


@pytest.fixture
def command(filled, monkeypatch, capsys):
    """`python -m store …` on the filled store, in this process: (exit code, standard output, standard error)."""
    monkeypatch.setenv("REPORT_STORE", str(filled.built.parent))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(list(arguments))
        return code, *capsys.readouterr()

    return run


def test_command_line(command):
    assert "3 runs" in command("build")[1]
    assert "nothing new" in command("build")[1]
    assert command("query", "SELECT count(*) AS n FROM steps")[1] == "n\n30\n"
    code, said, _ = command("check", "--json")
    assert code == 0
    assert len(json.loads(said)["questions"]) == 19


def test_check_says_what_was_left_out(command, filled):
    (filled.runs / make_run(seed=1).run_id / "run.json").write_text("{")
    code, said, _ = command("check")
    assert code == 0
    assert f"left out {make_run(seed=1).run_id}: run.json: it is not valid JSON" in said


def test_results_are_read_where_nothing_new_can_be_built(command, filled, monkeypatch):
    command("build")
    write_run(make_run(seed=5), {"steps": steps()}, filled.runs)
    monkeypatch.setattr("store.build._build", lambda *a: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    code, said, error = command("query", "SELECT count(*) AS n FROM runs")
    assert (code, said) == (0, "n\n3\n")
    assert "No space left" in error


@pytest.mark.parametrize("place", ["nowhere", "file"])
def test_a_store_that_is_no_folder_is_named(tmp_path, monkeypatch, capsys, place):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REPORT_STORE", str(tmp_path / place))
    assert main(["build"]) == 2
    assert "REPORT_STORE" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "sql", ["SELECT 1; SELECT 2", "SELEC 1", "SELECT * FROM nowhere", "DROP TABLE runs", "", "SELECT 1/'x'"]
)
def test_bad_query_is_one_line(command, sql):
    code, said, error = command("query", sql)
    assert (code, said) == (2, "")
    assert error.startswith("error: ")
    assert len(error.splitlines()) == 1


def test_help_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "store", "--help"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "build" in done.stdout


def damage(layout) -> None:
    """Spoil the published file without changing its size, but for the header, so that DuckDB opens it."""
    file = current(layout).file
    with open(file, "r+b") as handle:
        for at in range(12_288, file.stat().st_size, 4096):
            handle.seek(at)
            handle.write(b"\xff" * 64)


def lose_header(layout) -> None:
    """Spoil the published file so that DuckDB does not open it."""
    with open(current(layout).file, "r+b") as handle:
        handle.write(b"\0" * 12_288)


COMMANDS = {"build": ["build"], "check": ["check"], "query": ["query", "SELECT count(*) AS n FROM steps"]}


@pytest.mark.parametrize("spoil", [damage, lose_header])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_damaged_file_is_named_and_built_again(filled, name, spoil):
    spoiled = build(filled).file
    spoil(filled)
    done = run_alone(filled, *COMMANDS[name])
    assert done.returncode == 0, done.stderr
    assert f"warning: {spoiled} cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
    assert current(filled).file != spoiled
    assert run_alone(filled, *COMMANDS["query"]).stdout == "n\n30\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_held_open_is_left_alone_and_its_holder_named(filled, name):
    held = build(filled).file
    with duckdb.connect(str(held)) as browser:
        browser.execute("CREATE TABLE notes (note VARCHAR)")
        done = run_alone(filled, *COMMANDS[name])
        assert done.returncode == 0, done.stderr
        assert f"(PID {os.getpid()})" in done.stderr
        assert current(filled).file != held
        assert browser.execute("SELECT count(*) FROM notes").fetchone() == (0,)


FULL = (
    "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); from store.__main__ import"
    " main; sys.exit(main(sys.argv[1:]))"
)


def run_alone(
    layout,
    *arguments: str,
    code: str = "from store.__main__ import main; import sys; sys.exit(main(sys.argv[1:]))",
    **where: str,
):
    """`python -m store …` in a process of its own."""
    where = {**os.environ, "REPORT_STORE": str(layout.built.parent), **where}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False, env=where
    )


def test_a_full_disk_is_one_line_and_the_results_before_stay(filled):
    before = build(filled)
    write_run(make_run(seed=5), {"steps": steps()}, filled.runs)
    done = run_alone(filled, "build", code=FULL)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: nothing could be built: ")
    assert "File too large" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    for name in ("check", "query"):
        done = run_alone(filled, *COMMANDS[name], code=FULL)
        assert done.returncode == 0
        assert f"going on with the results of {before.built_at}" in done.stderr
    assert current(filled) == before
    assert [file.name for file in filled.built.iterdir() if file.name.startswith(".new")] == []


def test_a_folder_that_duckdb_cannot_write_below_is_named(filled, tmp_path):
    odd = tmp_path / "what?"
    odd.mkdir()
    (filled.built.parent / "runs").rename(odd / "runs")
    for arguments in COMMANDS.values():
        done = run_alone(Layout.at(odd), *arguments)
        assert done.returncode == 2
        assert "question mark" in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_letters_that_the_terminal_lacks_are_written_as_codes(filled, encoding):
    done = run_alone(filled, "query", "SELECT chr(9731) AS snow", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stdout) == (0, "snow\n\\u2603\n")
