"""The store as pages see it: one version for a whole rerun, results cached under that version."""

import runpy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd
import streamlit as st

from store.build import build, stale
from store.layout import Layout
from store.reader import Reader, open_reader
from store.settings import CACHED_QUERIES
from store.version import StoreError, one_line

PINNED, INSIDE = "_store", "_inside"
APP = Path(__file__).parents[2] / "app.py"


def through_entrance() -> None:
    """Run app.py first where Streamlit started a page without it; a page's first call.

    A server that has not met `st.navigation` yet treats every file in `pages/` as a page of its own,
    so its very first visitor, following a link to a page, would get there without configuration,
    navigation or store.
    """
    if INSIDE not in st.session_state:
        runpy.run_path(str(APP))
        st.stop()


@contextmanager
def entrance() -> Iterator[None]:
    """Open the current store for the rerun that happens inside, after building it where something is new; where a query
    of it fails, say so.
    """
    st.session_state[PINNED], st.session_state[INSIDE] = _opened(), True
    try:
        yield
    except duckdb.Error as error:
        st.error(
            f"The rest of this page could not be read from the results: {one_line(error)}", icon=":material/report:"
        )
    finally:
        del st.session_state[INSIDE]


def _opened() -> Reader | None:
    """The current store. While one visitor's rerun builds, the others see the version before; so do all where nothing
    can be built.
    """
    place = st.empty()
    try:
        layout = Layout.default()
        try:
            if stale(layout):
                with place.status("Building the results from the run artefacts …", expanded=True):
                    bar = st.progress(0.0)
                    build(layout, lambda done, total: bar.progress(done / total, f"{done} of {total} runs"))
                place.empty()
        except (OSError, StoreError) as error:
            place.warning(f"The newest results could not be built: {one_line(error)}", icon=":material/report:")
        return open_reader(layout)
    except (OSError, StoreError) as error:
        missing(f"The results cannot be read: {one_line(error)}", "python -m store build")
        return None


def reader() -> Reader | None:
    """The reader that this rerun is pinned to; None where there is no store."""
    return st.session_state.get(PINNED)


def cached_query(query: Callable, *args):
    """The result of a store query `query(reader, *args)`, cached under the store's version."""
    found = reader()
    if found is None:
        return pd.DataFrame()
    return _cached(str(found.version.file), f"{query.__module__}.{query.__qualname__}", args, query, found)


@st.cache_data(max_entries=CACHED_QUERIES, show_spinner=False)
def _cached(version: str, name: str, args: tuple, _query: Callable, _reader: Reader):
    return _query(_reader, *args)


def missing(what: str, command: str) -> None:
    """Say what is not there and which command makes it."""
    st.info(f"{what}\n\nRun `{command}`", icon=":material/construction:")
