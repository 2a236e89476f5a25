"""1.2a: new last layers on the frozen network, at four rates, and how much faster that is."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.transfer import charts
from pages.sections.transfer.choice import INTERVALS, best_rate, chosen_size, labelled
from pages.sections.transfer.learning import learning_curves
from store.transfer import costs, evaluated

# `what` of `costs.epoch_seconds`
EPOCHS = {
    "finetune": "fine-tuning, all layers",
    "scratch": "the same from scratch",
    "forward": "images through the frozen network, no gradients",
    "whole": "last layer, its part of computing the features included",
    "extract": "last layer, on features computed before",
}


def show() -> None:
    """The answer, the curves of the rates with their range over seeds, the accuracies, and the time of an epoch."""
    size = chosen_size("extract")
    if size is None:
        card("1.2a")
        missing("No last layer has been trained yet.", "python -m compute extract")
        return
    rates = labelled(cached_query(evaluated.rates, *size).query("job in ('extract', 'linear_probe')"))
    best = rates[rates["chosen"] & (rates["job"] == "extract")].iloc[0]
    card("1.2a", lambda: _accuracies(rates, best))
    learning_curves(
        size,
        "extract",
        default="validation accuracy",
        alt_text="Loss or accuracy by epoch of the last layers",
        note=f"Means over {best['seeds']} seeds, shaded from the least to the most.",
    )
    _speed(size, best["heads_together"])


def _accuracies(rates: pd.DataFrame, best: pd.Series) -> None:
    figure(
        charts.accuracies(),
        title=best_rate(best),
        alt_text="Test accuracy of each learning rate of the last layer",
        origins=of_runs(" ".join(rates["run_ids"]).split()),
        caption=f"{INTERVALS} The linear probe is scikit-learn's logistic regression on the same features.",
        data=rates,
        csv=rates,
    )


def _speed(size: tuple[str, int], heads_together: int) -> None:
    rows = cached_query(costs.epoch_seconds, *size)
    runs = cached_query(evaluated.evaluated, *size)
    speedup = cached_query(costs.comparable_epochs, *size).set_index("what")["speedup"].dropna()
    title = "Seconds of an epoch"
    if "whole" in speedup:
        title = (
            f"An epoch of a last layer takes 1/{speedup['extract']:,.0f} of the seconds of one of fine-tuning, "
            f"with its part of computing the features 1/{speedup['whole']:,.0f}"
        )
    figure(
        rows.assign(what=rows["what"].map(EPOCHS))[
            ["what", "epoch_s", "images_per_s", "device", "threads", "precision"]
        ],
        title=title,
        alt_text="Seconds of an epoch by approach",
        origins=of_runs(runs["run_id"].tolist()),
        caption=f"Medians. {heads_together} last layers were trained together as one batched problem; "
        "an epoch of one is its share of theirs. "
        "Before their first epoch the images are passed through the frozen network, once for all of them.",
        columns={
            "epoch_s": st.column_config.NumberColumn("seconds", format="%.3f"),
            "images_per_s": st.column_config.NumberColumn("images/s", format="%.0f"),
        },
    )
