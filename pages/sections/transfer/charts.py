"""Problem 1's chart specifications, without data; each docstring names the columns that the chart takes."""

import altair as alt
import pandas as pd

from compute.core.vocabulary import APPROACHES
from pages.parts.figure import chart_specification, tooltips

SPLITS = ["train", "val", "test"]
NAMES = [approach.name for approach in APPROACHES.values()]
ON_TOP = alt.Legend(orient="top")
# an axis that need not contain 0
FREE = alt.Scale(zero=False)
PERCENT = alt.Scale(domain=[0, 100])
BY_APPROACH = alt.Color(
    "approach:N", title=None, sort=NAMES, scale=alt.Scale(domain=NAMES), legend=alt.Legend(orient="top", columns=2)
)
# the columns that an accuracy of the classes is plotted against, with the titles of their axes
CLASS_AXES = {
    "extract_percent": "Last layer alone (%)",
    "train_images": "Training images",
    "images": "Images in all splits",
}


@chart_specification
def images_by_class(by_name: bool) -> alt.Chart:
    """Images of each class, one colour a split: class_name, images, split, order, total, base_class."""
    order = "ascending" if by_name else alt.SortField("total", "descending")
    return (
        alt.Chart()
        .mark_bar()
        .encode(
            x=alt.X("class_name:N", title="Class", sort=order, axis=alt.Axis(labels=False, ticks=False)),
            y=alt.Y("sum(images):Q", title="Images"),
            color=alt.Color("split:N", title=None, sort=SPLITS, scale=alt.Scale(domain=SPLITS), legend=ON_TOP),
            order=alt.Order("order:Q"),
            tooltip=tooltips("class_name", "split", "base_class", images=",.0f", total=",.0f"),
        )
        .properties(height=320)
    )


@chart_specification
def curves(y: str, title: str, low: str, high: str) -> alt.LayerChart:
    """One line a rate with a rule at every milestone: epoch, y (low to high over the seeds), rate.

    Rows with `milestone` are the rules.
    """
    x = alt.X("epoch:Q", title="Epoch")
    color = alt.Color("rate:N", title="Learning rate", legend=alt.Legend(orient="top", symbolOpacity=1))
    evaluated = alt.Chart().transform_filter(f"isValid(datum['{y}'])")
    band = evaluated.mark_area(opacity=0.2).encode(x=x, y=alt.Y(f"{low}:Q"), y2=f"{high}:Q", color=color)
    lines = evaluated.mark_line().encode(
        x=x,
        y=alt.Y(f"{y}:Q", title=title, scale=FREE),
        color=color,
        tooltip=tooltips("rate", epoch=".0f", epoch_lr=".2g", train_loss=".3f", train_percent=".1f", val_percent=".1f"),
    )
    rules = alt.Chart().transform_filter("isValid(datum.milestone)").mark_rule(strokeDash=[4, 4], color="gray")
    return alt.layer(band, lines, rules.encode(x=alt.X("milestone:Q"))).properties(height=340)


def with_milestones(rows: pd.DataFrame, milestones: pd.DataFrame) -> pd.DataFrame:
    """The data of `curves`: its lines, and a row for each milestone."""
    return pd.concat([rows, milestones.rename(columns={"epoch": "milestone"})])


@chart_specification
def accuracies() -> alt.LayerChart:
    """Test accuracy of every approach and rate with its interval: label, test_percent, low, high, approach, seeds.

    The label names the approach, so that there is no legend.
    """
    color = BY_APPROACH.legend(None)
    y = alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=220))
    axis = alt.Axis(tickCount=10)
    markers = (
        alt.Chart()
        .mark_point(filled=True, size=110, opacity=1)
        .encode(
            x=alt.X("test_percent:Q", title="Test accuracy (%)", scale=alt.Scale(zero=True), axis=axis),
            y=y,
            color=color,
            tooltip=tooltips(
                "label", "approach", test_percent=".1f", low=".1f", high=".1f", val_percent=".1f", seeds=".0f"
            ),
        )
    )
    intervals = alt.Chart().mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q", y=y, color=color)
    return alt.layer(intervals, markers).properties(height=alt.Step(26))


@chart_specification
def costs(x: str, title: str) -> alt.Chart:
    """Test accuracy against a cost of the training: x, test_percent, approach, label."""
    return (
        alt.Chart()
        .mark_point(filled=True, size=90, opacity=0.8)
        .encode(
            x=alt.X(f"{x}:Q", title=title, scale=alt.Scale(type="log"), axis=alt.Axis(format="~s")),
            y=alt.Y("test_percent:Q", title="Test accuracy (%)", scale=FREE),
            color=BY_APPROACH,
            tooltip=tooltips("label", "approach", test_percent=".1f", seconds=",.0f", flops=".2s"),
        )
        .properties(height=340)
    )


@chart_specification
def classes(x: str) -> alt.LayerChart:
    """Accuracy of each class after fine-tuning against `x`, a key of CLASS_AXES.

    Columns: x, finetune_percent, imagenet (whether ImageNet has the class), class_name, test_images; rows with
    `even` are the ends of the line on which both approaches are even.
    """
    size_legend = alt.Legend(orient="bottom", symbolFillColor="gray", symbolStrokeColor="gray")
    markers = (
        alt.Chart()
        .transform_filter("isValid(datum.class_name)")
        .mark_point(filled=True, opacity=0.75)
        .encode(
            x=alt.X(f"{x}:Q", title=CLASS_AXES[x], scale=PERCENT if x == "extract_percent" else FREE),
            y=alt.Y("finetune_percent:Q", title="Fine-tuned (%)", scale=PERCENT),
            size=alt.Size("test_images:Q", title="Test images", legend=size_legend),
            color=alt.Color("imagenet:N", title=None, legend=ON_TOP),
            tooltip=tooltips(
                "class_name",
                "base_class",
                extract_percent=".0f",
                finetune_percent=".0f",
                test_images=".0f",
                train_images=".0f",
            ),
        )
    )
    even = alt.Chart().transform_filter("isValid(datum.even)").mark_line(strokeDash=[4, 4], color="gray")
    return alt.layer(markers, even.encode(x=alt.X("even:Q"), y=alt.Y("even:Q"))).properties(height=420)
