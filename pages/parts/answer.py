"""Answer cards: the question with its points, the answer in one line, and the written answer."""

import streamlit as st

from compute.core.experiments import EXPERIMENTS
from pages.parts.data import cached_query, missing, reader
from store import answers, catalogue
from store.settings import READABLE_PX

# a table or a formula that is wider than a narrow window scrolls by itself, not the page
NARROW = (
    "<style>[data-testid=stMarkdownContainer] :is(table, p:has(.katex)) {display: block; overflow-x: auto; overflow-y:"
    " hidden; max-width: 100%}</style>"
)


def card(question: str) -> bool:
    """Show a question and its written answer, with what is missing; whether there is an answer."""
    rows = {row["question"]: row for row in cached_query(catalogue.evidence)} if reader() else {}
    if question not in rows:
        missing(f"Question {question} needs the results.", "python -m store build")
        return False
    row = rows[question]
    st.subheader(f"{question} {row['title']}", anchor=f"q{question.replace('.', '-')}")
    st.caption(f"{row['points']} points. {row['asked']}")
    found = cached_query(answers.answer, question)
    if found is None:
        st.info(
            "The written answer is still to come; the figures below show what there is.", icon=":material/edit_note:"
        )
    elif found.missing:
        st.info(
            "The written answer quotes results that are not here yet; the figures below show what there is.",
            icon=":material/edit_note:",
        )
    else:
        st.html(NARROW)
        with st.container(width=READABLE_PX):
            st.markdown(_unbroken(f"##### {found.headline}"))
            st.markdown(_unbroken(found.body))
    commands = [EXPERIMENTS[job].command_line for job in row["missing"] if job in EXPERIMENTS]
    if commands:
        missing("Some of the runs that this question rests on are not here.", "; ".join(dict.fromkeys(commands)))
    return found is not None and not found.missing


def _unbroken(text: str) -> str:
    """The text with numbers and their percent signs on one line."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")
