"""2.3b: what K and P do to the selected set, from the pool as it is and from a long-tailed part of it."""

import pandas as pd

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import Origin, of_runs
from pages.sections.supervision import charts
from pages.sections.supervision.captions import over_seeds, pool_line
from pages.sections.supervision.selected_sets import COLUMNS, chosen_value, number_formats
from store.supervision import evaluated, selection


def show() -> None:
    """The answer, and balance and correctness of the set by K and P."""
    rows = cached_query(selection.selected_sets)
    if rows.empty:
        card("2.3b")
        missing("No teacher has selected anything yet.", "python -m compute teacher")
        return
    origins = of_runs(cached_query(evaluated.run_ids, "teacher"))
    card("2.3b", lambda: _balance(rows, origins))
    figure(
        rows,
        title="Every K and P",
        alt_text="Labels, images and correct labels by K and P",
        origins=origins,
        caption=COLUMNS,
        columns=number_formats(rows),
    )
    _rare_class(cached_query(selection.long_tailed_selection), origins)


def _balance(rows: pd.DataFrame, origins: list[Origin]) -> None:
    """Balance and correctness of the set against K, for the reader's P."""
    p = chosen_value("P, classes kept of an image", rows["p"], "p")
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


def _rare_class(rows: pd.DataFrame, origins: list[Origin]) -> None:
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
        columns=number_formats(rows),
    )
