"""Build the DuckDB file from run artefacts and facts, and publish it beside its readers.

Each version is a new file, found through a pointer file, because a process that has a DuckDB file
open goes on serving the old content after the file is replaced. Nothing is deleted but versions that
were replaced.
"""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from compute.core import runs
from compute.core.runs import recover
from store import load
from store.layout import Layout
from store.load import load_answers, load_facts, load_runs
from store.schema import schema_sql

KEPT_VERSIONS = 3

_building = threading.Lock()


@dataclass(frozen=True)
class Version:
    """A published build: its file, what it was built from, and what was left out (`run_id`, `file`, `reason`)."""

    file: Path
    bytes: int
    fingerprint: str
    built_at: str
    seconds: float
    runs: int
    rows: int
    left_out: tuple[dict, ...]


def fingerprint(layout: Layout) -> str:
    """A hash over name, size and times of everything that a build reads, and DuckDB's version: equal means nothing is new."""
    digest = hashlib.sha256(_duckdb_version().encode() + schema_sql().encode())
    for file in (Path(__file__), Path(load.__file__), Path(runs.__file__)):
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


def current(layout: Layout) -> Version | None:
    """The published version, or None where there is none yet or its file is not whole."""
    try:
        said = json.loads(layout.pointer.read_text(encoding="utf-8"))
        version = Version(**{**said, "file": layout.built / said["file"], "left_out": tuple(said["left_out"])})
        whole = version.file.stat().st_size == version.bytes
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return version if whole else None


def build(layout: Layout, progress: Callable[[int, int], None] | None = None) -> Version:
    """The current version, built first if anything is new since the last build.

    `progress(done, total)` counts run folders. Raises OSError where the folder cannot be written.
    """
    found = fingerprint(layout)
    version = current(layout)
    if version and version.fingerprint == found:
        if not layout.results.exists():
            _copy_for_shell(layout, version)
        return version
    # one build at a time in a process; whoever waited finds it done
    with _building:
        version = current(layout)
        if version and version.fingerprint == found:
            return version
        return _build(layout, found, progress or (lambda done, total: None))


def stale(layout: Layout) -> bool:
    """Whether a build would find something new; never true while this process is building."""
    version = current(layout)
    return version is None or (not _building.locked() and version.fingerprint != fingerprint(layout))


def _build(layout: Layout, found: str, progress: Callable[[int, int], None]) -> Version:
    import duckdb

    start = time.perf_counter()
    layout.built.mkdir(parents=True, exist_ok=True)
    if layout.runs.exists():
        recover(layout.runs)
    fresh = layout.built / f".new-{os.getpid()}-{time.time_ns()}.duckdb"
    try:
        with duckdb.connect(str(fresh), config={"threads": 2, "memory_limit": "700MB", "preserve_insertion_order": True}) as con:
            con.execute(schema_sql())
            left_out = load_facts(con, layout) + load_answers(con, layout)
            runs, rows, bad = load_runs(con, layout, progress)
            left_out += bad
            for row in left_out:
                con.execute("INSERT OR IGNORE INTO left_out VALUES (?, ?, ?)", list(row.values()))
            con.execute("CHECKPOINT")
        now = datetime.now(UTC)
        file = layout.built / f"results-{now:%Y%m%dT%H%M%S%f}-{found[:8]}.duckdb"
        fresh.rename(file)
    finally:
        fresh.unlink(missing_ok=True)
    version = Version(
        file, file.stat().st_size, found, now.isoformat(timespec="seconds"), round(time.perf_counter() - start, 3), runs, rows, tuple(left_out)
    )
    _publish(layout, version)
    return version


def _publish(layout: Layout, version: Version) -> None:
    pointer = layout.built / f".pointer-{version.file.stem}"
    said = {**version.__dict__, "file": version.file.name, "left_out": list(version.left_out)}
    pointer.write_text(json.dumps(said, indent=1), encoding="utf-8")
    os.replace(pointer, layout.pointer)
    _copy_for_shell(layout, version)
    for old in sorted(layout.built.glob("results-*.duckdb"))[:-KEPT_VERSIONS]:
        old.unlink(missing_ok=True)
    for dead in layout.built.glob(".*"):
        if time.time() - dead.stat().st_mtime > 3600:
            dead.unlink(missing_ok=True)


def _copy_for_shell(layout: Layout, version: Version) -> None:
    """Renew the copy that people open; where it is held open and cannot be replaced, it stays as it is."""
    copy = layout.built / f".copy-{version.file.name}"
    try:
        shutil.copyfile(version.file, copy)
        os.replace(copy, layout.results)
    except OSError:
        copy.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def _duckdb_version() -> str:
    return importlib.metadata.version("duckdb")
