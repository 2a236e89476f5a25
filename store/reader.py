"""Reading the built store: read-only, locked down, a cursor for each query."""

import contextlib
import os
import threading
from pathlib import Path
from weakref import WeakValueDictionary

import duckdb
import pandas as pd

from store.layout import Layout
from store.results import Results
from store.settings import CACHED_QUERIES
from store.version import RefusedError, StoreError, Version, connect, current, one_line

_readers: "WeakValueDictionary[Path, Reader]" = WeakValueDictionary()  # by file, as long as somebody reads it
_newest: "dict[Path, tuple[tuple, Reader]]" = {}  # by the folder of built versions, with what the pointer was like
_opening = threading.Lock()


class Reader:
    """One version of the store; all queries of a page's rerun go through the same one."""

    def __init__(self, version: Version | None, con: "duckdb.DuckDBPyConnection | None" = None):
        """Of a version that is published, or of a connection to one that is about to be."""
        self.version = version
        self.memo: dict = {}  # what queries of this version want to remember
        self.results = Results(CACHED_QUERIES)
        self._con = con or connect(version.file)
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
        """A cursor with the result of a query. One at a time, so that the limit on memory holds for however many
        visitors.
        """
        with self._turn, self._con.cursor() as cursor:
            yield cursor.execute(sql, parameters if isinstance(parameters, dict) else list(parameters))


def open_reader(layout: Layout | None = None) -> Reader:
    """The reader of the current version, one for each version in this process; it costs a look at the pointer while
    that is the same.

    Raises StoreError where nothing has been built, and RefusedError where DuckDB refuses the file, with its reason.
    """
    layout, refused = layout or Layout.default(), None
    for _ in range(3):  # the version read from the pointer may be replaced before it is opened
        try:
            stat = os.stat(layout.pointer)
        except OSError:
            break
        pointer = stat.st_ino, stat.st_size, stat.st_mtime_ns
        known = _newest.get(layout.built)
        if known and known[0] == pointer:
            return known[1]
        with _opening:
            if (version := current(layout)) is None:
                break
            try:
                found = _readers.get(version.file) or Reader(version)
            except duckdb.Error as error:
                refused = RefusedError(
                    f"{version.file} cannot be opened: {one_line(error)}; build it again with: python -m store build"
                )
                continue
            for folder in [folder for folder, (_, other) in _newest.items() if not other.version.file.exists()]:
                del _newest[folder]
            _readers[version.file] = found
            _newest[layout.built] = pointer, found
            return found
    raise refused or StoreError(f"there is no store at {layout.built}; build it with: python -m store build")


def forget(reader: Reader) -> None:
    """Have the next `open_reader` open the file again: after some errors a DuckDB connection is of no more use."""
    with _opening:
        _readers.pop(reader.version.file, None)
        for folder in [folder for folder, (_, other) in _newest.items() if other is reader]:
            del _newest[folder]
