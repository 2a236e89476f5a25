"""2.3b and 2.3c: what K and P do to the selected set, and the images that it holds."""

import pandas as pd
import streamlit as st

from compute.core.supervision import PICTURES_AT_EACH_END, middle
from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.parts.pictures import pictures
from pages.sections.supervision import charts
from pages.sections.supervision.captions import over_seeds, pool_line
from store.supervision import evaluated, selection
from store.supervision import pictures as stored_pictures

COLUMNS = (
    "Means over the seeds. labels: entries of the new set; images: different ones; twice: images with two labels or "
    "more; precision: correct labels, with the least and the most of a seed; least and most: labels of a class, as "
    "given and (true) by what the images show; differ: labels that this P gives or the middle one, and not both."
)


def parameters() -> None:
    """2.3b: the answer, and balance and correctness of the set by K and P."""
    card("2.3b")
    rows = cached_query(selection.selected_sets)
    if rows.empty:
        missing("No teacher has selected anything yet.", "python -m compute teacher")
        return
    origins = of_runs(cached_query(evaluated.run_ids, "teacher"))
    p = _chosen("P, classes kept of an image", rows["p"], "p")
    shown = rows[rows["p"] == p]
    last = shown.iloc[-1]
    single = rows[(rows["p"] == rows["p"].min()) & (rows["k"] == last["k"])].iloc[0]
    pool = cached_query(selection.images_per_class)
    given = shown[["k", "least", "most"]].assign(series="labels as given")
    true = shown[["k", "true_least", "true_most"]].set_axis(["k", "least", "most"], axis=1)
    figure(
        charts.balance(),
        title=f"For K = {last['k']:,.0f} the least predicted class finds {single['least']:,.0f} images "
        f"with P = {single['p']:.0f}" + ("" if p == single["p"] else f", and {last['least']:,.0f} with P = {p}"),
        alt_text="Labels of the smallest and the largest class against K",
        origins=origins,
        caption="Means over the seeds of the class with the fewest and the one with the most labels. "
        f"{pool_line(pool)}",
        data=pd.concat([given, true.assign(series="what the images show"), charts.marked(pool)]),
        csv=rows,
    )
    figure(
        charts.correct(),
        title=f"With P = {p} the set for K = {shown['k'].iloc[0]:,} has {shown['precision_percent'].iloc[0]:.0f} % "
        f"correct labels, the one for K = {last['k']:,.0f} {last['precision_percent']:.0f} %",
        alt_text="Share of correct labels of the new set against K",
        origins=origins,
        caption=f"{over_seeds(rows)} {pool_line(pool)}",
        data=pd.concat([rows.assign(series=[f"P = {p}" for p in rows["p"]]), charts.marked(pool)]),
        csv=rows,
    )
    figure(
        rows,
        title="Every K and P",
        alt_text="Labels, images and correct labels by K and P",
        origins=origins,
        caption=COLUMNS,
        columns=_formats(rows),
    )
    _rare_class(cached_query(selection.long_tailed_selection), origins)


def _rare_class(rows: pd.DataFrame, origins) -> None:
    """The selection from a pool in which one class is rare, with the second K in the title."""
    if rows.empty:
        return
    k = sorted(rows["k"].unique())[:2][-1]
    shown = rows[rows["k"] == k]
    found = (f"{row.rarest_found_percent:.0f} % with P = {row.p}" for row in shown.itertuples())
    figure(
        rows,
        title=f"Of a rare class's {shown['rarest_images'].iloc[0]:,.0f} images the teacher finds "
        f"{', '.join(found)} (K = {k:,})",
        alt_text="The teacher's selection from a Zipf-distributed pool by K and P",
        origins=origins,
        caption="A long-tailed part of the same images, whose classes are Zipf-distributed, as hashtags are. rarest: "
        "the class with the fewest images; rarest_labels: images that get its label, rarest_correct: those that show "
        "it, also as shares of its images (found) and of the labels (precision). Means over the seeds.",
        columns=_formats(rows),
    )


def construction() -> None:
    """2.3c: the answer, the images at chosen ranks, and those that two classes took."""
    card("2.3c")
    rows = cached_query(selection.selected_sets)
    if rows.empty:
        missing("No teacher has selected anything yet.", "python -m compute teacher")
        return
    left, middle, right = st.columns(3)
    with left:
        p = _chosen("P, classes kept of an image", rows["p"], "p")
    with middle:
        k = _chosen("K, images of a class", rows["k"], "k")
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
        columns=_formats(rows),
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


def _formats(rows: pd.DataFrame) -> dict:
    """The number formats of a table's columns: shares with one digit, numbers of images with none."""
    shares = ("percent", "sd", "low", "high")
    return {c: st.column_config.NumberColumn(format="%.1f" if c.endswith(shares) else "%.0f") for c in rows.columns}


def _chosen(text: str, values: pd.Series, key: str) -> int:
    """The reader's choice among the values, the middle one by default."""
    options = sorted(int(value) for value in values.unique())
    default = middle(options)
    chosen = st.segmented_control(text, options, default=default, required=True, key=key, bind="query-params")
    return chosen if chosen in options else default
