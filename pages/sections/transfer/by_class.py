"""1.2b, class by class: accuracies of both approaches, and the classes that are confused."""

import pandas as pd
import streamlit as st

from pages.parts.data import cached_query
from pages.parts.figure import escaped, figure
from pages.parts.origin import of_runs
from pages.parts.pictures import pictures
from pages.sections.transfer import charts
from store.transfer import classes, dataset

# what an accuracy of a class is plotted against
AGAINST = {
    "the last layer's": "extract_percent",
    "its training images": "train_images",
    "all its images": "images",
}
PAIRS, PICTURED = 8, 3  # confused pairs in the table, and those of them that are shown as images


def accuracies(size: tuple[str, int], origins) -> None:
    """The accuracy of each class after fine-tuning, against the last layer's or the class's images."""
    st.subheader("Class by class", divider="gray")
    rows, summary = cached_query(classes.by_class, *size), cached_query(classes.class_summary, *size)
    if summary.empty:
        return
    count, known = summary.iloc[0], rows[rows["in_imagenet"]]["class_name"]
    against = st.segmented_control(
        "Accuracy of a class against",
        list(AGAINST),
        default="the last layer's",
        required=True,
        key="against",
        bind="query-params",
    )
    column = AGAINST.get(against, "extract_percent")
    both = column == "extract_percent"
    diagonal = pd.DataFrame({"even": [0, 100] if both else []})
    imagenet = rows["in_imagenet"].map({True: "a class of ImageNet", False: "not in ImageNet"})
    figure(
        charts.classes(column),
        title=f"Fine-tuning is better in {count['better']} of {count['classes']} classes, "
        f"by {count['mean_gain']:.1f} points on average",
        alt_text="Accuracy of each class by both approaches",
        origins=origins,
        caption=f"{'Above the dashed line fine-tuning is better. ' if both else ''}{len(known)} of the classes are "
        f"ImageNet's as well, or kinds of one by name ({', '.join(map(escaped, known))}).",
        data=pd.concat([rows.assign(imagenet=imagenet), diagonal]),
        csv=rows,
    )
    with st.expander("All classes as a table"):
        st.dataframe(rows, hide_index=True, alt="Accuracy of every class by both approaches")


def confusions(size: tuple[str, int], chosen: pd.DataFrame) -> None:
    """The most confused pairs of classes of one of the `chosen` rows of `rates`, and images of some of them."""
    st.subheader("Which classes are confused", divider="gray")
    runs = chosen.set_index("label")["run_id"]
    label = st.segmented_control(
        "Network", list(runs.index), default=runs.index[0], required=True, key="network", bind="query-params"
    )
    run = runs.get(label, runs.iloc[0])
    pairs = cached_query(classes.confusions, run, PAIRS)
    if pairs.empty:
        return
    top = pairs.iloc[0]
    figure(
        pairs[["class_name", "predicted_class", "images", "percent"]],
        title=f"{top['images']} of {escaped(top['class_name'])} ({top['percent']:.0f} % of its test images) "
        f"are classified as {escaped(top['predicted_class'])}",
        alt_text="The most confused pairs of classes",
        origins=of_runs([run]),
        caption="percent: of the class's test images.",
        columns={"percent": st.column_config.NumberColumn(format="%.0f")},
    )
    with st.container(border=True):
        st.markdown("**The first three pairs: a train image of the class, and one of the predicted class**")
        shown = []
        for pair in pairs.head(PICTURED).itertuples():
            ids = [pair.class_id, pair.predicted_id]
            samples = cached_query(dataset.samples, size[0], ids, 1).set_index("class_id")
            shown += [samples.loc[c, ["image", "class_name"]] for c in ids if c in samples.index]
        pictures(shown)
