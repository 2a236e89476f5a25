"""What a build reads, as it is now: the state of each run's folder and of everything else, by names, sizes and times of
files.
"""

import hashlib
import importlib.metadata
import os
import sys
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from compute.core.runs import read_record
from store.insert import insert_parquet
from store.layout import Layout
from store.load import load_runs
from store.schema import schema_sql
from store.tables import declare

# the functions that decide what is in the store; a change of their modules is news
DECIDING = (read_record, insert_parquet, load_runs, declare)


@dataclass(frozen=True)
class Look:
    """What was there at one moment: by run folder the state of its files and the names of the Parquet files among them,
    and the state of all else.
    """

    rest: str
    runs: dict[str, str]
    files: dict[str, tuple[str, ...]]

    @cached_property
    def fingerprint(self) -> str:
        """A hash over all of it: equal means that nothing is new."""
        return _hash([self.rest, *sorted(self.runs.items())])


def look(layout: Layout) -> Look:
    """What there is to build from. A state holds what `stat` says of the files; what is in them is not read."""
    runs, files = {}, {}
    for name in _folders(layout.runs):
        seen = _files(f"{layout.runs}/{name}")
        runs[name] = _hash(seen)
        files[name] = tuple(file for file, *_ in seen if file.endswith(".parquet"))
    rest = [_code(), schema_sql(), _files(str(layout.published)), _files(str(layout.answers))]
    return Look(_hash(rest), runs, files)


def _folders(top: Path) -> list[str]:
    try:
        with os.scandir(top) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return []


def _files(folder: str) -> list[tuple[str, int, int, int]]:
    """Name, size and times of each file, by name. Written for speed: a store has thousands of them."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    stat = entry.stat()
                except OSError:  # a link in a loop, a file that is gone by now
                    continue
                found.append((entry.name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    except OSError:  # it is gone, or may not be read: whoever loads it says so
        pass
    found.sort()
    return found


@lru_cache(maxsize=1)
def _code() -> str:
    files = sorted({sys.modules[function.__module__].__file__ for function in DECIDING})
    return _hash([importlib.metadata.version("duckdb"), *(Path(file).read_text(encoding="utf-8") for file in files)])


def _hash(parts: list) -> str:
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
