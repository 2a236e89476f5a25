"""Problem 2's charts, drawn without data; the columns that they take are named in each docstring."""

import altair as alt
import pandas as pd

from pages.parts.figure import chart_specification, tooltips

TOP = alt.Legend(orient="top", columns=2, symbolOpacity=1)  # two beside each other are not cut off on a phone
SPREAD = {"y": "low:Q", "y2": "high:Q"}  # without a title, so that the axis has the one of the points
LOG_K = alt.X("k:Q", title="K, images of a class", scale=alt.Scale(type="log", nice=False), axis=alt.Axis(format=",d"))


def marked(at: float | None) -> pd.DataFrame:
    """The row that puts a dotted line at an x of the charts that can have one; none without it."""
    return pd.DataFrame({"marked": [] if at is None else [at]})


def _mark() -> alt.Chart:
    """The dotted line of `marked`."""
    return alt.Chart().transform_filter("isValid(datum.marked)").mark_rule(strokeDash=[2, 3], color="gray").encode(x=alt.X("marked:Q"))


def _accuracies(seen: alt.Chart, x: alt.X, color: alt.Color, tooltip: list[alt.Tooltip]) -> alt.Chart:
    """Lines with points of the column `percent`, a test accuracy."""
    y = alt.Y("percent:Q", title="Test accuracy (%)", scale=alt.Scale(zero=False))
    return seen.mark_line(point=alt.OverlayMarkDef(size=60)).encode(x=x, y=y, color=color, tooltip=tooltip)


@chart_specification
def noise() -> alt.LayerChart:
    """Accuracy against the share of wrong labels: noise_percent, percent, low, high, stage; `marked` shares have a dotted line."""
    x, color = alt.X("noise_percent:Q", title="Labels replaced at random (%)"), alt.Color("stage:N", title=None, legend=TOP)
    seen = alt.Chart().transform_filter("isValid(datum.percent)")
    lines = _accuracies(seen, x, color, tooltips("stage", noise_percent=".0f", percent=".1f", low=".1f", high=".1f", lost=".1f"))
    return alt.layer(seen.mark_rule().encode(x=x, color=color, **SPREAD), lines, _mark()).properties(height=340)


@chart_specification
def resampling() -> alt.LayerChart:
    """Accuracy of each part of the classes by sampling: part, sampling, percent, low, high."""
    x = alt.X("part:N", title=None, sort=["head", "middle", "tail", "all"], axis=alt.Axis(labelAngle=0))
    order = ["natural", "sqrt", "uniform"]
    place = {"x": x, "xOffset": alt.XOffset("sampling:N", sort=order), "color": alt.Color("sampling:N", title=None, sort=order, legend=TOP)}
    points = (
        alt.Chart()
        .mark_point(filled=True, size=90, opacity=1)
        .encode(
            y=alt.Y("percent:Q", title="Test accuracy (%)", scale=alt.Scale(zero=False)),
            tooltip=tooltips("part", "sampling", percent=".1f", low=".1f", high=".1f", images=".0f"),
            **place,
        )
    )
    return alt.layer(alt.Chart().mark_rule(strokeWidth=2).encode(**place, **SPREAD), points).properties(height=340)


@chart_specification
def students() -> alt.LayerChart:
    """Accuracy against K, one line a P, with dashed lines for what it is compared with: k, percent, low, high, series; rows with `level` are the dashed ones; `marked` Ks have a dotted line."""
    x, color = LOG_K, alt.Color("series:N", title=None, legend=TOP)
    seen = alt.Chart().transform_filter("isValid(datum.k)")
    lines = _accuracies(seen, x, color, tooltips("series", k=",.0f", percent=".1f", low=".1f", high=".1f", gain="+.1f"))
    levels = (
        alt.Chart()
        .transform_filter("isValid(datum.level)")
        .mark_rule(strokeDash=[5, 4])
        .encode(y=alt.Y("level:Q"), color=color, tooltip=tooltips("series", level=".1f"))
    )
    return alt.layer(levels, seen.mark_rule(opacity=0.6).encode(x=x, color=color, **SPREAD), lines, _mark()).properties(height=380)


@chart_specification
def precision() -> alt.LayerChart:
    """Correct labels against rank: rank, precision_percent, low, high, series; `marked` ranks have a dotted line."""
    x, color = alt.X("rank:Q", title="Rank within the class"), alt.Color("series:N", title=None, legend=TOP)
    seen = alt.Chart().transform_filter("isValid(datum.rank)")
    lines = seen.mark_line().encode(
        x=x,
        y=alt.Y("precision_percent:Q", title="Correct labels (%)", scale=alt.Scale(domain=[0, 100])),
        color=color,
        tooltip=tooltips("series", rank=",.0f", precision_percent=".1f", low=".1f", high=".1f", classes=".0f"),
    )
    return alt.layer(seen.mark_area(opacity=0.2).encode(x=x, color=color, **SPREAD), lines, _mark()).properties(height=340)


@chart_specification
def correct() -> alt.LayerChart:
    """Correct labels of the whole set against K: k, precision_percent, precision_low, precision_high, series; `marked` Ks have a dotted line."""
    color, seen = alt.Color("series:N", title=None, legend=TOP), alt.Chart().transform_filter("isValid(datum.k)")
    lines = seen.mark_line(point=alt.OverlayMarkDef(size=60)).encode(
        x=LOG_K,
        y=alt.Y("precision_percent:Q", title="Correct labels (%)", scale=alt.Scale(zero=False)),
        color=color,
        tooltip=tooltips("series", k=",.0f", labels=",.0f", precision_percent=".1f", precision_low=".1f", precision_high=".1f"),
    )
    bars = seen.mark_rule(opacity=0.6).encode(x=LOG_K, y="precision_low:Q", y2="precision_high:Q", color=color)
    return alt.layer(bars, lines, _mark()).properties(height=320)


@chart_specification
def balance() -> alt.LayerChart:
    """Labels of the smallest and the largest class, as given and as true, against K: k, least, most, series; `marked` Ks have a dotted line."""
    areas = (
        alt.Chart()
        .transform_filter("isValid(datum.k)")
        .mark_area(opacity=0.35, line=True)
        .encode(
            x=LOG_K,
            y=alt.Y("least:Q", title="Labels of a class, least to most", scale=alt.Scale(type="symlog", constant=100), axis=alt.Axis(format=",d")),
            y2="most:Q",
            color=alt.Color("series:N", title=None, legend=TOP),
            tooltip=tooltips("series", k=",.0f", least=",.0f", most=",.0f"),
        )
    )
    return alt.layer(areas, _mark()).properties(height=320)
