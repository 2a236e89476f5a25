"""2.3c: how the selected set is made: the images of a ranking, and those that two classes or more took."""

import pandas as pd
import streamlit as st

from compute.core.supervision import PICTURES_AT_EACH_END
from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.parts.pictures import pictures
from pages.sections.supervision.selected_sets import COLUMNS, chosen_value, number_formats
from store.supervision import evaluated, selection
from store.supervision import pictures as stored_pictures


def show() -> None:
    """The answer, the images at chosen ranks, and those that two classes took."""
    rows = cached_query(selection.selected_sets)
    if rows.empty:
        card("2.3c")
        missing("No teacher has selected anything yet.", "python -m compute teacher")
        return
    card("2.3c", lambda: _selected_set(rows))


def _selected_set(rows: pd.DataFrame) -> None:
    """The images of a ranking and the numbers of the set, for the reader's K, P and class."""
    left, middle, right = st.columns(3)
    with left:
        p = chosen_value("P, classes kept of an image", rows["p"], "p")
    with middle:
        k = chosen_value("K, images of a class", rows["k"], "k")
    names = cached_query(selection.class_names)
    label = right.selectbox("Class", names, key="class", bind="query-params")
    class_id = names.index(label) if label in names else 0
    chosen = rows[(rows["p"] == p) & (rows["k"] == k)].iloc[0]
    _ranked(k, p, class_id, names)
    _double(k, p, chosen, names)
    figure(
        rows[rows["p"] == p],
        title=f"With K = {k:,} and P = {p}, {chosen['precision_percent']:.1f} % of the labels are correct",
        alt_text="The new labelled set by K",
        origins=of_runs(cached_query(evaluated.run_ids, "teacher")),
        caption=COLUMNS,
        columns=number_formats(rows),
    )


def _ranked(k: int, p: int, class_id: int, names: list[str]) -> None:
    """The first and the last images that a class takes, with the teacher's scores."""
    ranked = cached_query(stored_pictures.ranked_pictures, p, class_id).query("rank <= @k")
    ends = pd.concat([ranked.head(PICTURES_AT_EACH_END), ranked.tail(PICTURES_AT_EACH_END)]).drop_duplicates("rank")
    length = int(ranked["rank"].max()) if len(ranked) else 0
    with st.container(border=True):
        st.markdown(f"**The first and the last of {length:,} images that the teacher takes for {names[class_id]}**")
        pictures(
            (row.png, f"rank {row.rank:,}: {row.score:.2f}" + ("" if row.correct else f", really {names[row.true_id]}"))
            for row in ends.itertuples()
        )
        st.caption("The teacher's score for the class below each image. Images of the first seed's selection.")


def _double(k: int, p: int, chosen: pd.Series, names: list[str]) -> None:
    """Images that two classes or more took."""
    twice = cached_query(stored_pictures.double_pictures, k, p)
    if p == 1:
        caption = "With P = 1 an image keeps one class only, so none can have two."
    elif twice.empty:
        caption = "No class's first K reach down to images that are another class's as well; a larger K does."
    else:
        caption = (
            "Some of those that two classes or more took, in the first seed's selection; "
            "numbers are means over the seeds."
        )
    with st.container(border=True):
        st.markdown(
            f"**{chosen['twice']:,.0f} of {chosen['images']:,.0f} images have two labels or more "
            f"({chosen['twice_percent']:.1f} %)**"
        )
        if len(twice):
            pictures(
                (row.png, " and ".join(names[c] for c in row.classes) + f", really {names[row.true_id]}")
                for row in twice.itertuples()
            )
        st.caption(caption)
