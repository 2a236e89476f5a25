"""2.3b and 2.3c: what K and P do to the selected set, and the images that it holds."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import ask, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.parts.pictures import pictures
from pages.sections.supervision import charts
from store.supervision import experiments, selection

SHOWN = 8


def parameters() -> None:
    """2.3b: the answer, and balance and correctness of the set by K and P."""
    card("2.3b")
    rows = ask(selection.by_k)
    if rows.empty:
        missing("No teacher has selected anything yet.", "python -m compute teacher")
        return
    origins = of_runs(ask(experiments.run_ids, "teacher"))
    p = _chosen("P, classes kept of an image", rows["p"], "p")
    mine = rows[rows["p"] == p]
    last, single = mine.iloc[-1], rows[(rows["p"] == rows["p"].min()) & (rows["k"] == mine["k"].max())].iloc[0]
    both = pd.concat(
        [
            mine[["k", "least", "most"]].assign(series="labels as given"),
            mine[["k", "true_least", "true_most"]].set_axis(["k", "least", "most"], axis=1).assign(series="what the images show"),
        ]
    )
    figure(
        charts.balance(),
        title=f"For K = {last['k']:,.0f} the least predicted class finds {single['least']:,.0f} images with P = {single['p']:.0f}, and {last['least']:,.0f} with P = {p}",
        alt_text="Labels of the smallest and the largest class against K",
        origins=origins,
        caption="Means over the seeds of the class with the fewest and the one with the most labels.",
        data=both,
        csv=rows,
    )
    figure(
        rows,
        title="Every K and P",
        alt_text="Labels, images and correct labels by K and P",
        origins=origins,
        caption="labels: entries of the new set; images: different ones; twice: images with two labels or more; precision: correct labels; least and most: labels of a class, as "
        "given and by what the images show; differ: labels that the middle P does not give.",
        columns={c: st.column_config.NumberColumn(format="%.1f" if c.endswith("percent") else "%.0f") for c in rows.columns},
    )
    _rare(ask(selection.thinned), origins)


def _rare(rows: pd.DataFrame, origins) -> None:
    """A pool in which one class is rare."""
    if rows.empty:
        return
    last = rows[rows["k"] == rows["k"].max()]
    figure(
        rows,
        title=f"Of a rare class's {last['rarest_images'].iloc[0]:,.0f} images the teacher finds "
        + ", ".join(f"{r.rarest_found_percent:.0f} % with P = {r.p}" for r in last.itertuples())
        + f" (K = {last['k'].iloc[0]:,.0f})",
        alt_text="The teacher's selection from a Zipf-distributed pool by K and P",
        origins=origins,
        caption="The same images thinned until their classes are Zipf-distributed, as hashtags are. rarest: the class with the fewest images; rarest_labels: images that get its label, "
        "rarest_correct: those that show it. Means over the seeds.",
        columns={c: st.column_config.NumberColumn(format="%.1f" if c.endswith("percent") else "%.0f") for c in rows.columns},
    )


def construction() -> None:
    """2.3c: the answer, the images at chosen ranks, and those that two classes took."""
    card("2.3c")
    rows = ask(selection.by_k)
    if rows.empty:
        missing("No teacher has selected anything yet.", "python -m compute teacher")
        return
    left, middle, right = st.columns(3)
    with left:
        p = _chosen("P, classes kept of an image", rows["p"], "p")
    with middle:
        k = _chosen("K, images of a class", rows["k"], "k")
    names = ask(selection.class_names)
    label = right.selectbox("Class", names, key="class", bind="query-params")
    class_id = names.index(label) if label in names else 0
    mine = rows[(rows["p"] == p) & (rows["k"] == k)].iloc[0]
    ranked = ask(selection.ranked_pictures, p, class_id).query("rank <= @k")
    ends = pd.concat([ranked.head(SHOWN // 2), ranked.tail(SHOWN // 2)]).drop_duplicates("rank")
    with st.container(border=True):
        length = int(ranked["rank"].max()) if len(ranked) else 0
        st.markdown(f"**The first and the last of {length:,} images that the teacher takes for {names[class_id]}**")
        pictures(
            (row.png, f"rank {row.rank:,}: {row.score:.2f}" + ("" if row.correct else f", really {names[row.true_id]}")) for row in ends.itertuples()
        )
        st.caption("The teacher's score for the class below each image. Images of the first seed's selection.")
    twice = ask(selection.double_pictures, k, p)
    with st.container(border=True):
        st.markdown(f"**{mine['twice']:,.0f} of {mine['images']:,.0f} images have two labels or more ({mine['twice_percent']:.1f} %)**")
        if len(twice):
            pictures((row.png, " and ".join(names[c] for c in row.classes) + f", really {names[row.true_id]}") for row in twice.itertuples())
        st.caption(
            "With P = 1 an image keeps one class only, so none can have two."
            if p == 1
            else "Some of those that two classes took; means over the seeds above."
        )
    figure(
        rows[rows["p"] == p],
        title=f"With K = {k:,} and P = {p}, {mine['precision_percent']:.1f} % of the labels are correct",
        alt_text="The new labelled set by K",
        origins=of_runs(ask(experiments.run_ids, "teacher")),
        caption="Means over the seeds.",
        columns={c: st.column_config.NumberColumn(format="%.1f" if c.endswith("percent") else "%.0f") for c in rows.columns},
    )


def _chosen(text: str, values: pd.Series, key: str) -> int:
    """The reader's choice among the values, the middle one by default."""
    options = sorted(int(value) for value in values.unique())
    default = options[len(options) // 2]
    chosen = st.segmented_control(text, options, default=default, required=True, key=key, bind="query-params")
    return chosen if chosen in options else default

