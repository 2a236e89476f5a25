"""Build the DuckDB file from run artefacts and facts, and publish it beside its readers.

Each version is a new file, found through a pointer file, because a process that has a DuckDB file
open goes on serving the old content after the file is replaced. Whatever cannot be used is left
out with its file and reason; the rest is built; nothing is deleted but versions that were replaced.
"""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from store.artefact import RECORD, ArtefactError, read_record, recover
from store.layout import SCHEMA, Layout

KEPT_VERSIONS = 3
# facts first that others refer to
FACTS = ("sources", "published", "devices", "lu_times", "lu_flops", "throughputs", "prices", "questions")
UNIQUE = {"steps": "step"}
RUN_COLUMNS = [
    "run_id",
    "problem",
    "job",
    "scale",
    "provenance",
    "model",
    "depth",
    "gpu_type",
    "dataset",
    "lr",
    "seed",
    "device",
    "config",
    "inputs",
    "weights",
    "code_version",
    "python_version",
    "torch_version",
    "system",
    "started_at",
    "seconds",
    "contributor",
    "note",
]

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
    digest = hashlib.sha256(_duckdb_version().encode())
    for file in (SCHEMA, Path(__file__)):
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
            con.execute(SCHEMA.read_text(encoding="utf-8"))
            left_out = _load_facts(con, layout) + _load_answers(con, layout)
            runs, rows, bad = _load_runs(con, layout, progress)
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


def _load_facts(con, layout: Layout) -> list[dict]:
    bad = []
    for name in FACTS:
        file = layout.published / f"{name}.csv"
        try:
            if not file.exists():
                raise ArtefactError("the file is missing")
            con.execute(f"INSERT INTO {name} BY NAME SELECT * FROM read_csv(?, header = true, all_varchar = true, quote = '\"')", [str(file)])
        except _refusals() as error:
            bad.append(_left_out(name, f"published/{file.name}", error))
    return bad


def _load_answers(con, layout: Layout) -> list[dict]:
    bad = []
    for file in sorted(layout.answers.glob("*.md")):
        headline, _, body = file.read_text(encoding="utf-8").partition("\n")
        try:
            con.execute("INSERT INTO answers VALUES (?, ?, ?)", [file.stem, headline.strip(), body.strip()])
        except _refusals() as error:
            bad.append(_left_out(file.stem, f"answers/{file.name}", error))
    return bad


def _load_runs(con, layout: Layout, progress: Callable[[int, int], None]) -> tuple[int, int, list[dict]]:
    """Load run by run, each in its own transaction; runs made from others after those."""
    wanted = _wanted_columns(con)
    folders = sorted(f for f in layout.runs.iterdir() if f.is_dir() and not f.name.startswith(".")) if layout.runs.exists() else []
    records, bad, loaded, rows, done = {}, [], set(), 0, 0
    for folder in folders:
        try:
            records[folder] = read_record(folder)
        except (ArtefactError, OSError) as error:
            bad.append(_left_out(folder.name, getattr(error, "file", RECORD), error))
    waiting = dict(records)
    while ready := [f for f, record in waiting.items() if set(record.get("inputs") or ()) <= loaded]:
        for folder in ready:
            record, file = waiting.pop(folder), RECORD
            con.begin()
            try:
                _insert_record(con, record, wanted["runs"])
                for path in sorted(folder.glob("*.parquet")):
                    file = path.name
                    rows += _insert_table(con, path, folder.name, wanted)
                con.commit()
                loaded.add(folder.name)
            except _refusals() as error:
                con.rollback()
                bad.append(_left_out(folder.name, file, error))
            done += 1
            progress(done, len(folders))
    for folder, record in waiting.items():
        lost = sorted(set(record["inputs"]) - loaded)
        bad.append(_left_out(folder.name, RECORD, ArtefactError(f"it was made from {', '.join(lost)}, which the store does not have")))
    return len(loaded), rows, bad


def _wanted_columns(con) -> dict[str, dict[str, tuple[str, bool]]]:
    """For `runs` and each table that a run may feed: column → (type, may be missing)."""
    found = con.execute(
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE schema_name = 'main' ORDER BY table_name, column_index"
    ).fetchall()
    tables: dict = {}
    for table, column, kind, optional in found:
        tables.setdefault(table, {})[column] = (kind, bool(optional))
    return {t: columns for t, columns in tables.items() if "run_id" in columns and t != "left_out"}


def _insert_record(con, record: dict, columns: Iterable[str]) -> None:
    row = {column: record.get(column) for column in columns} | {"config": json.dumps(record["config"]), "inputs": list(record.get("inputs") or ())}
    con.execute(f"INSERT INTO runs ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def _insert_table(con, path: Path, run: str, wanted: dict) -> int:
    name = path.stem
    if name not in wanted or name == "runs":
        raise ArtefactError(f"the store has no table {name!r} that a run can feed")
    described = con.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(path)]).description
    has = {column[0]: str(column[1]) for column in described}
    for column, (kind, optional) in wanted[name].items():
        if column == "run_id":
            continue
        if column not in has:
            if not optional:
                raise ArtefactError(f"column {column!r} is missing")
        elif _family(has[column]) not in _ACCEPTS.get(_family(kind), {_family(kind)}):
            raise ArtefactError(f"column {column!r} has type {has[column]}, the store wants {kind}")
    if extra := sorted(set(has) - set(wanted[name])):
        raise ArtefactError(f"the table {name!r} has no column {extra[0]!r}")
    if "run_id" in has:
        raise ArtefactError("column 'run_id' does not belong in the file; the folder's name says it")
    columns = ", ".join(has)
    rows = con.execute(f"INSERT INTO {name} (run_id, {columns}) SELECT ?, {columns} FROM read_parquet(?)", [run, str(path)]).fetchone()[0]
    if name in UNIQUE:
        key = UNIQUE[name]
        if con.execute(f"SELECT count(DISTINCT {key}) FROM read_parquet(?)", [str(path)]).fetchone()[0] != rows:
            raise ArtefactError(f"column {key!r} holds the same value twice")
    return rows


_ACCEPTS = {"number": {"number", "integer"}}


def _family(kind: str) -> str:
    kind = kind.upper()
    if kind.startswith(("TINYINT", "SMALLINT", "INT", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINT", "UBIGINT", "NUMBER")):
        return "integer"
    if kind.startswith(("FLOAT", "DOUBLE", "DECIMAL", "REAL")):
        return "number"
    if kind.startswith(("VARCHAR", "ENUM", "STRING", "JSON")):
        return "text"
    return kind


def _refusals() -> tuple[type[Exception], ...]:
    """What a bad file can raise; DuckDB is imported only where something is built."""
    import duckdb

    return duckdb.Error, ArtefactError, OSError, ValueError, TypeError


def _left_out(run: str, file: str, error: Exception) -> dict:
    return {"run_id": run, "file": file, "reason": " ".join(str(error).split())[:300] or type(error).__name__}
