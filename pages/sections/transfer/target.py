"""1.1a: the target data set, images of each class, and samples."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import escaped, figure
from pages.parts.origin import of_runs
from pages.parts.pictures import pictures
from pages.sections.transfer import charts
from store.transfer import dataset

SPLITS = ["all", *dataset.SPLITS]
ORDERS = ["by images", "by name"]
SAMPLES = 2  # of each of two classes


def show() -> None:
    """The answer, the distribution of images per class, and four samples of two classes."""
    known = cached_query(dataset.datasets)
    if known.empty:
        card("1.1a")
        missing("No data set has been described yet.", "python -m compute dataset")
        return
    names = known["dataset"].tolist()
    name = names[0]
    if len(names) > 1:
        chosen = st.segmented_control(
            "Data set", names, default=name, required=True, key="dataset", bind="query-params"
        )
        name = chosen if chosen in names else name
    row = known.set_index("dataset").loc[name]
    classes = cached_query(dataset.classes, name)
    card("1.1a", lambda: _distribution(name, row, classes))
    _samples(name, row, classes)
    _splits(name, row)


def _distribution(name: str, row: pd.Series, classes: pd.DataFrame) -> None:
    balance = cached_query(dataset.balance, name)
    split = st.segmented_control("Split", SPLITS, default="all", required=True, key="split", bind="query-params")
    order = st.segmented_control(
        "Order of the classes", ORDERS, default=ORDERS[0], required=True, key="order", bind="query-params"
    )
    split = split if split in SPLITS else "all"
    shown = classes
    if split != "all":
        shown = classes[classes["split"] == split].assign(total=lambda rows: rows["images"])
    figure(
        charts.images_by_class(order == "by name"),
        title=_distribution_title(split, balance.set_index("split").loc[split]),
        alt_text="Images of each class by split",
        origins=of_runs([row["run_id"]]),
        caption=f"{row['images']:,} images at {row['px']} pixels. Hold the pointer over a bar for its class.",
        data=shown.assign(order=shown["split"].map(dataset.SPLITS.index)),
        csv=classes,
    )


def _splits(name: str, row: pd.Series) -> None:
    balance = cached_query(dataset.balance, name)
    figure(
        balance,
        title="The splits",
        alt_text="Images and classes of each split",
        origins=of_runs([row["run_id"]]),
        caption="least, median and most: images of a class; imbalance: most ÷ least.",
        columns={"imbalance": st.column_config.NumberColumn(format="%.2f")},
    )


def _distribution_title(split: str, counts: pd.Series) -> str:
    place = "in all" if split == "all" else f"in {split}"
    title = f"{counts['classes']:.0f} classes of {counts['least']:.0f} to {counts['most']:.0f} images {place}"
    if counts["least"] == counts["most"]:
        return f"{title}: every class has as many as the others"
    return f"{title}: the largest has {counts['imbalance']:.1f} times as many as the smallest"


def _samples(name: str, row: pd.Series, classes: pd.DataFrame) -> None:
    st.subheader("Samples", divider="gray")
    ids = classes.drop_duplicates("class_id").set_index("class_name")["class_id"]
    options = sorted(ids.index)
    left, right = st.columns(2)
    first = left.selectbox("One class", options, key="class_a", bind="query-params")
    second = right.selectbox(
        "Another class", options, index=min(1, len(options) - 1), key="class_b", bind="query-params"
    )
    chosen = [int(ids[one]) for one in dict.fromkeys((first, second)) if one in ids]
    rows = cached_query(dataset.samples, name, chosen, SAMPLES)
    names = " and ".join(map(escaped, dict.fromkeys(rows["class_name"])))
    with st.container(border=True):
        st.markdown(f"**{len(rows)} images of {names}**")
        pictures((sample.image, f"{sample.class_name} {sample.nth + 1}") for sample in rows.itertuples())
        st.caption(
            f"The first train images of each class, {row['px']} × {row['px']} pixels, "
            "enlarged without smoothing: this is all that the networks see."
        )
