"""What the sections on the selected sets share: their table's columns, and the choice of a K or a P."""

import pandas as pd
import streamlit as st

from compute.core.supervision import middle

COLUMNS = (
    "Means over the seeds. labels: entries of the new set; images: different ones; twice: images with two labels or "
    "more; precision: correct labels, with the least and the most of a seed; least and most: labels of a class, as "
    "given and (true) by what the images show; differ: labels that this P gives or the middle one, and not both."
)


def number_formats(rows: pd.DataFrame) -> dict:
    """The number formats of a table's columns: shares with one digit, numbers of images with none."""
    shares = ("percent", "sd", "low", "high")
    return {c: st.column_config.NumberColumn(format="%.1f" if c.endswith(shares) else "%.0f") for c in rows.columns}


def chosen_value(text: str, values: pd.Series, key: str) -> int:
    """The reader's choice among the values, the middle one by default."""
    options = sorted(int(value) for value in values.unique())
    default = middle(options)
    chosen = st.segmented_control(text, options, default=default, required=True, key=key, bind="query-params")
    return chosen if chosen in options else default
