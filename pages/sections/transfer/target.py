"""1.1a: the target data set, images of each class, and samples."""

import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import escaped, figure
from pages.parts.origin import of_runs
from pages.parts.pictures import pictures
from pages.sections.transfer import charts
from store.transfer import dataset

SPLITS = ["all", "train", "val", "test"]
SAMPLES = 2  # of each of two classes


def show() -> None:
    """The answer, the distribution of images per class, and four samples of two classes."""
    card("1.1a")
    known = cached_query(dataset.datasets)
    if known.empty:
        missing("No data set has been described yet.", "python -m compute dataset")
        return
    names = known["dataset"].tolist()
    name = st.segmented_control("Data set", names, default=names[0], required=True, key="dataset", bind="query-params") if len(names) > 1 else names[0]
    name = name if name in names else names[0]
    row = known.set_index("dataset").loc[name]
    classes = cached_query(dataset.classes, name)
    _distribution(name, row, classes)
    _samples(name, row, classes)


def _distribution(name: str, row, classes) -> None:
    balance = cached_query(dataset.balance, name)
    left, right = st.columns(2)
    split = left.segmented_control("Split", SPLITS, default="all", required=True, key="split", bind="query-params")
    order = right.segmented_control("Order of the classes", ["by images", "by name"], default="by images", required=True, key="order", bind="query-params")
    split = split if split in SPLITS else "all"
    shown = classes if split == "all" else classes[classes["split"] == split].assign(total=lambda rows: rows["images"])
    said = balance.set_index("split").loc[split]
    figure(
        charts.images_by_class(order == "by name"),
        title=f"{row['classes']} classes of {said['least']:.0f} to {said['most']:.0f} images"
        + (" in all" if split == "all" else f" in {split}")
        + (": every class has as many as the others" if said["least"] == said["most"] else "")
        + (f": the largest has {said['imbalance']:.1f} times as many as the smallest" if said["imbalance"] > 1 else ""),
        alt_text="Images of each class by split",
        origins=of_runs([row["run_id"]]),
        caption=f"{row['images']:,} images at {row['px']} pixels. Hold the pointer over a bar for its class.",
        data=shown.assign(order=shown["split"].map({"train": 0, "val": 1, "test": 2})),
        csv=classes,
    )
    figure(
        balance,
        title="The splits",
        alt_text="Images and classes of each split",
        origins=of_runs([row["run_id"]]),
        caption="least, median and most: images of a class; imbalance: most ÷ least.",
        columns={"imbalance": st.column_config.NumberColumn(format="%.2f")},
    )


def _samples(name: str, row, classes) -> None:
    st.subheader("Samples", divider="gray")
    names = classes.drop_duplicates("class_id").set_index("class_name")["class_id"]
    options = sorted(names.index)
    left, right = st.columns(2)
    first = left.selectbox("One class", options, key="class_a", bind="query-params")
    second = right.selectbox("Another class", options, index=min(1, len(options) - 1), key="class_b", bind="query-params")
    chosen = [int(names[one]) for one in dict.fromkeys((first, second)) if one in names]
    rows = cached_query(dataset.samples, name, chosen, SAMPLES)
    with st.container(border=True):
        st.markdown(f"**{len(rows)} images of {' and '.join(map(escaped, dict.fromkeys(rows['class_name'])))}**")
        pictures((image, f"{class_name} {nth + 1}") for class_name, nth, image in rows[["class_name", "nth", "image"]].itertuples(index=False))
        st.caption(f"The first train images of each class, {row['px']} × {row['px']} pixels, enlarged without smoothing: this is all that the networks see.")
