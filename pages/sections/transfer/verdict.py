"""1.2b: which approach and rate wins, at what cost, and class by class why."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import escaped, figure
from pages.parts.origin import of_runs
from pages.parts.pictures import pictures
from pages.sections.transfer import charts
from pages.sections.transfer.choice import chosen_size, named, weights_of
from store.transfer import dataset, results

COSTS = {"FLOPs": ("flops", "FLOPs of the training"), "seconds": ("seconds", "Seconds of the training")}
AGAINST = {"the last layer's": "extract_percent", "its training images": "train_images", "all its images": "images"}
PAIRS = 8
ADABN = "AdaBN: the frozen network's BatchNorm statistics are those of the target's training images, its weights as they were. "


def show() -> None:
    """The answer, all approaches with intervals, accuracy against cost, classes, and the most confused pairs."""
    card("1.2b")
    size = chosen_size("finetune", "extract")
    if size is None:
        missing("The verdict needs both approaches.", "python -m compute finetune; python -m compute extract")
        return
    rows = named(cached_query(results.rates, *size))
    origins = of_runs(" ".join(rows["run_ids"]).split())
    chosen = rows[rows["chosen"] & rows["job"].isin(["finetune", "extract"])].sort_values("val_percent", ascending=False)
    first, second = chosen.iloc[0], chosen.iloc[1]
    apart = first["low"] > second["high"] or second["low"] > first["high"]
    figure(
        charts.accuracies(),
        title=f"{first['label'].capitalize()} leads on the validation images ({first['val_percent']:.1f} % against {second['val_percent']:.1f} % of {second['label']}); on the test "
        f"images it is {first['test_percent']:.1f} % against {second['test_percent']:.1f} %, and the intervals {'do not overlap' if apart else 'overlap'}",
        alt_text="Test accuracy of every approach and rate",
        origins=origins,
        caption=f"Chosen on the validation images, reported on the test images. Bars: 95 % intervals. {ADABN if rows['job'].eq('adabn').any() else ''}{weights_of(size)}",
        data=rows,
        csv=rows,
    )
    _sizes(size)
    _costs(size, origins)
    _runs(size, origins)
    _classes(size, origins)
    _confused(size, rows)


def _sizes(size: tuple[str, int]) -> None:
    """The same images enlarged, where that was tried."""
    rows = named(cached_query(results.by_size, size[0]))
    if rows["px"].nunique() < 2:
        return
    rows = rows[rows["job"].isin(["finetune", "extract", "adabn", "linear"])]
    best = rows.loc[rows.groupby("px")["val_percent"].idxmax()]
    st.subheader("At other sizes", divider="gray")
    figure(
        charts.accuracies(),
        title="Best on the validation images: " + ", ".join(f"{r.approach} at {r.px} pixels ({r.test_percent:.1f} % of the test images, {r.flops:.1e} FLOPs)" for r in best.itertuples()),
        alt_text="Test accuracy of each approach at each image size",
        origins=of_runs(" ".join(rows["run_ids"]).split()),
        caption="Each approach at the best of the rates that were tried at that size. Where the files hold fewer pixels than a size has, its images are enlarged, with no more to be seen in them. "
        f"Bars: 95 % intervals. {weights_of(size)}",
        data=rows.assign(label=[f"{approach}, {px} px" for approach, px in zip(rows["approach"], rows["px"], strict=True)]),
        csv=rows,
    )


def _costs(size: tuple[str, int], origins) -> None:
    st.subheader("Accuracy and what it costs", divider="gray")
    cost = st.segmented_control("Cost", list(COSTS), default="FLOPs", required=True, key="cost", bind="query-params")
    column, title = COSTS.get(cost, COSTS["FLOPs"])
    rows = named(cached_query(results.evaluated, *size))
    per = cached_query(results.rates, *size).query("chosen").set_index("job")[column]
    figure(
        charts.costs(column, title),
        title=f"Fine-tuning at its best rate takes {per['finetune'] / per['extract']:,.0f} times the {cost} of a last layer at its own",
        alt_text="Test accuracy against FLOPs or seconds of the training",
        origins=origins,
        caption="FLOPs: a multiply-accumulate counts as two; three forward passes for each image that is trained on, one for each view whose features are kept. "
        "Seconds of a last layer: computing the features, and its share of training all of them together; threads and precision are in the table below.",
        data=rows,
        csv=rows,
    )


def _runs(size: tuple[str, int], origins) -> None:
    rows = named(cached_query(results.evaluated, *size))
    shown = ["label", "seed", "val_percent", "test_percent", "class_percent", "seconds", "images_per_s", "flops", "percent_per_pflop", "epochs", "precision", "threads", "device"]
    figure(
        rows[shown],
        title=f"All {len(rows)} runs at {size[1]} pixels",
        alt_text="Every run with accuracy and cost",
        origins=origins,
        caption="class_percent: mean of the classes' accuracies, each of which counts alike; images_per_s: median over the epochs; percent_per_pflop: test accuracy for each 10^15 FLOPs of the training.",
        columns={c: st.column_config.NumberColumn(format=f) for c, f in (("val_percent", "%.1f"), ("test_percent", "%.1f"), ("class_percent", "%.1f"), ("seconds", "%.0f"), ("images_per_s", "%.0f"),
                                                                         ("flops", "scientific"), ("percent_per_pflop", "%.3g"))},
        csv=rows,
    )  # fmt: skip


def _classes(size: tuple[str, int], origins) -> None:
    st.subheader("Class by class", divider="gray")
    rows = cached_query(results.by_class, *size)
    if rows.empty:
        return
    better, known = rows[rows["gain"] > 0], rows[rows["in_imagenet"]]
    against = st.segmented_control("Accuracy of a class against", list(AGAINST), default="the last layer's", required=True, key="against", bind="query-params")
    column = AGAINST.get(against, "extract_percent")
    even = pd.DataFrame({"even": [0, 100]}) if column == "extract_percent" else pd.DataFrame({"even": []})
    figure(
        charts.classes(column),
        title=f"Fine-tuning is better in {len(better)} of {len(rows)} classes, by {rows['gain'].mean():.1f} points on average",
        alt_text="Accuracy of each class by both approaches",
        origins=origins,
        caption=f"{'Above the dashed line fine-tuning is better. ' if len(even) else ''}{len(known)} of the classes are ImageNet's as well, or kinds of one by name ({', '.join(map(escaped, known['class_name']))}).",
        data=pd.concat([rows.assign(imagenet=rows["in_imagenet"].map({True: "a class of ImageNet", False: "not in ImageNet"})), even]),
        csv=rows,
    )
    with st.expander("All classes as a table"):
        st.dataframe(rows, hide_index=True, alt="Accuracy of every class by both approaches")


def _confused(size: tuple[str, int], rows: pd.DataFrame) -> None:
    st.subheader("What is taken for what", divider="gray")
    best = rows[rows["chosen"] & rows["job"].isin(["finetune", "extract"])]
    labels = best.set_index("label")["run_id"]
    label = st.segmented_control("Network", list(labels.index), default=labels.index[0], required=True, key="network", bind="query-params")
    run = labels.get(label, labels.iloc[0])
    pairs = cached_query(results.confusions, run, PAIRS)
    if pairs.empty:
        return
    top = pairs.iloc[0]
    figure(
        pairs[["class_name", "taken_for", "images", "percent"]],
        title=f"{top['images']} of {escaped(top['class_name'])} ({top['percent']:.0f} % of its test images) are taken for {escaped(top['taken_for'])}",
        alt_text="The most confused pairs of classes",
        origins=of_runs([run]),
        caption="percent: of the class's test images.",
        columns={"percent": st.column_config.NumberColumn(format="%.0f")},
    )
    with st.container(border=True):
        st.markdown("**The first three pairs: a train image of the class, and one of what it is taken for**")
        shown = []
        for pair in pairs.head(3).itertuples():
            samples = cached_query(dataset.samples, size[0], [pair.class_id, pair.predicted_id], 1).set_index("class_id")
            shown += [(samples.loc[c, "image"], samples.loc[c, "class_name"]) for c in (pair.class_id, pair.predicted_id) if c in samples.index]
        pictures(shown)
