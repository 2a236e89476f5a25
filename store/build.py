"""Build the DuckDB file from run artefacts and facts, and publish it beside its readers; nothing is deleted but versions that were replaced."""

import contextlib
import hashlib
import importlib.metadata
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from store.artefact import recover
from store.layout import SCHEMA, Layout
from store.load import load_answers, load_facts, load_runs
from store.version import StoreError, Version, copy_for_shell, current, one_line, publish, trouble

_building = threading.Lock()


def fingerprint(layout: Layout) -> str:
    """A hash over name, size and times of everything that a build reads, and DuckDB's version: equal means nothing is new."""
    digest = hashlib.sha256(_duckdb_version().encode())
    for file in (SCHEMA, *(Path(__file__).with_name(f"{name}.py") for name in ("build", "load", "artefact"))):
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

    `progress(done, total)` counts run folders. Raises OSError where the folder cannot be written, and
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
        with duckdb.connect(str(fresh), config={"threads": 2, "memory_limit": "700MB", "preserve_insertion_order": True}) as con:
            con.execute(SCHEMA.read_text(encoding="utf-8"))
            left_out = load_facts(con, layout) + load_answers(con, layout)
            runs, rows, bad = load_runs(con, layout, progress)
            left_out += bad
            for row in left_out:
                con.execute("INSERT OR IGNORE INTO left_out VALUES (?, ?, ?)", list(row.values()))
            con.execute("CHECKPOINT")
        now = datetime.now(UTC)
        file = layout.built / f"results-{now:%Y%m%dT%H%M%S%f}-{found[:8]}.duckdb"
        fresh.rename(file)
    except duckdb.Error as error:
        raise StoreError(one_line(error)) from error
    finally:
        for left in (fresh, fresh.with_name(f"{fresh.name}.wal")):
            left.unlink(missing_ok=True)
    version = Version(
        file, file.stat().st_size, found, now.isoformat(timespec="seconds"), round(time.perf_counter() - start, 3), runs, rows, tuple(left_out)
    )
    publish(layout, version)
    return version


@lru_cache(maxsize=1)
def _duckdb_version() -> str:
    return importlib.metadata.version("duckdb")
