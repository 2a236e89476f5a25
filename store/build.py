"""Build the DuckDB file from run artefacts and facts, and publish it beside its readers; nothing is deleted but
versions that were replaced.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from compute.core.runs import recover
from store.blame import refusals
from store.insert import insert_rows
from store.layout import Layout
from store.load import load_answers, load_facts, load_runs
from store.look import Look, look
from store.renew import news
from store.schema import schema_sql
from store.settings import BUILD_MEMORY, BUILD_THREADS, DELETED_PERCENT, GROWN_PERCENT
from store.tables import STORE, count_rows, declare, forget, forget_runs, literal
from store.version import StoreError, Version, copy_for_shell, current, one_line, publish, trouble


class _WholeError(Exception):
    """The version before is no good start for the next one."""


def build(
    layout: Layout,
    progress: Callable[[int, int], None] | None = None,
    finish: Callable[[Path, str], None] | None = None,
) -> Version:
    """The current version, built first if anything is new since the last build, or if that one cannot be read.

    One process at a time builds a store; whoever waited for it finds it done. `progress(done, total)` counts
    files. `finish(file, rest)` adds to the new file, before it is published, what follows from its tables; `rest`
    is the state of all that is no run. Raises OSError where the folder cannot be written, and StoreError where
    DuckDB refuses to build; what was published before then stays.
    """
    seen = look(layout)
    if version := _up_to_date(layout, seen):
        if not layout.results.exists():
            copy_for_shell(layout, version)
        return version
    if "?" in str(layout.built):
        raise StoreError(
            "DuckDB cannot write below a folder with a question mark in its name; rename it, or let REPORT_STORE name"
            f" another: {layout.built}"
        )
    layout.built.mkdir(exist_ok=True)
    with _alone(layout):
        if version := _up_to_date(layout, seen):
            return version
        _drop(layout.built.glob(".new-*"))  # what a build left that was killed
        if layout.runs.exists():
            recover(layout.runs)
        return _build(layout, look(layout), progress or (lambda done, total: None), finish or (lambda file, rest: None))


def up_to_date(layout: Layout) -> bool:
    """Whether a build would find nothing new, and the current version can be read."""
    return _up_to_date(layout, look(layout)) is not None


def _up_to_date(layout: Layout, seen: Look) -> Version | None:
    version = current(layout)
    return version if version and version.fingerprint == seen.fingerprint and not trouble(version) else None


@contextlib.contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Hold the lock that one process on this machine can hold; it is free again when that process ends, however it
    ends.
    """
    from filelock import FileLock

    try:
        with FileLock(layout.built / ".lock").acquire(poll_interval=0.2):
            yield
    except NotImplementedError as error:
        raise OSError(f"the file system of {layout.built} has no locks: {error}") from error


def _build(
    layout: Layout, seen: Look, progress: Callable[[int, int], None], finish: Callable[[Path, str], None]
) -> Version:
    start = time.perf_counter()
    fresh = layout.built / f".new-{os.getpid()}-{time.time_ns()}.duckdb"
    before = current(layout)
    try:
        try:
            if (
                before is None
                or before.rest != seen.rest
                or trouble(before)
                or 100 * before.bytes > (100 + GROWN_PERCENT) * before.whole_bytes
            ):
                raise _WholeError
            shutil.copyfile(before.file, fresh)
            runs, rows, left_out = _write(fresh, layout, seen, before, progress)
            whole_bytes = before.whole_bytes
        except (_WholeError, *refusals()):  # also where going on from the version before fails for a reason of its own
            fresh.unlink(missing_ok=True)
            runs, rows, left_out = _write(fresh, layout, seen, None, progress)
            whole_bytes = fresh.stat().st_size
        finish(fresh, seen.rest)
        now = datetime.now(UTC)
        file = layout.built / f"results-{now:%Y%m%dT%H%M%S%f}-{seen.fingerprint[:8]}.duckdb"
        fresh.rename(file)
    except refusals() as error:
        raise error if isinstance(error, OSError) else StoreError(one_line(error)) from error
    finally:
        _drop(layout.built.glob(f"{fresh.stem}*"))  # DuckDB may have put files of its own beside it
    built = {"built_at": now.isoformat(timespec="seconds"), "seconds": round(time.perf_counter() - start, 3)}
    sizes = {"bytes": file.stat().st_size, "whole_bytes": whole_bytes}
    version = Version(
        file=file,
        **sizes,
        fingerprint=seen.fingerprint,
        rest=seen.rest,
        **built,
        runs=runs,
        rows=rows,
        left_out=tuple(left_out),
    )
    publish(layout, version)
    return version


def _write(
    fresh: Path, layout: Layout, seen: Look, before: Version | None, progress: Callable[[int, int], None]
) -> tuple[int, int, list[dict]]:
    """Write all that was seen into a new file, or into a copy of the version before what differs from it.

    Returns how many runs and rows of theirs it holds, and what was left out. Raises _WholeError where the copy is no
    good start.
    """
    con = _connect(fresh)
    try:
        tables = declare(con, schema_sql())
        new = news(con, tables, seen)
        if before is None:
            bad = load_facts(con, tables, layout) + load_answers(con, tables, layout)
        elif 100 * len(new.forget) > DELETED_PERCENT * before.runs:
            raise _WholeError
        else:
            bad = [row for row in before.left_out if "/" in row["file"]]  # facts and answers, which are what they were
        forget_runs(con, tables, new.forget)
        refused = load_runs(con, tables, layout, {run: seen.files[run] for run in new.take}, progress)
        if before and _spanning(tables, refused) - {row["run_id"] for row in before.left_out}:
            raise _WholeError  # a key that spans runs: which of them is there first, only all of them tell
        bad += refused
        forget(con, tables["left_out"], "run_id", {row["run_id"] for row in before.left_out} if before else ())
        insert_rows(con, STORE, tables["left_out"], bad)
        forget(con, tables["folders"], "folder", new.touched)
        insert_rows(
            con,
            STORE,
            tables["folders"],
            [{"folder": run, "state": seen.runs[run]} for run in sorted(new.touched & seen.runs.keys())],
        )
        runs, rows = count_rows(con, tables)
        con.execute(f"CHECKPOINT {STORE}")
        con.execute(f"DETACH {STORE}")
    finally:
        with contextlib.suppress(*refusals()):  # after a full disk DuckDB cannot even close the file
            con.close()
    return runs, rows, bad


def _spanning(tables, refused: list[dict]) -> set[str]:
    """The refused runs whose file feeds a table in which a row of one run can break the key of another's."""
    names = {f"{table.name}.parquet" for table in tables.values() if not table.within_runs}
    return {row["run_id"] for row in refused if row["file"] in names}


def _connect(fresh: Path):
    """A DuckDB connection that has the new file attached; without a log of what is written, as nobody needs a file that
    is half built.
    """
    import duckdb

    # no file is read twice
    con = duckdb.connect(
        config={
            "threads": BUILD_THREADS,
            "memory_limit": BUILD_MEMORY,
            "enable_external_file_cache": False,
            "temp_directory": f"{fresh}.tmp",
        }
    )
    con.execute("SET parquet_metadata_cache = true")  # a file is looked at before it is read
    con.execute(f"ATTACH {literal(str(fresh))} AS {STORE} (RECOVERY_MODE NO_WAL_WRITES)")
    return con


def _drop(left: Iterable[Path]) -> None:
    for path in left:
        with contextlib.suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
