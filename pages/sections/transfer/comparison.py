"""1.2b: which approach and rate is best, and at what cost."""

import pandas as pd
import streamlit as st

from pages.parts.answer import card
from pages.parts.data import cached_query, missing
from pages.parts.figure import figure
from pages.parts.origin import of_runs
from pages.sections.transfer import by_class, charts
from pages.sections.transfer.choice import INTERVALS, chosen_size, labelled, weights_of
from store.transfer import costs, evaluated

COSTS = {"FLOPs": ("flops", "FLOPs of the training"), "seconds": ("seconds", "Seconds of the training")}
ADABN = (
    "AdaBN: the frozen network's BatchNorm statistics are those of the target's training images, "
    "its weights as they were. "
)
# the table of all runs: its columns, those of numbers with their format
RUN_COLUMNS = {
    "label": None,
    "seed": None,
    "val_percent": "%.1f",
    "test_percent": "%.1f",
    "class_percent": "%.1f",
    "seconds": "%.0f",
    "images_per_s": "%.0f",
    "flops": "scientific",
    "percent_per_pflop": "%.3g",
    "epochs": None,
    "precision": None,
    "threads": None,
    "device": None,
}


def show() -> None:
    """The answer, all approaches with intervals, accuracy against cost, classes, and the most confused pairs."""
    size = chosen_size("finetune", "extract")
    if size is None:
        card("1.2b")
        missing("The comparison needs both approaches.", "python -m compute finetune; python -m compute extract")
        return
    rows = labelled(cached_query(evaluated.rates, *size))
    origins = of_runs(" ".join(rows["run_ids"]).split())
    chosen = rows[rows["chosen"] & rows["job"].isin(["finetune", "extract"])]
    pairs = cached_query(costs.compared, size[0]).set_index(["job", "px", "other_job", "other_px"])
    pair = pairs.loc[("finetune", size[1], "extract", size[1])]
    card("1.2b", lambda: _approaches(size, rows, chosen, pair, origins))
    _sizes(size)
    _costs(size, origins, pair)
    _runs(size, origins)
    by_class.accuracies(size, origins)
    by_class.confusions(size, chosen)


def _approaches(size: tuple[str, int], rows: pd.DataFrame, chosen: pd.DataFrame, pair: pd.Series, origins) -> None:
    first, second = (row for _, row in chosen.sort_values("val_percent", ascending=False).iterrows())
    figure(
        charts.accuracies(),
        title=f"{first['label'].capitalize()} leads on the validation images ({first['val_percent']:.1f} % against "
        f"{second['val_percent']:.1f} % of {second['label']}); on the test images it is {first['test_percent']:.1f} % "
        f"against {second['test_percent']:.1f} %, "
        f"and the intervals {'do not overlap' if pair['separate'] else 'overlap'}",
        alt_text="Test accuracy of every approach and rate",
        origins=origins,
        caption="Chosen on the validation images, reported on the test images. "
        f"{INTERVALS} {ADABN if rows['job'].eq('adabn').any() else ''}{weights_of(size)}",
        data=rows,
        csv=rows,
    )


def _sizes(size: tuple[str, int]) -> None:
    """The approaches at other image sizes, where there are several."""
    rows = labelled(cached_query(evaluated.by_size, size[0]))
    rows = rows[rows["job"] != "scratch"]
    if rows["px"].nunique() < 2:
        return
    st.subheader("At other sizes", divider="gray")
    best = ", ".join(
        f"{row.approach} at {row.px} pixels ({row.test_percent:.1f} % of the test images, {row.flops:.1e} FLOPs)"
        for row in rows[rows["leads"]].itertuples()
    )
    figure(
        charts.accuracies(),
        title=f"Best on the validation images: {best}",
        alt_text="Test accuracy of each approach at each image size",
        origins=of_runs(" ".join(rows["run_ids"]).split()),
        caption="Each approach at the best of the rates that were tried at that size. Where the files hold fewer "
        "pixels than a size has, its images are enlarged, which adds no detail. "
        f"Bars: 95 % intervals, as above. {weights_of(size)}",
        data=rows.assign(label=[f"{row.approach}, {row.px} px" for row in rows.itertuples()]),
        csv=rows,
    )


def _costs(size: tuple[str, int], origins, pair) -> None:
    st.subheader("Accuracy and what it costs", divider="gray")
    cost = st.segmented_control("Cost", list(COSTS), default="FLOPs", required=True, key="cost", bind="query-params")
    cost = cost if cost in COSTS else "FLOPs"
    column, title = COSTS[cost]
    rows = labelled(cached_query(evaluated.evaluated, *size))
    figure(
        charts.costs(column, title),
        title=f"Fine-tuning at its best rate takes {pair[f'{column}_ratio']:,.0f} times the {cost} of a last layer "
        "at its own",
        alt_text="Test accuracy against FLOPs or seconds of the training",
        origins=origins,
        caption="FLOPs: a multiply-accumulate counts as two; three forward passes for each image that is trained on, "
        "one for each augmented image whose features are kept. Seconds of a last layer: computing the features, and "
        "its share of training all of them together; threads and precision are in the table below.",
        data=rows,
        csv=rows,
    )


def _runs(size: tuple[str, int], origins) -> None:
    rows = labelled(cached_query(evaluated.evaluated, *size))
    figure(
        rows[list(RUN_COLUMNS)],
        title=f"All {len(rows)} runs at {size[1]} pixels",
        alt_text="Every run with accuracy and cost",
        origins=origins,
        caption="class_percent: mean of the classes' accuracies, each of which counts alike; images_per_s: median over "
        "the epochs; percent_per_pflop: test accuracy for each 10^15 FLOPs of the training.",
        columns={
            name: st.column_config.NumberColumn(format=format_) for name, format_ in RUN_COLUMNS.items() if format_
        },
        csv=rows,
    )
