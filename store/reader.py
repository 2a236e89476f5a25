"""Reading the built store: read-only, locked down, a cursor for each query."""

import contextlib
import secrets
import tempfile
import threading
from pathlib import Path

import duckdb
import pandas as pd

from store.build import Version, current
from store.layout import Layout


def _spill_folders() -> str:
    """What the names of this process's folders for spilled data begin with, below the system's folder for such; empty where there is none.

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
    "memory_limit": "256MB",
    "threads": "2",
    "lock_configuration": "true",
}

_readers: dict[Path, "Reader"] = {}
_opening = threading.Lock()


class StoreError(Exception):
    """The store cannot be read; the message says which command helps."""


class Reader:
    """One version of the store; all queries of a page's rerun go through the same one."""

    def __init__(self, version: Version):
        self.version = version
        self.memo: dict = {}  # what queries of this version want to remember
        spill = SPILL and SPILL + version.file.stem
        self._con = duckdb.connect(str(version.file), config={**LOCKED, "temp_directory": spill})
        self._turn = threading.Lock()

    def df(self, sql: str, parameters: list | tuple | dict = ()) -> pd.DataFrame:
        """The rows of one query, values bound with `?`, or with `$name` from a dict. Safe to call from any thread.

        Raises duckdb.Error for bad SQL.
        """
        with self._query(sql, parameters) as result:
            return result.df()

    def one(self, sql: str, parameters: list | tuple = ()) -> tuple | None:
        """The first row of a query, or None."""
        with self._query(sql, parameters) as result:
            return result.fetchone()

    @contextlib.contextmanager
    def _query(self, sql: str, parameters: list | tuple | dict):
        """A cursor with the result of a query. One at a time, so that the limit on memory holds for however many visitors."""
        with self._turn, self._con.cursor() as cursor:
            yield cursor.execute(sql, parameters if isinstance(parameters, dict) else list(parameters))


def open_reader(layout: Layout | None = None) -> Reader:
    """The reader of the current version, one for each version in this process.

    Raises StoreError where nothing has been built.
    """
    layout = layout or Layout.default()
    for _ in range(3):  # the version read from the pointer may be replaced before it is opened
        version = current(layout)
        if version is None:
            break
        with _opening, contextlib.suppress(duckdb.IOException):
            for gone in [file for file in _readers if file != version.file and not file.exists()]:
                del _readers[gone]
            if version.file not in _readers:
                _readers[version.file] = Reader(version)
            return _readers[version.file]
    raise StoreError(f"there is no store at {layout.built}; build it with: python -m store build")
