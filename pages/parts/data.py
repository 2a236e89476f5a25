"""The store as pages see it: one version for a whole rerun, results cached under that version."""

import runpy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import streamlit as st

from store.layout import Layout
from store.reader import Reader, forget, open_reader
from store.version import RefusedError, StoreError, one_line, reason
from store.watch import Watch, beside

PINNED, INSIDE = "_store", "_inside"
APP = Path(__file__).parents[2] / "app.py"
BUILD = "python -m store build"


@dataclass(frozen=True)
class Pinned:
    """What a rerun has of the store: its reader, or why there is none, and the watch that builds what is new."""

    reader: Reader | None
    watch: Watch | None = None
    error: Exception | None = None


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
    """Pin the current version of the store for the rerun that happens inside; where a query of it fails, say so."""
    here = _current()
    st.session_state[PINNED], st.session_state[INSIDE] = here, True
    if here.reader and here.watch.news.problem:
        st.warning(f"The newest results could not be built: {here.watch.news.problem}", icon=":material/report:")
    try:
        yield
    except duckdb.Error as error:
        st.error(
            f"The rest of this page could not be read from the results: {one_line(error)}", icon=":material/report:"
        )
        forget(here.reader)
        here.watch.doubt()
    finally:
        # a session that lies idle holds no version open
        del st.session_state[INSIDE], st.session_state[PINNED]


def _current() -> Pinned:
    watch = None
    try:
        layout = Layout.default()
        watch = beside(layout)
        return Pinned(open_reader(layout), watch)
    except (OSError, StoreError) as error:
        return Pinned(None, watch, error)


def needs_results() -> None:
    """End a page's script here where there is no store: show how the first one is built and begin again, or why there
    is none.
    """
    here: Pinned = st.session_state[PINNED]
    if here.reader:
        return
    if here.watch and here.watch.news.building:
        _until_built(here)
        st.rerun()
    problem = here.watch and here.watch.news.problem
    missing(f"The results cannot be read: {problem or reason(here.error)}", BUILD)
    st.stop()


def _until_built(here: Pinned) -> None:
    with st.status("Building the results from the run artefacts …", expanded=True):
        if isinstance(here.error, RefusedError):
            st.caption(reason(here.error))
        bar = st.progress(0.0)
        while (news := here.watch.news).building:
            bar.progress(news.done / max(news.total, 1), f"{news.done} of {news.total} files" if news.total else "")
            time.sleep(0.1)


def reader() -> Reader | None:
    """The reader that this rerun is pinned to; None where there is no store."""
    return st.session_state[PINNED].reader


def cached_query(query: Callable, *args):
    """The result of a store query `query(reader, *args)`, computed once for each version of the store.

    A DataFrame may be changed, which changes nobody else's; any other result is shared with all visitors.
    """
    found = reader()
    if found is None:
        return pd.DataFrame()
    asked = (tuple(one) if isinstance(one, list) else one for one in args)
    return found.results.get((query.__module__, query.__qualname__, *asked), lambda: query(found, *args))


def missing(what: str, command: str) -> None:
    """Say what is not there and which command makes it."""
    st.info(f"{what}\n\nRun `{command}`", icon=":material/construction:")
