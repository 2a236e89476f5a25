"""1.2a: new last layers on the frozen network, at four rates, and how much faster that is."""

import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.transfer import charts
from pages.sections.transfer.choice import chosen_size, named, weights_of
from store.transfer import results

SHOWN = {
    "training loss": ("train_loss", "Training loss", "train_loss_low", "train_loss_high"),
    "training accuracy": ("train_percent", "Training accuracy (%)", "train_low", "train_high"),
    "validation accuracy": ("val_percent", "Validation accuracy (%)", "val_low", "val_high"),
}
# what the rows of `results.epoch_seconds` are epochs of
EPOCHS = {
    "finetune": "fine-tuning, all layers",
    "scratch": "the same from scratch",
    "forward": "images through the frozen network, no gradients",
    "whole": "last layer, its part of computing the features included",
    "extract": "last layer, on features that are there",
}


def show() -> None:
    """The answer, the curves of the rates with their spread over seeds, where they end, and the time of an epoch."""
    card("1.2a")
    size = chosen_size("extract")
    if size is None:
        missing("No last layer has been trained yet.", "python -m compute extract")
        return
    rates = named(cached_query(results.rates, *size).query("job in ('extract', 'linear')"))
    origins = of_runs(" ".join(rates["run_ids"]).split())
    chosen = st.segmented_control("Curve", list(SHOWN), default="validation accuracy", required=True, key="curve", bind="query-params")
    column, title, low, high = SHOWN.get(chosen, SHOWN["validation accuracy"])
    rows, milestones = cached_query(results.curves, *size, "extract"), cached_query(results.milestones, *size, "extract")
    ends = rows.groupby("rate", sort=False)[column].last()
    figure(
        charts.curves(column, title, low, high),
        title=f"The {chosen} ends at " + ", ".join(f"{value:.3g}{'' if column == 'train_loss' else ' %'} with rate {rate}" for rate, value in ends.items()),
        alt_text="Loss or accuracy by epoch of the last layers",
        origins=origins,
        caption=f"Means over {rows['seeds'].max()} seeds, shaded from the least to the most. Dashed: the learning rate falls by ten. {weights_of(size)}",
        data=charts.with_drops(rows, milestones),
        csv=rows,
    )
    best = rates[rates["job"] == "extract"].nlargest(1, "val_percent").iloc[0]
    figure(
        charts.accuracies(),
        title=f"Rate {best['lr']:g} is best on the validation images and gets {best['test_percent']:.1f} % of the test images right",
        alt_text="Test accuracy of each learning rate of the last layer",
        origins=origins,
        caption="Bars: 95 % interval, Wilson's for the choice of test images and, where there are three seeds or more, Student's t for that of seeds, added in quadrature. The linear classifier is scikit-learn's logistic regression on the same features.",
        data=rates,
        csv=rates,
    )
    _speed(size)


def _speed(size: tuple[str, int]) -> None:
    rows = cached_query(results.epoch_seconds, *size)
    runs = cached_query(results.evaluated, *size)
    times = results.comparable(rows)
    title = "Seconds of an epoch"
    if {"finetune", "whole"} <= set(times.index):
        title = (
            f"An epoch of a last layer takes a {times['finetune'] / times['extract']:,.0f}th of the seconds of one of fine-tuning, "
            f"with its part of computing the features a {times['finetune'] / times['whole']:,.0f}th"
        )
    figure(
        rows.assign(what=rows["what"].map(EPOCHS))[["what", "epoch_s", "images_per_s", "device", "threads", "precision"]],
        title=title,
        alt_text="Seconds of an epoch by approach",
        origins=of_runs(runs["run_id"].tolist()),
        caption=f"Medians. {runs['heads_together'].max():.0f} last layers were trained together as one batched problem; an epoch of one is its share of theirs. "
        "The frozen network has seen the images before their first epoch, once for all of them.",
        columns={"epoch_s": st.column_config.NumberColumn("seconds", format="%.3f"), "images_per_s": st.column_config.NumberColumn("images/s", format="%.0f")},
    )
