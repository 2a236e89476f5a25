"""A table that a reader edits and whose content is part of the page's address, so that a link restores it."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

ROWS, CELLS = ";", ","


def linked_table(
    key: str, default: pd.DataFrame, check: Callable[[pd.DataFrame], pd.DataFrame], *, alt_text: str, columns: dict
) -> pd.DataFrame:
    """Show a table for editing and return what it holds, checked; the address keeps it under `key`.

    `check` takes rows with the columns and types of `default` and returns those that can be used; rows
    that it leaves out stay in the editor, with a word below. Where the address holds no usable row, the
    default is shown. `columns` is the column_config.
    """
    given = st.query_params.get(key)
    state = st.session_state.setdefault(f"{key}_table", {"nth": 0})
    if "rows" not in state or given != state["text"]:
        # a first visit, or an address that this session did not write
        rows = check(decoded(given or "", default))
        state |= {"rows": rows if len(rows) else default, "text": given, "nth": state["nth"] + 1}
    edited = st.data_editor(
        state["rows"],
        num_rows="dynamic",
        hide_index=True,
        column_config=columns,
        key=f"{key}_editor_{state['nth']}",
        alt=alt_text,
    )
    rows = check(edited)
    if len(rows) < len(edited):
        unused = len(edited) - len(rows)
        st.caption(f"{unused} of {len(edited)} rows are not complete, or beyond the limits, and not used.")
    text = None if rows.reset_index(drop=True).equals(check(default)) else encoded(rows)
    if text != given:
        state["text"] = text
        if text is None:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = text
    return rows


def encoded(rows: pd.DataFrame) -> str:
    """Rows as text for an address: cells between commas, rows between semicolons."""
    return ROWS.join(
        CELLS.join(f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in row)
        for row in rows.itertuples(index=False)
    )


def decoded(text: str, like: pd.DataFrame) -> pd.DataFrame:
    """The rows that `encoded` wrote, with the columns and types of `like`; what is no row of these is left out."""
    found = []
    for row in text.split(ROWS):
        cells = row.split(CELLS)
        if len(cells) == len(like.columns):
            try:
                found.append(
                    [
                        kind.type(cell) if kind.kind in "if" else cell
                        for cell, kind in zip(cells, like.dtypes, strict=True)
                    ]
                )
            except ValueError:
                continue
    return pd.DataFrame(found, columns=like.columns)
