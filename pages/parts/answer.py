"""Answer cards: the question with its points, the answer in one line, and the written answer."""

import streamlit as st

from pages.parts.data import ask, missing, reader
from store import answers, catalogue

# some ninety characters a line, however wide the window
READABLE_PX = 860


def card(question: str) -> bool:
    """Show a question and its written answer; False where there is nothing to rest it on."""
    rows = {row["question"]: row for row in ask(catalogue.evidence)} if reader() else {}
    if question not in rows:
        missing(f"Question {question} needs the results.", "python -m store build")
        return False
    row = rows[question]
    st.subheader(f"{question} {row['title']}", anchor=f"q{question.replace('.', '-')}")
    st.caption(f"{row['points']} points. {row['asked']}")
    found = ask(answers.answer, question)
    if found is None:
        missing(f"Question {question} is not answered yet.", "python -m compute --help")
        return False
    with st.container(width=READABLE_PX):
        st.markdown(f"##### {found.headline}")
        st.markdown(found.body)
    if row["missing"]:
        commands = [catalogue.COMMANDS.get(job, "python -m compute --help") for job in row["missing"]]
        missing(f"This answer rests on results that are not here: {', '.join(row['missing'])}.", "; ".join(dict.fromkeys(commands)))
    return True
