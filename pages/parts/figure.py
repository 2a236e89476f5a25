"""Figures: a finding as the title, badges of origin, the chart or table, its source, its data as CSV."""

import json
import re
from collections.abc import Callable, Sequence
from functools import lru_cache, wraps

import altair as alt
import pandas as pd
import streamlit as st

from pages.parts.headings import with_headings
from pages.parts.origin import Origin, badges
from store.settings import CACHED_CHARTS, WHOLE_TABLE_ROWS

# a chart takes the width of its place; its height is that of the plot, to which axes and legends are added
FIT_WIDTH = {"type": "fit-x", "contains": "padding"}
COMPOSED = {"facet", "hconcat", "vconcat", "concat", "repeat"}  # charts that cannot be fitted
KEPT = "_kept_figures"  # where a session has this, the data of each figure's download are put there too (the export)


def tooltips(*names: str, **formats: str) -> list[alt.Tooltip]:
    """A chart's tooltip: fields as they are, then numbers with their format.

    With a bare name Altair works out the channel and the type anew on every rerun, at some 8 ms each.
    """
    return [alt.Tooltip(field=name, type="nominal") for name in names] + [
        alt.Tooltip(field=name, type="quantitative", format=format_) for name, format_ in formats.items()
    ]


def chart_specification(draw: Callable[..., alt.TopLevelMixin]) -> Callable[..., dict]:
    """Decorate a function that builds an Altair chart without data: it returns the Vega-Lite specification, built once.

    Altair takes some 20 ms to build and check a chart, a rerun draws several, and only their data change.
    """

    @lru_cache(maxsize=CACHED_CHARTS)
    def specification(*arguments) -> str:
        chart = _without_data(draw(*arguments).to_dict())
        return json.dumps(chart if COMPOSED & chart.keys() else {"autosize": FIT_WIDTH, **chart})

    @wraps(draw)
    def fresh(*arguments) -> dict:
        return json.loads(specification(*arguments))  # Streamlit changes what it is given

    return fresh


def _without_data(part):
    if isinstance(part, dict):
        return {key: _without_data(value) for key, value in part.items() if key not in ("data", "datasets", "config")}
    return [_without_data(value) for value in part] if isinstance(part, list) else part


def escaped(text: object) -> str:
    """Text from the data or the address, escaped so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|$~:-])", r"\\\1", str(text))


def heading(title: str, anchor: str) -> str:
    """A figure's title as Markdown whose address ends in `#anchor`; HTML in the title stays text."""
    text = re.sub(r"(?<!\\)<", "&lt;", title)
    return f'<h6 data-anchor="{anchor}">\n\n**{text}**\n\n</h6>'


def figure(
    shown: dict | pd.DataFrame,
    *,
    title: str,
    alt_text: str,
    origins: Sequence[Origin],
    caption: str,
    data: pd.DataFrame | None = None,
    csv: pd.DataFrame | None = None,
    columns: dict | None = None,
) -> None:
    """Show a chart (the `chart_specification` of `data`) or a table under a title that says the finding, with its
    origin and its data.

    `csv` is what the download holds (what is shown by default), `columns` a table's column_config.
    """
    is_table = isinstance(shown, pd.DataFrame)
    rows = csv if csv is not None else shown if is_table else data
    name = re.sub(r"[^a-z0-9]+", "-", alt_text.lower())[:60].strip("-")
    if (kept := st.session_state.get(KEPT)) is not None:
        kept[f"csv-{name}"] = rows
    with st.container(border=True, gap="xxsmall"):
        st.markdown(heading(title, f"figure-{name}"), unsafe_allow_html=True)
        badges(origins)
        if is_table:
            height = "content" if len(shown) <= WHOLE_TABLE_ROWS else "auto"
            st.dataframe(
                shown, hide_index=True, height=height, column_config=with_headings(shown, columns), alt=alt_text
            )
        else:
            st.vega_lite_chart(data, shown, width="stretch", alt=alt_text)
        st.caption(caption)
        st.download_button(
            "Data as CSV",
            lambda: rows.to_csv(index=False),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=f"csv-{name}",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
        )
