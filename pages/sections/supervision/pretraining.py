"""2.2a and 2.2b: wrong labels and long tails in pretraining, by our own experiments."""

import streamlit as st

from pages.parts.answer import card
from pages.parts.data import ask, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.supervision import charts
from store.supervision import experiments

STAGES = {"after transfer": "linear", "by its own last layer": "direct"}
SAMPLINGS = ["natural", "sqrt", "uniform"]


def noise() -> None:
    """2.2a: the answer, and accuracy against the share of wrong labels."""
    card("2.2a")
    rows = ask(experiments.noise)
    if rows.empty:
        missing("Nothing has been pretrained on wrong labels yet.", "python -m compute noise")
        return
    shown = rows.assign(stage=rows["stage"].map(experiments.STAGES))
    lost = rows[rows["noise_percent"] > 0].pivot(index="noise_percent", columns="stage", values="lost").dropna()
    title = "Test accuracy against the share of wrong labels"
    if len(lost):
        options = [f"{value:g}" for value in lost.index]
        chosen = st.segmented_control("Labels replaced at random (%)", options, default=options[-1], required=True, key="noise", bind="query-params")
        most = lost.iloc[options.index(chosen) if chosen in options else -1]
        title = f"With {most.name:g} % of its labels wrong a network loses {most['direct']:.1f} points, after the transfer to clean labels {most['linear']:.1f}"
    figure(
        charts.noise(),
        title=title,
        alt_text="Test accuracy against the share of labels replaced at random",
        origins=of_runs(ask(experiments.run_ids, "noise")),
        caption=f"Pretrained on a part of CIFAR-10; after transfer: a linear classifier on its features, trained with clean labels of another part; the same on the network before any "
        f"training is the floor. Means over {rows['seeds'].min()} seeds or more, bars from the least to the most.",
        data=shown,
        csv=rows,
    )


def resampling() -> None:
    """2.2b: the answer, and accuracy of head, middle and tail classes by sampling."""
    card("2.2b")
    rows = ask(experiments.resampling)
    if rows.empty:
        missing("Nothing has been pretrained on a long tail yet.", "python -m compute resampling")
        return
    said = st.segmented_control("Judged", list(STAGES), default="after transfer", required=True, key="judged", bind="query-params")
    mine = rows[rows["stage"] == STAGES.get(said, "linear")]
    percent = mine.set_index(["part", "sampling"])["percent"].to_dict()
    title = "Test accuracy of head, middle and tail classes by sampling"
    if all((part, sampling) in percent for part in ("all", "tail") for sampling in SAMPLINGS):
        change = mine.set_index(["part", "sampling"])["change"].to_dict()
        title = (
            f"Over all classes square-root sampling changes the accuracy by {change['all', 'sqrt']:+.1f} points, uniform sampling by {change['all', 'uniform']:+.1f} "
            f"(tail: {change['tail', 'sqrt']:+.1f} and {change['tail', 'uniform']:+.1f})"
        )
    figure(
        charts.resampling(),
        title=title,
        alt_text="Test accuracy of head, middle and tail classes by sampling",
        origins=of_runs(ask(experiments.run_ids, "resampling")),
        caption="The source is Zipf-distributed; which class is common is drawn anew for each seed. Head: the three commonest classes, tail: the three rarest. Every class counts "
        f"alike. Means over {rows['seeds'].min()} seeds or more, bars from the least to the most.",
        data=mine,
        csv=rows,
    )
