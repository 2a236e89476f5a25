"""Whether a store holds what it has to, after whatever was done to it."""

import contextlib
from pathlib import Path

from compute.core.recovery import recover
from compute.core.runs import ArtefactError, read_record
from store import catalogue
from store.build import build
from store.layout import Layout
from store.reader import open_reader
from store.version import StoreError, current, trouble


def visible(root: Path) -> list[str]:
    """The names of the run folders that a build would look at."""
    runs = root / "runs"
    return sorted(path.name for path in runs.iterdir() if not path.name.startswith(".")) if runs.exists() else []


def half_runs(root: Path) -> str | None:
    """A run folder that is visible and cannot be used; None if there is none."""
    if (root / "runs").exists():
        recover(root / "runs")
    for name in visible(root):
        try:
            read_record(root / "runs" / name)
        except (ArtefactError, OSError) as error:
            return f"{name} is visible and half there: {error}"
    return None


def lost(root: Path, finished: set[str]) -> str | None:
    """The finished runs that are not there any more; None if all are."""
    missing = finished - set(visible(root))
    return f"finished runs were lost: {sorted(missing)}" if missing else None


def unreadable(root: Path, expected: bool = True) -> str | None:
    """Why the report cannot be read as it was last published; None where it can.

    `expected`: a version has to be there.
    """
    layout = Layout.at(root)
    version = current(layout)
    if version is None:
        return "the published version is gone" if expected else None
    if said := trouble(version):
        return f"the published version cannot be read: {said}"
    try:
        found = len(catalogue.runs(open_reader(layout)))
    except Exception as error:  # noqa: BLE001 whatever a page would show
        return f"a query of the report fails: {type(error).__name__}: {error}"
    return None if found == version.runs else f"the report shows {found} runs of {version.runs}"


def not_built(root: Path, query: str, expected: list[tuple]) -> str | None:
    """Why a build does not lead to what a query has to give; None where it does."""
    layout = Layout.at(root)
    try:
        version = build(layout)
    except (OSError, StoreError) as error:
        return f"it cannot be built: {error}"
    if version.left_out:
        return f"left out: {version.left_out[0]}"
    if problem := unreadable(root):
        return problem
    found = [tuple(row) for row in open_reader(layout).df(query).itertuples(index=False)]
    with contextlib.suppress(OSError):
        if left := [path.name for path in layout.built.glob(".new-*")]:
            return f"a build left {left}"
    return None if found == expected else f"the store holds {found!r:.200}, not {expected!r:.200}"
