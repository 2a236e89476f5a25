"""2.2a and 2.2b: wrong labels and long tails in pretraining, by our own experiments."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.supervision import charts
from pages.sections.supervision.seeds import over
from store.supervision import experiments

STAGES = {experiments.STAGES[stage]: stage for stage in ("linear", "direct")}
AGAINST = {"both": ("sqrt", "uniform"), "square root": ("sqrt",), "uniform": ("uniform",)}


NAMES = {"sqrt": "square-root", "uniform": "uniform"}


def noise() -> None:
    """2.2a: the answer, and accuracy against the share of wrong labels."""
    card("2.2a")
    rows = cached_query(experiments.noise)
    if rows.empty:
        missing("Nothing has been pretrained on wrong labels yet.", "python -m compute noise")
        return
    shown = rows.assign(stage=rows["stage"].map(experiments.STAGES))
    lost = rows[rows["noise_percent"] > 0].pivot(index="noise_percent", columns="stage", values="lost").dropna()
    title, marked = "Test accuracy against the share of wrong labels", None
    if len(lost):
        options = [f"{value:g}" for value in lost.index]
        chosen = st.segmented_control("Labels replaced at random (%)", options, default=options[-1], required=True, key="noise", bind="query-params")
        most = lost.iloc[options.index(chosen) if chosen in options else -1]
        title = f"With {most.name:g} % of its labels wrong a network loses {most['direct']:.1f} points, after the transfer to clean labels {most['linear']:.1f}"
        marked = float(most.name)
    figure(
        charts.noise(),
        title=title,
        alt_text="Test accuracy against the share of labels replaced at random",
        origins=of_runs(cached_query(experiments.run_ids, "noise")),
        caption=f"Pretrained on a part of CIFAR-10, in which each wrong label is another class drawn uniformly; after transfer: a linear classifier on the network's features, trained with "
        f"clean labels of another part; the same on the network before any training is the floor. {over(rows)}",
        data=pd.concat([shown, charts.marked(marked)]),
        csv=rows,
    )


def resampling() -> None:
    """2.2b: the answer, and accuracy of head, middle and tail classes by sampling."""
    card("2.2b")
    rows = cached_query(experiments.resampling)
    if rows.empty:
        missing("Nothing has been pretrained on a long tail yet.", "python -m compute resampling")
        return
    left, right = st.columns(2)
    said = left.segmented_control("Judged", list(STAGES), default="after transfer", required=True, key="evaluated", bind="query-params")
    against = right.segmented_control("Against natural sampling", list(AGAINST), default="both", required=True, key="sampling", bind="query-params")
    samplings = AGAINST.get(against, AGAINST["both"])
    mine = rows[(rows["stage"] == STAGES.get(said, "linear")) & rows["sampling"].isin(["natural", *samplings])]
    change = mine.set_index(["part", "sampling"])["change"].dropna().to_dict()
    changes = [
        f"{NAMES[sampling]} sampling changes the accuracy by {change['all', sampling]:+.1f} points ({change['tail', sampling]:+.1f} for the tail)"
        for sampling in samplings
        if {("all", sampling), ("tail", sampling)} <= set(change)
    ]
    title = ", ".join(changes).capitalize() or "Test accuracy of head, middle and tail classes by sampling"
    figure(
        charts.resampling(),
        title=title,
        alt_text="Test accuracy of head, middle and tail classes by sampling",
        origins=of_runs(cached_query(experiments.run_ids, "resampling")),
        caption="The source is Zipf-distributed; which class is common is drawn anew for each seed. Head: the three commonest classes, tail: the three rarest. Every class counts "
        f"alike. {over(rows)}",
        data=mine,
        csv=rows,
    )
