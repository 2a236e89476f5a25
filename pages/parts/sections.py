"""A problem's page: its title, and a control that chooses the question to show."""

from collections.abc import Callable

import streamlit as st

from compute.core.vocabulary import PROBLEMS
from pages.parts.data import cached_query, missing, needs_results
from pages.parts.figure import escaped
from store import catalogue
from store.settings import REPEATED_CHARACTERS


def page(problem: str, sections: dict[str, Callable[[], None]]) -> None:
    """Show the section of the question that the address names, the first one where it names none.

    An address that names a question which the problem does not have gets a list of all questions.
    """
    st.title(PROBLEMS[problem].title)
    needs_results()
    every = cached_query(catalogue.questions)
    mine = every.loc[every["problem"] == problem, "question"].tolist()
    if not mine:
        missing(
            "The store holds no questions; the facts in store/published could not be read.", "python -m store build"
        )
        st.stop()
    asked = st.query_params.get("question")
    known = asked is None or asked in mine
    chosen = st.segmented_control(
        "Question", mine, default=mine[0] if known else None, required=known, key="question", bind="query-params"
    )
    if chosen in mine:
        sections[chosen]()
    else:
        _no_such_question(asked or "", every)


def _no_such_question(asked: str, every) -> None:
    """Say that the address names no question of this page, and link to all questions there are."""
    st.warning(
        f"There is no question {escaped(asked[:REPEATED_CHARACTERS])} on this page. Choose one above, or one of these:",
        icon=":material/help:",
    )
    for row in every.itertuples():
        st.page_link(
            f"pages/{row.problem}.py", label=f"{row.question} {row.title}", query_params={"question": row.question}
        )
