"""The data set and image size that a section shows, and what its rows and captions call things."""

import pandas as pd
import streamlit as st

from pages.parts.data import cached_query
from store.transfer import results

APPROACH = {"finetune": "fine-tuning", "extract": "last layer", "adabn": "last layer, AdaBN", "linear": "linear classifier", "scratch": "from scratch"}


def chosen_size(*jobs: str) -> tuple[str, int] | None:
    """The data set and pixels that the reader chose among those with runs of all `jobs`; None without any."""
    there = cached_query(results.sizes, list(jobs))
    if there.empty:
        return None
    labels = {f"{row.dataset}, {row.px} px": (row.dataset, row.px) for row in there.itertuples()}
    if len(labels) == 1:
        return next(iter(labels.values()))
    first = next(iter(labels))
    return labels.get(st.segmented_control("Images", list(labels), default=first, required=True, key="images", bind="query-params"), labels[first])


def named(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `rates` or `evaluated` with the approach in words, and a label with the rate."""
    approach = rows["job"].map(APPROACH)
    return rows.assign(approach=approach, label=[name if pd.isna(lr) else f"{name}, {lr:g}" for name, lr in zip(approach, rows["lr"], strict=True)])


def weights_of(size: tuple[str, int]) -> str:
    """Where the base weights come from, for a caption."""
    known = sorted(cached_query(results.evaluated, *size)["weights"].dropna().unique())
    return f"Base weights: {'; '.join(known)}." if known else ""
