"""Published versions of the store: the pointer that names the current one, its file, and whether that file can be read.

Each version is a new file, found through a pointer file, because a process that has a DuckDB file
open goes on serving the old content after the file is replaced.
"""

import contextlib
import json
import os
import secrets
import shutil
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from store.layout import Layout
from store.settings import KEPT_VERSIONS, READER_MEMORY, READER_THREADS


def _spill_folders() -> str:
    """What the names of this process's folders for spilled data begin with, below the system's folder for such; empty
    where there is none.

    DuckDB makes a folder when it needs it, and removes it; no two of its instances may share one.
    """
    try:
        return str(Path(tempfile.gettempdir()) / f"report-{secrets.token_hex(8)}-")
    except FileNotFoundError:
        return ""


SPILL = _spill_folders()
# a hosted report answers strangers: no files, no network, bounded memory, no way to change that
LOCKED = {
    "access_mode": "READ_ONLY",
    "enable_external_access": "false",
    "memory_limit": READER_MEMORY,
    "threads": str(READER_THREADS),
    "lock_configuration": "true",
}

_read: set[tuple] = set()  # files that this process has read from end to end, as they were then


class StoreError(Exception):
    """The store cannot be read or built; the message is one line that says why."""


class RefusedError(StoreError):
    """There is a store, but DuckDB refuses its file: it is damaged, or held open by another program."""


@dataclass(frozen=True)
class Version:
    """A published build: its file, what it was built from, and what was left out (`run_id`, `file`, `reason`).

    `checksum` is the CRC-32 of the file, by which damage is found at a fraction of the cost of reading its tables.
    `fingerprint` stands for all that it was built from, `rest` for what is no run: schema, code, facts, answers.
    `whole_bytes` is the size of the last file that did not start as a copy of the one before.
    """

    file: Path
    bytes: int
    checksum: int
    whole_bytes: int
    fingerprint: str
    rest: str
    built_at: str
    seconds: float
    runs: int
    rows: int
    left_out: tuple[dict, ...]


def current(layout: Layout) -> Version | None:
    """The published version, or None where there is none yet or its file is not there in full length."""
    try:
        said = json.loads(layout.pointer.read_text(encoding="utf-8"))
        version = Version(**{**said, "file": layout.built / said["file"], "left_out": tuple(said["left_out"])})
        whole = version.file.stat().st_size == version.bytes
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return version if whole else None


def connect(file: Path):
    """A DuckDB connection to a version's file, read-only and locked down. Raises duckdb.Error where DuckDB refuses the
    file.
    """
    import duckdb

    return duckdb.connect(str(file), config={**LOCKED, "temp_directory": SPILL and SPILL + file.stem})


def trouble(version: Version) -> str | None:
    """Why the version's file cannot be used; None where it can.

    It cannot be opened, in DuckDB's words, as another program holds it open; or it differs from what was published.
    A file that this process has read before is not read again.
    """
    import duckdb

    try:
        stat = version.file.stat()
        seen = version.file, stat.st_ino, stat.st_size, stat.st_mtime_ns
        if seen not in _read:
            connect(version.file).close()
            if checksum(version.file) != version.checksum:
                return "its content is not what was published"
            _read.add(seen)
    except (OSError, duckdb.Error) as error:
        return one_line(error)
    return None


def checksum(file: Path) -> int:
    """The CRC-32 of a file's content."""
    value, buffer = 0, bytearray(1 << 20)
    with open(file, "rb", buffering=0) as handle:
        while size := handle.readinto(buffer):
            value = zlib.crc32(memoryview(buffer)[:size], value)
    return value


def one_line(error: BaseException) -> str:
    """What an error says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


def reason(error: OSError | StoreError) -> str:
    """What went wrong, on one line: the system's words and the file, or the message."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror + (f": {error.filename}" if error.filename else "")
    return one_line(error)


def publish(layout: Layout, version: Version) -> None:
    """Point to a version, and drop those that were replaced, but the last few."""
    pointer = layout.built / f".new-pointer-{version.file.stem}"
    said = {**version.__dict__, "file": version.file.name, "left_out": list(version.left_out)}
    pointer.write_text(json.dumps(said, indent=1), encoding="utf-8")
    os.replace(pointer, layout.pointer)
    copy_for_shell(layout, version)
    for old in sorted(layout.built.glob("results-*.duckdb"))[:-KEPT_VERSIONS]:
        with contextlib.suppress(OSError):  # some systems keep a file that is open
            old.unlink()


def copy_for_shell(layout: Layout, version: Version) -> None:
    """Renew the copy that people open; where it is held open and cannot be replaced, it stays as it is."""
    copy = layout.built / f".new-copy-{version.file.name}"
    try:
        shutil.copyfile(version.file, copy)
        os.replace(copy, layout.results)
    except OSError:
        copy.unlink(missing_ok=True)
