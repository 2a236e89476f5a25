"""What every page of the app shows with its default controls, as Streamlit's own elements.

Each view is run in this process, and what it would send to a browser is taken, so that the export has no description
of the report of its own.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from compute.core.vocabulary import PROBLEMS
from pages.parts.figure import KEPT
from store import catalogue
from store.reader import Reader

APP = Path(__file__).parents[2] / "app.py"
TIMEOUT_S = 300


class ExportError(Exception):
    """A page cannot be exported; the message is one line that says which and why."""


@dataclass(frozen=True, kw_only=True)
class View:
    """One view: its page, its question (None where the page has none), its elements, and its figures' downloads."""

    page: str
    question: str | None
    main: object
    downloads: dict[str, pd.DataFrame]


def views(reader: Reader) -> list[tuple[str, str | None]]:
    """Page and question of every view that the export holds, in the report's order."""
    rows = catalogue.questions(reader)
    asked = [(row.problem, row.question) for name in PROBLEMS for row in rows.itertuples() if row.problem == name]
    return [("overview", None), *asked, ("runs", None)]


def collect(page: str, question: str | None) -> View:
    """The elements of one view. Raises ExportError where the page ends in an exception."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(APP), default_timeout=TIMEOUT_S)
    app.session_state[KEPT] = {}
    if question:
        app.query_params["question"] = question
    app.switch_page(f"pages/{page}.py").run()
    if app.exception:
        raise ExportError(f"the page {page} {question or ''} ends in an error: {app.exception[0].message}")
    return View(page=page, question=question, main=app.main, downloads=dict(app.session_state[KEPT]))
