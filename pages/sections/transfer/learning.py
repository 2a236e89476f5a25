"""The figure of learning curves that fine-tuning and the last layers share."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.parts.data import cached_query
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.transfer import charts
from pages.sections.transfer.choice import weights_of
from store.transfer import curves, evaluated


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A quantity by epoch: its columns in `curves.curves` and `curves.curve_summary` (`last`), its axis and unit."""

    column: str
    low: str
    high: str
    last: str
    axis: str
    unit: str


CURVES = {
    "training loss": Curve(
        column="train_loss",
        low="train_loss_low",
        high="train_loss_high",
        last="last_loss",
        axis="Training loss",
        unit="",
    ),
    "training accuracy": Curve(
        column="train_percent",
        low="train_low",
        high="train_high",
        last="last_train_percent",
        axis="Training accuracy (%)",
        unit=" %",
    ),
    "validation accuracy": Curve(
        column="val_percent",
        low="val_low",
        high="val_high",
        last="last_val_percent",
        axis="Validation accuracy (%)",
        unit=" %",
    ),
}


def learning_curves(
    size: tuple[str, int], job: str, *, default: str, alt_text: str, note: str, only_lr: float | None = None
) -> None:
    """The chosen curve of every rate of an approach, or of `only_lr` where that has run; `note` ends the caption."""
    name = st.segmented_control("Curve", list(CURVES), default=default, required=True, key="curve", bind="query-params")
    name = name if name in CURVES else default
    curve = CURVES[name]
    summary = cached_query(curves.curve_summary, *size).query("job == @job")
    if only_lr in set(summary["lr"]):
        summary = summary[summary["lr"] == only_lr]
    runs = cached_query(evaluated.rates, *size).query("job == @job").merge(summary[["lr"]])
    rows = cached_query(curves.curves, *size, job).merge(summary[["lr"]])
    figure(
        charts.curves(curve.column, curve.axis, curve.low, curve.high),
        title=f"The {name} ends at {_ends(summary, curve)}",
        alt_text=alt_text,
        origins=of_runs(" ".join(runs["run_ids"]).split()),
        caption=f"{note} Dashed: the learning rate falls by ten. {weights_of(size)}",
        data=charts.with_milestones(rows, cached_query(curves.milestones, *size, job)),
        csv=rows,
    )


def _ends(summary: pd.DataFrame, curve: Curve) -> str:
    ends = zip(summary[curve.last], summary["lr"], strict=True)
    return ", ".join(f"{value:.3g}{curve.unit} with rate {lr:g}" for value, lr in ends)
