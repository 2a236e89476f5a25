"""A problem's page: the list of its questions in the sidebar, and the question that was chosen."""

from collections.abc import Callable
from html import escape

import pandas as pd
import streamlit as st

from compute.core.vocabulary import PROBLEMS
from pages.parts.answer import heading, uncertain
from pages.parts.data import cached_query, missing, needs_results
from pages.parts.figure import escaped
from store import catalogue
from store.settings import REPEATED_CHARACTERS


def page(problem: str, sections: dict[str, Callable[[], None]]) -> None:
    """Show the section of the question that the address names, the first one where it names none.

    An address that names a question which the problem does not have gets a list of all questions.
    """
    st.caption(f"Problem {PROBLEMS[problem].number}: {PROBLEMS[problem].title}")
    needs_results()
    every = cached_query(catalogue.questions)
    mine = every[every["problem"] == problem].set_index("question")
    if mine.empty:
        missing(
            "The store holds no questions; the facts in store/published could not be read.", "python -m store build"
        )
        st.stop()
    asked = st.query_params.get("question")
    known = asked is None or asked in mine.index
    chosen = st.sidebar.radio(
        "Question",
        list(mine.index),
        index=0 if known else None,
        captions=_captions(mine),
        key="question",
        bind="query-params",
    )
    if chosen in mine.index:
        heading(chosen)
        sections[chosen]()
        uncertain(chosen)
        _following(chosen, every)
    else:
        _no_such_question(asked or "", every)


def _captions(questions: pd.DataFrame) -> list[str]:
    """For each question its title, its points, and whether it is answered."""
    answered = {row["question"] for row in cached_query(catalogue.evidence) if row["answered"]}
    return [
        f"{row.title} · {row.points} points{'' if row.Index in answered else ' · not answered yet'}"
        for row in questions.itertuples()
    ]


def _following(question: str, every: pd.DataFrame) -> None:
    """Lead to the question that comes after this one, on this page or on the next problem's."""
    names = every["question"].tolist()
    place = names.index(question) + 1
    if place == len(names):
        return
    row = every.iloc[place]
    if row["problem"] == every["problem"].iloc[place - 1]:
        # Streamlit's own link to the page that is shown would leave the question out of the address
        link = (
            f'<a href="?question={row["question"]}" target="_self">Next: {row["question"]} {escape(row["title"])}</a>'
        )
        st.markdown(link, unsafe_allow_html=True)
    else:
        _link(row, "Next: ")


def _link(row: pd.Series, before: str = "") -> None:
    st.page_link(
        f"pages/{row['problem']}.py",
        label=f"{before}{row['question']} {row['title']}",
        query_params={"question": row["question"]},
    )


def _no_such_question(asked: str, every: pd.DataFrame) -> None:
    """Say that the address names no question of this page, and link to all questions there are."""
    st.warning(
        f"There is no question {escaped(asked[:REPEATED_CHARACTERS])} on this page. Choose one of these:",
        icon=":material/help:",
    )
    for _, row in every.iterrows():
        _link(row)
