"""The data set and image size that a section shows, and the labels and captions that the sections share."""

import pandas as pd
import streamlit as st

from compute.core.vocabulary import APPROACHES
from pages.parts.data import cached_query
from store.transfer import evaluated

INTERVALS = (
    "Bars: 95 % interval, Wilson's for the choice of test images and, where there are three seeds or more, "
    "Student's t for that of seeds, added in quadrature."
)


def chosen_size(*jobs: str) -> tuple[str, int] | None:
    """The data set and pixels that the reader chose among those with runs of all `jobs`; None without any."""
    available = cached_query(evaluated.sizes, list(jobs))
    if available.empty:
        return None
    labels = {f"{row.dataset}, {row.px} px": (row.dataset, row.px) for row in available.itertuples()}
    if len(labels) == 1:
        return next(iter(labels.values()))
    first = next(iter(labels))
    label = st.segmented_control(
        "Images", list(labels), default=first, required=True, key="images", bind="query-params"
    )
    return labels.get(label, labels[first])


def labelled(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `rates` or `evaluated` with the approach's name, and a `label` that has the rate as well."""
    approach = [APPROACHES[job].name for job in rows["job"]]
    labels = [name if pd.isna(lr) else f"{name}, {lr:g}" for name, lr in zip(approach, rows["lr"], strict=True)]
    return rows.assign(approach=approach, label=labels)


def best_rate(row: pd.Series) -> str:
    """A figure's title: the chosen rate of an approach (a row of `rates`), and its test accuracy."""
    return (
        f"Rate {row['lr']:g} is best on the validation images "
        f"and gets {row['test_percent']:.1f} % of the test images right"
    )


def weights_of(size: tuple[str, int]) -> str:
    """A caption's sentence on where the base weights come from."""
    weights = cached_query(evaluated.origins, *size)["weights"].dropna()
    return f"Base weights: {weights.iloc[0]}." if len(weights) else ""
