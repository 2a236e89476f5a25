"""Build the DuckDB file from run artefacts and facts, and publish it beside its readers; nothing is deleted but versions that were replaced."""

import contextlib
import hashlib
import importlib.metadata
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from store.artefact import recover
from store.blame import refusals
from store.insert import insert_rows
from store.layout import SCHEMA, Layout
from store.load import load_answers, load_facts, load_runs
from store.tables import STORE, count_rows, declare, literal
from store.version import StoreError, Version, copy_for_shell, current, one_line, publish, trouble

_building = threading.Lock()


def fingerprint(layout: Layout) -> str:
    """A hash over name, size and times of everything that a build reads, and DuckDB's version: equal means nothing is new."""
    digest = hashlib.sha256(_duckdb_version().encode())
    for file in (SCHEMA, *(Path(__file__).with_name(f"{name}.py") for name in ("build", "load", "insert", "tables", "artefact"))):
        digest.update(file.read_bytes())
    for top in (layout.published, layout.answers, layout.runs):
        for path, stat in _walk(top):
            digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ctime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _walk(folder: Path, depth: int = 2) -> Iterator[tuple[str, os.stat_result]]:
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if entry.name.startswith("."):
                continue
            with contextlib.suppress(OSError):  # a link in a loop, a file that is gone by now
                if not entry.is_dir():
                    yield entry.path, entry.stat()
                elif depth > 1:
                    yield from _walk(Path(entry.path), depth - 1)


def build(layout: Layout, progress: Callable[[int, int], None] | None = None) -> Version:
    """The current version, built first if anything is new since the last build, or if that one cannot be read.

    `progress(done, total)` counts files. Raises OSError where the folder cannot be written, and
    StoreError where DuckDB refuses to build; what was published before then stays.
    """
    found = fingerprint(layout)
    version = current(layout)
    if version and version.fingerprint == found and not trouble(version):
        if not layout.results.exists():
            copy_for_shell(layout, version)
        return version
    # one build at a time in a process; whoever waited finds it done
    with _building:
        version = current(layout)
        if version and version.fingerprint == found and not trouble(version):
            return version
        return _build(layout, found, progress or (lambda done, total: None))


def stale(layout: Layout) -> bool:
    """Whether a build would find something new; never true while this process is building."""
    version = current(layout)
    return version is None or (not _building.locked() and (version.fingerprint != fingerprint(layout) or trouble(version) is not None))


def _build(layout: Layout, found: str, progress: Callable[[int, int], None]) -> Version:
    import duckdb

    if "?" in str(layout.built):
        raise StoreError(f"DuckDB cannot write below a folder with a question mark in its name; rename it, or let REPORT_STORE name another: {layout.built}")
    start = time.perf_counter()
    layout.built.mkdir(parents=True, exist_ok=True)
    if layout.runs.exists():
        recover(layout.runs)
    fresh = layout.built / f".new-{os.getpid()}-{time.time_ns()}.duckdb"
    try:
        runs, rows, left_out = _write(fresh, layout, progress)
        now = datetime.now(UTC)
        file = layout.built / f"results-{now:%Y%m%dT%H%M%S%f}-{found[:8]}.duckdb"
        fresh.rename(file)
    except duckdb.Error as error:
        raise StoreError(one_line(error)) from error
    finally:
        _drop(layout.built.glob(f"{fresh.stem}*"))  # DuckDB may have put files of its own beside it
    version = Version(
        file, file.stat().st_size, found, now.isoformat(timespec="seconds"), round(time.perf_counter() - start, 3), runs, rows, tuple(left_out)
    )
    publish(layout, version)
    return version


def _write(fresh: Path, layout: Layout, progress: Callable[[int, int], None]) -> tuple[int, int, list[dict]]:
    """Write all that is there into a new file; returns how many runs and rows of theirs it holds, and what was left out."""
    con = _connect(fresh)
    try:
        tables = declare(con, SCHEMA.read_text(encoding="utf-8"))
        bad = load_facts(con, tables, layout) + load_answers(con, tables, layout)
        bad += load_runs(con, tables, layout, _run_files(layout), progress)
        insert_rows(con, STORE, tables["left_out"], bad)
        runs, rows = count_rows(con, tables)
        con.execute(f"CHECKPOINT {STORE}")
        con.execute(f"DETACH {STORE}")
    finally:
        with contextlib.suppress(*refusals()):  # after a full disk DuckDB cannot even close the file
            con.close()
    return runs, rows, bad


def _connect(fresh: Path):
    """A DuckDB connection that has the new file attached; without a log of what is written, as nobody needs a file that is half built."""
    import duckdb

    # many small files are read faster by one thread than by two, which wait for each other
    con = duckdb.connect(config={"threads": 1, "memory_limit": "400MB", "enable_external_file_cache": False, "preserve_insertion_order": True, "temp_directory": f"{fresh}.tmp"})
    con.execute("SET parquet_metadata_cache = true")  # a file is looked at before it is read
    con.execute(f"ATTACH {literal(str(fresh))} AS {STORE} (RECOVERY_MODE NO_WAL_WRITES)")
    return con


def _drop(left: Iterable[Path]) -> None:
    for path in left:
        with contextlib.suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _run_files(layout: Layout) -> dict[str, list[str]]:
    """The Parquet files of each run's folder."""
    if not layout.runs.exists():
        return {}
    folders = sorted(folder for folder in layout.runs.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    return {folder.name: sorted(file.name for file in folder.glob("*.parquet")) for folder in folders}


@lru_cache(maxsize=1)
def _duckdb_version() -> str:
    return importlib.metadata.version("duckdb")
