"""The reading order of a question: the answer in one line, the figure that it asks for, the answer, its sources.

The evidence follows from the question's section; what is uncertain stands folded at the end (`uncertain`).
"""

from collections.abc import Callable

import streamlit as st

from compute.core.experiments import EXPERIMENTS
from pages.parts.data import cached_query, missing
from store import answers, catalogue
from store.settings import READABLE_PX

# a table or a formula that is wider than a narrow window scrolls by itself, not the page
NARROW = (
    "<style>[data-testid=stMarkdownContainer] :is(table, p:has(.katex)) {display: block; overflow-x: auto; overflow-y:"
    " hidden; max-width: 100%}</style>"
)
FIGURE_AND_TEXT = (3, 2)  # their widths on a wide window, where they stand side by side


def heading(question: str) -> None:
    """Show a question, what it asks, and its answer in one line."""
    row, found = _row(question), cached_query(answers.answer, question)
    st.header(f"{question} {row['title']}", anchor=anchor(question))
    st.caption(f"{row['points']} points. {row['asked']}")
    if _is_there(found):
        st.markdown(_unbroken(f"##### {found.headline}"), width=READABLE_PX)
    else:
        waits = "quotes results that are not here yet" if found else "is still to come"
        st.info(f"The written answer {waits}; the figures show what there is.", icon=":material/edit_note:")


def card(question: str, figure: Callable[[], None] | None = None) -> bool:
    """Show the figure that a question asks for, drawn by `figure`, and the written answer; whether there is an answer.

    On a wide window they stand side by side. Runs that are missing are named with the commands that make them.
    """
    row, found = _row(question), cached_query(answers.answer, question)
    there = _is_there(found)
    st.html(NARROW)
    if figure and there:
        left, right = st.columns(FIGURE_AND_TEXT, gap="medium")
        with left:
            figure()
        with right:
            _text(found)
    elif figure:
        figure()
    elif there:
        _text(found)
    commands = [EXPERIMENTS[job].command_line for job in row["missing"] if job in EXPERIMENTS]
    if commands:
        missing("Some of the runs that this question rests on are not here.", "; ".join(dict.fromkeys(commands)))
    return there


def uncertain(question: str) -> None:
    """Show, folded, what is uncertain about the answer to a question."""
    found = cached_query(answers.answer, question)
    if _is_there(found) and found.uncertain:
        with st.expander("What is uncertain"):
            st.markdown(_unbroken(found.uncertain), width=READABLE_PX)


def anchor(question: str) -> str:
    """The anchor of a question's heading."""
    return f"q{question.replace('.', '-')}"


def _row(question: str) -> dict:
    return next(row for row in cached_query(catalogue.evidence) if row["question"] == question)


def _is_there(found: answers.Answer | None) -> bool:
    return found is not None and not found.missing


def _text(found: answers.Answer) -> None:
    with st.container(width=READABLE_PX):
        st.markdown(_unbroken(found.body))
        if found.footnotes:
            numbered = (f"{answers.superscript(number)} {note}" for number, note in enumerate(found.footnotes, 1))
            st.caption(f"Sources: {'; '.join(numbered)}.")


def _unbroken(text: str) -> str:
    """The text with numbers and their percent signs on one line."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")
