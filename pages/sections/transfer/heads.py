"""1.2a: new last layers on the frozen network, at four rates, and how much faster that is."""

import streamlit as st

from pages.parts.answer import card
from pages.parts.data import ask, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.transfer import charts
from pages.sections.transfer.choice import chosen_size, named, weights_of
from store.transfer import results

SHOWN = {
    "training loss": ("train_loss", "Training loss", "train_loss_low", "train_loss_high"),
    "validation accuracy": ("val_percent", "Validation accuracy (%)", "val_low", "val_high"),
}


def show() -> None:
    """The answer, the curves of the rates with their spread over seeds, where they end, and the time of an epoch."""
    card("1.2a")
    size = chosen_size("extract")
    if size is None:
        missing("No last layer has been trained yet.", "python -m compute extract")
        return
    rates = named(ask(results.rates, *size).query("job in ('extract', 'linear')"))
    origins = of_runs(" ".join(rates["run_ids"]).split())
    chosen = st.segmented_control("Curve", list(SHOWN), default="validation accuracy", required=True, key="curve", bind="query-params")
    column, title, low, high = SHOWN.get(chosen, SHOWN["validation accuracy"])
    rows, drops = ask(results.curves, *size, "extract"), ask(results.drops, *size, "extract")
    ends = rows.groupby("rate", sort=False)[column].last()
    figure(
        charts.curves(column, title, low, high),
        title=f"The {chosen} ends at " + ", ".join(f"{value:.3g}{'' if column == 'train_loss' else ' %'} with rate {rate}" for rate, value in ends.items()),
        alt_text="Loss or accuracy by epoch of the last layers",
        origins=origins,
        caption=f"Means over {rows['seeds'].max()} seeds, shaded from the least to the most. Dashed: the learning rate falls by ten. {weights_of(size)}",
        data=charts.with_drops(rows, drops),
        csv=rows,
    )
    best = rates[rates["job"] == "extract"].nlargest(1, "val_percent").iloc[0]
    figure(
        charts.accuracies(),
        title=f"Rate {best['lr']:g} is best on the validation images and gets {best['test_percent']:.1f} % of the test images right",
        alt_text="Test accuracy of each learning rate of the last layer",
        origins=origins,
        caption="Bars: 95 % interval of the mean over the seeds, or Wilson's for a single one. The linear classifier is scikit-learn's logistic regression on the same features.",
        data=rates,
        csv=rates,
    )
    _speed(size)


def _speed(size: tuple[str, int]) -> None:
    rows = named(ask(results.epoch_seconds, *size).assign(lr=None))
    times = rows.set_index("job")["epoch_s"]
    figure(
        rows[["approach", "epoch_s", "images_per_s"]],
        title=f"An epoch of a last layer is {times['finetune'] / times['extract']:,.0f} times as fast as one of fine-tuning"
        if {"finetune", "extract"} <= set(times.index)
        else "Seconds of an epoch",
        alt_text="Seconds of an epoch by approach",
        origins=of_runs(ask(results.judged, *size)["run_id"].tolist()),
        caption="Medians. The frozen network has seen the images before the first epoch, once for all rates and seeds, which is not in these seconds but in those of 1.2b.",
        columns={"epoch_s": st.column_config.NumberColumn("seconds", format="%.3f"), "images_per_s": st.column_config.NumberColumn("images/s", format="%.0f")},
    )
