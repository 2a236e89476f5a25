"""Pipelines drawn from their steps, by Graphviz in the browser."""

from collections.abc import Iterable

import streamlit as st

# one grey that can be read on light and on dark
INK = "#808890"


def pipeline(steps: Iterable[tuple[str, str, str]], *, alt_text: str, data: Iterable[str] = ()) -> None:
    """Draw (from, to, what happens between them) as boxes and arrows; boxes in `data` are data sets, the others
    networks.
    """
    steps, data = list(steps), set(data)
    names = dict.fromkeys(name for start, end, _ in steps for name in (start, end))
    shape = {name: "cylinder" if name in data else "box" for name in names}
    nodes = "".join(f'"{name}" [shape={shape[name]}];' for name in names)
    edges = "".join(f'"{start}" -> "{end}" [label="{label}"];' for start, end, label in steps)
    style = (
        f'rankdir=TB; bgcolor="transparent"; node [color="{INK}" fontcolor="{INK}" fontname="sans-serif" fontsize=12]; '
    )
    st.graphviz_chart(
        f'digraph {{ {style} edge [color="{INK}" fontcolor="{INK}" fontname="sans-serif" fontsize=11]; {nodes}'
        f" {edges} }}",
        width="content",
    )
    st.caption(alt_text)
