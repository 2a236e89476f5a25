"""A problem's page: its title, and a control that chooses the question to show."""

from collections.abc import Callable

import streamlit as st

from pages.parts.data import needs_results


def page(title: str, sections: dict[str, Callable[[], None]]) -> None:
    """Show the section of the question that the address names, by default the first."""
    st.title(title)
    needs_results()
    first = next(iter(sections))
    chosen = st.segmented_control("Question", list(sections), default=first, required=True, key="question", bind="query-params")
    sections.get(chosen, sections[first])()
