"""2.3b and 2.3c: what K and P do to the selected set, and the images that it holds."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.parts.pictures import pictures
from pages.sections.supervision import charts
from pages.sections.supervision.seeds import over
from store.supervision import experiments, selection

SHOWN = 8
COLUMNS = (
    "Means over the seeds. labels: entries of the new set; images: different ones; twice: images with two labels or more; precision: correct labels, with the least and the most of a "
    "seed; least and most: labels of a class, as given and (true) by what the images show; differ: labels that this P gives or the middle one, and not both."
)


def parameters() -> None:
    """2.3b: the answer, and balance and correctness of the set by K and P."""
    card("2.3b")
    rows = cached_query(selection.by_k)
    if rows.empty:
        missing("No teacher has selected anything yet.", "python -m compute teacher")
        return
    origins = of_runs(cached_query(experiments.run_ids, "teacher"))
    p = _chosen("P, classes kept of an image", rows["p"], "p")
    mine = rows[rows["p"] == p]
    last, single, pool = mine.iloc[-1], rows[(rows["p"] == rows["p"].min()) & (rows["k"] == mine["k"].max())].iloc[0], cached_query(selection.images_of_a_class)
    beyond = f"Dotted: the {pool:,.0f} images that the pool has of a class; no larger K can be filled with correct labels." if pool else ""
    both = pd.concat(
        [
            mine[["k", "least", "most"]].assign(series="labels as given"),
            mine[["k", "true_least", "true_most"]].set_axis(["k", "least", "most"], axis=1).assign(series="what the images show"),
        ]
    )
    figure(
        charts.balance(),
        title=f"For K = {last['k']:,.0f} the least predicted class finds {single['least']:,.0f} images with P = {single['p']:.0f}"
        + ("" if p == single["p"] else f", and {last['least']:,.0f} with P = {p}"),
        alt_text="Labels of the smallest and the largest class against K",
        origins=origins,
        caption=f"Means over the seeds of the class with the fewest and the one with the most labels. {beyond}",
        data=pd.concat([both, charts.marked(pool)]),
        csv=rows,
    )
    figure(
        charts.correct(),
        title=f"With P = {p} the set for K = {mine['k'].iloc[0]:,} has {mine['precision_percent'].iloc[0]:.0f} % correct labels, the one for K = {last['k']:,.0f} {last['precision_percent']:.0f} %",
        alt_text="Share of correct labels of the new set against K",
        origins=origins,
        caption=f"{over(rows)} {beyond}",
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
    _rare(cached_query(selection.thinned), origins)


def _rare(rows: pd.DataFrame, origins) -> None:
    """A pool in which one class is rare."""
    if rows.empty:
        return
    k = sorted(rows["k"].unique())[:2][-1]
    mine = rows[rows["k"] == k]
    figure(
        rows,
        title=f"Of a rare class's {mine['rarest_images'].iloc[0]:,.0f} images the teacher finds "
        + ", ".join(f"{r.rarest_found_percent:.0f} % with P = {r.p}" for r in mine.itertuples())
        + f" (K = {k:,})",
        alt_text="The teacher's selection from a Zipf-distributed pool by K and P",
        origins=origins,
        caption="The same images thinned until their classes are Zipf-distributed, as hashtags are. rarest: the class with the fewest images; rarest_labels: images that get its label, "
        "rarest_correct: those that show it, also as shares of its images (found) and of the labels (precision). Means over the seeds.",
        columns=_formats(rows),
    )


def construction() -> None:
    """2.3c: the answer, the images at chosen ranks, and those that two classes took."""
    card("2.3c")
    rows = cached_query(selection.by_k)
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
    mine = rows[(rows["p"] == p) & (rows["k"] == k)].iloc[0]
    ranked = cached_query(selection.ranked_pictures, p, class_id).query("rank <= @k")
    ends = pd.concat([ranked.head(SHOWN // 2), ranked.tail(SHOWN // 2)]).drop_duplicates("rank")
    with st.container(border=True):
        length = int(ranked["rank"].max()) if len(ranked) else 0
        st.markdown(f"**The first and the last of {length:,} images that the teacher takes for {names[class_id]}**")
        pictures(
            (row.png, f"rank {row.rank:,}: {row.score:.2f}" + ("" if row.correct else f", really {names[row.true_id]}")) for row in ends.itertuples()
        )
        st.caption("The teacher's score for the class below each image. Images of the first seed's selection.")
    twice = cached_query(selection.double_pictures, k, p)
    if p == 1:
        said = "With P = 1 an image keeps one class only, so none can have two."
    elif twice.empty:
        said = "No class's first K reach down to images that are another class's as well; a larger K does."
    else:
        said = "Some of those that two classes or more took, in the first seed's selection; numbers are means over the seeds."
    with st.container(border=True):
        st.markdown(f"**{mine['twice']:,.0f} of {mine['images']:,.0f} images have two labels or more ({mine['twice_percent']:.1f} %)**")
        if len(twice):
            pictures((row.png, " and ".join(names[c] for c in row.classes) + f", really {names[row.true_id]}") for row in twice.itertuples())
        st.caption(said)
    figure(
        rows[rows["p"] == p],
        title=f"With K = {k:,} and P = {p}, {mine['precision_percent']:.1f} % of the labels are correct",
        alt_text="The new labelled set by K",
        origins=of_runs(cached_query(experiments.run_ids, "teacher")),
        caption=COLUMNS,
        columns=_formats(rows),
    )


def _formats(rows: pd.DataFrame) -> dict:
    """How the columns of a table are written: shares with one digit, numbers of images with none."""
    shares = ("percent", "spread", "low", "high")
    return {c: st.column_config.NumberColumn(format="%.1f" if c.endswith(shares) else "%.0f") for c in rows.columns}


def _chosen(text: str, values: pd.Series, key: str) -> int:
    """The reader's choice among the values, the middle one by default."""
    options = sorted(int(value) for value in values.unique())
    default = options[len(options) // 2]
    chosen = st.segmented_control(text, options, default=default, required=True, key=key, bind="query-params")
    return chosen if chosen in options else default

