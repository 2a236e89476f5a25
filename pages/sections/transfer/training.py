"""1.1b and 1.1c: fine-tuning all layers at one learning rate, and three rates compared."""

import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.transfer import charts
from pages.sections.transfer.choice import chosen_size, named, weights_of
from store.transfer import results

FIRST_RATE = 0.001
SHOWN = {
    "training loss": ("train_loss", "Training loss"),
    "training accuracy": ("train_percent", "Training accuracy (%)"),
    "validation accuracy": ("val_percent", "Validation accuracy (%)"),
}


def one_rate() -> None:
    """1.1b: the answer and the curves of the first rate."""
    card("1.1b")
    _curves(only=FIRST_RATE)


def three_rates() -> None:
    """1.1c: the answer, the curves of all rates, and where they end."""
    card("1.1c")
    size = _curves(only=None)
    if size is None:
        return
    rows = named(cached_query(results.rates, *size).query("job in ('finetune', 'scratch')"))
    if rows.empty:
        return
    best = rows[rows["job"] == "finetune"].nlargest(1, "val_percent")
    figure(
        charts.accuracies(),
        title="; ".join(f"Rate {r.lr:g} is best on the validation images and gets {r.test_percent:.1f} % of the test images right" for r in best.itertuples()),
        alt_text="Test accuracy of each learning rate of fine-tuning",
        origins=of_runs(" ".join(rows["run_ids"]).split()),
        caption=f"Bars: 95 % interval, Wilson's for the choice of test images and, where there are three seeds or more, Student's t for that of seeds, added in quadrature. {weights_of(size)}",
        data=rows,
    )


def _curves(only: float | None) -> tuple[str, int] | None:
    size = chosen_size("finetune")
    if size is None:
        missing("Nothing has been fine-tuned yet.", "python -m compute finetune")
        return None
    chosen = st.segmented_control("Curve", list(SHOWN), default="training loss", required=True, key="curve", bind="query-params")
    column, title = SHOWN.get(chosen, SHOWN["training loss"])
    rows, milestones = cached_query(results.curves, *size, "finetune"), cached_query(results.milestones, *size, "finetune")
    if only is not None and only in set(rows["lr"]):
        rows = rows[rows["lr"] == only]
    runs = cached_query(results.rates, *size).query("job == 'finetune'")
    runs = runs[runs["lr"].isin(rows["lr"])]
    ends = rows.dropna(subset=[column]).groupby("rate", sort=False)[column].last()
    figure(
        charts.curves(column, title),
        title=f"The {chosen} ends at " + ", ".join(f"{value:.3g}{'' if column == 'train_loss' else ' %'} with rate {rate}" for rate, value in ends.items()),
        alt_text="Loss or accuracy by epoch of fine-tuning",
        origins=of_runs(" ".join(runs["run_ids"]).split()),
        caption=f"Dashed: the learning rate falls by ten. The validation images are looked at every few epochs. {weights_of(size)}",
        data=charts.with_drops(rows, milestones),
        csv=rows,
    )
    return size
