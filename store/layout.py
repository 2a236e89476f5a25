"""Where the store's parts lie."""

import hashlib
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from compute.core.runs import STORE

SCHEMA = STORE / "schema.sql"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The folders of one store: what it is built from, the built versions, and the copy for DuckDB's shell."""

    runs: Path
    built: Path
    results: Path
    published: Path = STORE / "published"
    answers: Path = STORE / "answers"

    @classmethod
    def at(cls, root: Path) -> "Layout":
        """The store below `root`, with this project's own facts and answers."""
        return cls(runs=root / "runs", built=root / "built", results=root / "results.duckdb")

    @classmethod
    def default(cls) -> "Layout":
        """The store that the environment variable REPORT_STORE names, else the project's own.

        Raises NotADirectoryError where the variable names no folder.
        """
        return _at_folder(os.environ.get("REPORT_STORE") or str(STORE))

    @property
    def pointer(self) -> Path:
        """The small file that says which built version is current."""
        return self.built / "current.json"


@lru_cache(maxsize=8)
def _at_folder(root: str) -> Layout:
    """The store below a folder, which is looked for once: each rerun of a page asks."""
    if not os.path.isdir(root):
        raise NotADirectoryError(
            f"the environment variable REPORT_STORE names {root}, which is not a folder; make it or unset the variable"
        )
    layout = Layout.at(Path(root))
    if os.access(root, os.W_OK) or layout.pointer.exists():
        return layout
    # a checkout that cannot be written to: what is built goes to the user's cache
    known = hashlib.blake2b(os.path.realpath(root).encode(), digest_size=8).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "report" / known
    cache.mkdir(parents=True, exist_ok=True)
    return replace(layout, built=cache / "built", results=cache / "results.duckdb")
