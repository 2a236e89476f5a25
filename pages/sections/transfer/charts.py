"""Problem 1's charts, drawn without data; the columns that they take are named in each docstring."""

import altair as alt
import pandas as pd

from pages.parts.figure import chart_specification, tooltips
from pages.sections.transfer.choice import APPROACH

TOP = alt.Legend(orient="top")
NAMES = list(APPROACH.values())
COLOR = alt.Color("approach:N", title=None, sort=NAMES, scale=alt.Scale(domain=NAMES), legend=alt.Legend(orient="top", columns=2))


@chart_specification
def images_by_class(by_name: bool) -> alt.Chart:
    """Images of each class, one colour a split: class_name, images, split, total, base_class."""
    return (
        alt.Chart()
        .mark_bar()
        .encode(
            x=alt.X("class_name:N", title="Class", sort="ascending" if by_name else alt.SortField("total", "descending"), axis=alt.Axis(labels=False, ticks=False)),
            y=alt.Y("sum(images):Q", title="Images"),
            color=alt.Color("split:N", title=None, sort=["train", "val", "test"], scale=alt.Scale(domain=["train", "val", "test"]), legend=TOP),
            order=alt.Order("order:Q"),
            tooltip=tooltips("class_name", "split", "base_class", images=",.0f", total=",.0f"),
        )
        .properties(height=320)
    )


@chart_specification
def curves(y: str, title: str, low: str = "", high: str = "") -> alt.LayerChart:
    """One line a rate with a rule at every drop: epoch, y (low to high over the seeds), rate; rows with `drop` are the rules."""
    x = alt.X("epoch:Q", title="Epoch")
    scale = alt.Scale(zero=False)
    color = alt.Color("rate:N", title="Learning rate", legend=alt.Legend(orient="top", symbolOpacity=1))
    seen = alt.Chart().transform_filter(f"isValid(datum['{y}'])")
    lines = seen.mark_line().encode(
        x=x,
        y=alt.Y(f"{y}:Q", title=title, scale=scale),
        color=color,
        tooltip=tooltips("rate", epoch=".0f", lr_now=".2g", train_loss=".3f", train_percent=".1f", val_percent=".1f"),
    )
    rules = alt.Chart().transform_filter("isValid(datum.drop)").mark_rule(strokeDash=[4, 4], color="gray").encode(x=alt.X("drop:Q"))
    band = seen.mark_area(opacity=0.2).encode(x=x, y=alt.Y(f"{low}:Q"), y2=f"{high}:Q", color=color) if low else None
    return alt.layer(*([band] if band else []), lines, rules).properties(height=340)


def with_drops(rows: pd.DataFrame, milestones: pd.DataFrame) -> pd.DataFrame:
    """The data of `curves`: its lines, and a row for each drop."""
    return pd.concat([rows, milestones.rename(columns={"epoch": "drop"})])


@chart_specification
def accuracies() -> alt.LayerChart:
    """Test accuracy of every approach and rate with its interval: label, which names the approach so that no legend has to, test_percent, low, high, approach, seeds."""
    color = COLOR.legend(None)
    y = alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=220))
    points = alt.Chart().mark_point(filled=True, size=110, opacity=1).encode(
        x=alt.X("test_percent:Q", title="Test accuracy (%)", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=10)), y=y, color=color,
        tooltip=tooltips("label", "approach", test_percent=".1f", low=".1f", high=".1f", val_percent=".1f", seeds=".0f"),
    )  # fmt: skip
    intervals = alt.Chart().mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q", y=y, color=color)
    return alt.layer(intervals, points).properties(height=alt.Step(26))


@chart_specification
def costs(x: str, title: str) -> alt.Chart:
    """Test accuracy against what the training took: x, test_percent, approach, label."""
    return (
        alt.Chart()
        .mark_point(filled=True, size=90, opacity=0.8)
        .encode(
            x=alt.X(f"{x}:Q", title=title, scale=alt.Scale(type="log"), axis=alt.Axis(format="~s")),
            y=alt.Y("test_percent:Q", title="Test accuracy (%)", scale=alt.Scale(zero=False)),
            color=COLOR,
            tooltip=tooltips("label", "approach", test_percent=".1f", seconds=",.0f", flops=".2s"),
        )
        .properties(height=340)
    )


@chart_specification
def classes(x: str) -> alt.LayerChart:
    """Each fine-tuned class against `x`: extract_percent (of the last layer alone), train_images or images; finetune_percent, imagenet (whether ImageNet has it), class_name."""
    title = {"extract_percent": "Last layer alone (%)", "train_images": "Training images", "images": "Images in all splits"}[x]
    scale = alt.Scale(domain=[0, 100]) if x == "extract_percent" else alt.Scale(zero=False)
    points = (
        alt.Chart()
        .mark_point(filled=True, opacity=0.75)
        .encode(
            x=alt.X(f"{x}:Q", title=title, scale=scale),
            y=alt.Y("finetune_percent:Q", title="Fine-tuned (%)", scale=alt.Scale(domain=[0, 100])),
            size=alt.Size("test_images:Q", title="Test images", legend=alt.Legend(orient="bottom", symbolFillColor="gray", symbolStrokeColor="gray")),
            color=alt.Color("imagenet:N", title=None, legend=TOP),
            tooltip=tooltips("class_name", "base_class", extract_percent=".0f", finetune_percent=".0f", test_images=".0f", train_images=".0f"),
        )
    )
    same = alt.Chart().transform_filter("isValid(datum.even)").mark_line(strokeDash=[4, 4], color="gray").encode(x=alt.X("even:Q"), y=alt.Y("even:Q"))
    return alt.layer(points.transform_filter("isValid(datum.class_name)"), same).properties(height=420)
