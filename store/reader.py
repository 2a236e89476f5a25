"""Reading the built store: read-only, locked down, a cursor for each query."""

import contextlib
import threading
from pathlib import Path

import duckdb
import pandas as pd

from store.layout import Layout
from store.version import StoreError, Version, connect, current, one_line

_readers: dict[Path, "Reader"] = {}
_opening = threading.Lock()


class Reader:
    """One version of the store; all queries of a page's rerun go through the same one."""

    def __init__(self, version: Version):
        self.version = version
        self.memo: dict = {}  # what queries of this version want to remember
        self._con = connect(version.file)
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
    """The reader of the current version, one for each version in this process.

    Raises StoreError where nothing has been built, and where DuckDB refuses the file, with its reason.
    """
    layout, refused = layout or Layout.default(), None
    for _ in range(3):  # the version read from the pointer may be replaced before it is opened
        version = current(layout)
        if version is None:
            break
        with _opening:
            for gone in [file for file in _readers if file != version.file and not file.exists()]:
                del _readers[gone]
            try:
                if version.file not in _readers:
                    _readers[version.file] = Reader(version)
                return _readers[version.file]
            except duckdb.Error as error:
                refused = f"{version.file} cannot be opened: {one_line(error)}"
    raise StoreError(f"{refused or f'there is no store at {layout.built}'}; build it with: python -m store build")
