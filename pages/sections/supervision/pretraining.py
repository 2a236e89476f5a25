"""2.2a and 2.2b: pretraining on wrong labels and on long tails, in the report's own experiments."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.supervision import charts
from pages.sections.supervision.captions import over_seeds
from pages.sections.supervision.labels import SAMPLINGS, STAGES
from store.supervision import evaluated, pretraining

EVALUATIONS = {STAGES[stage]: stage for stage in ("linear", "direct")}
COMPARED = {"both": ("sqrt", "uniform"), "square root": ("sqrt",), "uniform": ("uniform",)}


def noise() -> None:
    """2.2a: the answer, and accuracy against the share of wrong labels."""
    card("2.2a", _noise)


def _noise() -> None:
    rows = cached_query(pretraining.label_noise)
    if rows.empty:
        missing("Nothing has been pretrained on wrong labels yet.", "python -m compute noise")
        return
    lost = rows[rows["noise_percent"] > 0].pivot(index="noise_percent", columns="stage", values="lost").dropna()
    title, marked = "Test accuracy against the share of wrong labels", None
    if len(lost):
        options = [f"{value:g}" for value in lost.index]
        label = "Labels replaced at random (%)"
        chosen = st.segmented_control(
            label, options, default=options[-1], required=True, key="noise", bind="query-params"
        )
        row = lost.iloc[options.index(chosen) if chosen in options else -1]
        title = (
            f"With {row.name:g} % of its labels wrong a network loses {row['direct']:.1f} points, "
            f"after the transfer to clean labels {row['linear']:.1f}"
        )
        marked = float(row.name)
    figure(
        charts.noise(),
        title=title,
        alt_text="Test accuracy against the share of labels replaced at random",
        origins=of_runs(cached_query(evaluated.run_ids, "noise")),
        caption="Pretrained on a part of CIFAR-10, in which each wrong label is another class drawn uniformly; "
        "after transfer: a linear probe, a linear classifier on the network's features that is trained with clean "
        f"labels of another part; before any training: the same probe on the initial weights. {over_seeds(rows)}",
        data=pd.concat([rows.assign(stage=rows["stage"].map(STAGES)), charts.marked(marked)]),
        csv=rows,
    )


def resampling() -> None:
    """2.2b: the answer, and accuracy of head, middle and tail classes by sampling."""
    card("2.2b", _resampling)


def _resampling() -> None:
    rows = cached_query(pretraining.resampling)
    if rows.empty:
        missing("Nothing has been pretrained on a long tail yet.", "python -m compute resampling")
        return
    left, right = st.columns(2)
    evaluation = left.segmented_control(
        "Evaluated", list(EVALUATIONS), default=STAGES["linear"], required=True, key="evaluated", bind="query-params"
    )
    against = right.segmented_control(
        "Against natural sampling", list(COMPARED), default="both", required=True, key="sampling", bind="query-params"
    )
    samplings = COMPARED.get(against, COMPARED["both"])
    shown = rows[
        (rows["stage"] == EVALUATIONS.get(evaluation, "linear")) & rows["sampling"].isin(["natural", *samplings])
    ]
    change = shown.set_index(["part", "sampling"])["change"].dropna().to_dict()
    changes = [
        f"{SAMPLINGS[sampling]} sampling changes the accuracy by {change['all', sampling]:+.1f} points "
        f"({change['tail', sampling]:+.1f} for the tail)"
        for sampling in samplings
        if {("all", sampling), ("tail", sampling)} <= set(change)
    ]
    figure(
        charts.resampling(),
        title=", ".join(changes).capitalize() or "Test accuracy of head, middle and tail classes by sampling",
        alt_text="Test accuracy of head, middle and tail classes by sampling",
        origins=of_runs(cached_query(evaluated.run_ids, "resampling")),
        caption="The source is Zipf-distributed; which class is common is drawn anew for each seed. "
        f"Head: the {pretraining.EXTREME_CLASSES} commonest classes, tail: the {pretraining.EXTREME_CLASSES} rarest. "
        f"Every class counts alike. {over_seeds(rows)}",
        data=shown,
        csv=rows,
    )
