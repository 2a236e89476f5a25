"""The chart specifications of Problem 2, without data; each docstring names the columns that a chart takes."""

import altair as alt
import pandas as pd

from compute.core.supervision import SAMPLINGS
from pages.parts.figure import chart_specification, tooltips
from store.supervision.pretraining import PARTS

TOP = alt.Legend(orient="top", columns=2, symbolOpacity=1)  # two beside each other are not cut off on a phone
RANGE = {"y": "low:Q", "y2": "high:Q"}  # without a title, so that the axis has the one of the points
LOG_K = alt.X("k:Q", title="K, images of a class", scale=alt.Scale(type="log", nice=False), axis=alt.Axis(format=",d"))
SERIES = alt.Color("series:N", title=None, legend=TOP)
POINTS = alt.OverlayMarkDef(size=60)


def marked(at: float | None) -> pd.DataFrame:
    """The row that puts a dotted line at an x of the charts that can have one; no row for None."""
    return pd.DataFrame({"marked": [] if at is None else [at]})


def _marked_line() -> alt.Chart:
    """The layer with the dotted line of `marked`."""
    x = alt.X("marked:Q")
    return _rows_with("marked").mark_rule(strokeDash=[2, 3], color="gray").encode(x=x)


def _rows_with(column: str) -> alt.Chart:
    """A layer of the rows that have a value in a column."""
    return alt.Chart().transform_filter(f"isValid(datum.{column})")


def _percent(column: str, title: str, **scale) -> alt.Y:
    """The y axis of a share in percent."""
    return alt.Y(f"{column}:Q", title=title, scale=alt.Scale(**scale))


def _accuracy() -> alt.Y:
    """The y axis of a test accuracy."""
    return _percent("percent", "Test accuracy (%)", zero=False)


@chart_specification
def noise() -> alt.LayerChart:
    """Accuracy against the share of wrong labels: noise_percent, percent, low, high, lost, stage.

    `marked` shares have a dotted line.
    """
    x = alt.X("noise_percent:Q", title="Labels replaced at random (%)")
    color, rows = alt.Color("stage:N", title=None, legend=TOP), _rows_with("percent")
    tooltip = tooltips("stage", noise_percent=".0f", percent=".1f", low=".1f", high=".1f", lost=".1f")
    lines = rows.mark_line(point=POINTS).encode(x=x, y=_accuracy(), color=color, tooltip=tooltip)
    bars = rows.mark_rule().encode(x=x, color=color, **RANGE)
    return alt.layer(bars, lines, _marked_line()).properties(height=340)


@chart_specification
def resampling() -> alt.LayerChart:
    """Accuracy of each part of the classes by sampling: part, sampling, percent, low, high, images."""
    order = list(SAMPLINGS)
    place = {
        "x": alt.X("part:N", title=None, sort=list(PARTS), axis=alt.Axis(labelAngle=0)),
        "xOffset": alt.XOffset("sampling:N", sort=order),
        "color": alt.Color("sampling:N", title=None, sort=order, legend=TOP),
    }
    tooltip = tooltips("part", "sampling", percent=".1f", low=".1f", high=".1f", images=".0f")
    points = alt.Chart().mark_point(filled=True, size=90, opacity=1).encode(y=_accuracy(), tooltip=tooltip, **place)
    bars = alt.Chart().mark_rule(strokeWidth=2).encode(**place, **RANGE)
    return alt.layer(bars, points).properties(height=340)


@chart_specification
def students() -> alt.LayerChart:
    """Accuracy against K, a line for each series: k, percent, low, high, gain, series.

    Rows with `level` are dashed horizontal lines of their series; `marked` Ks have a dotted vertical one.
    """
    rows = _rows_with("k")
    tooltip = tooltips("series", k=",.0f", percent=".1f", low=".1f", high=".1f", gain="+.1f")
    lines = rows.mark_line(point=POINTS).encode(x=LOG_K, y=_accuracy(), color=SERIES, tooltip=tooltip)
    bars = rows.mark_rule(opacity=0.6).encode(x=LOG_K, color=SERIES, **RANGE)
    levels = _rows_with("level").mark_rule(strokeDash=[5, 4])
    levels = levels.encode(y=alt.Y("level:Q"), color=SERIES, tooltip=tooltips("series", level=".1f"))
    return alt.layer(levels, bars, lines, _marked_line()).properties(height=380)


@chart_specification
def precision() -> alt.LayerChart:
    """Correct labels against rank: rank, precision_percent, low, high, classes, series.

    `marked` ranks have a dotted line.
    """
    x, rows = alt.X("rank:Q", title="Rank within the class"), _rows_with("rank")
    y = _percent("precision_percent", "Correct labels (%)", domain=[0, 100])
    tooltip = tooltips("series", rank=",.0f", precision_percent=".1f", low=".1f", high=".1f", classes=".0f")
    lines = rows.mark_line().encode(x=x, y=y, color=SERIES, tooltip=tooltip)
    ranges = rows.mark_area(opacity=0.2).encode(x=x, color=SERIES, **RANGE)
    return alt.layer(ranges, lines, _marked_line()).properties(height=340)


@chart_specification
def correct() -> alt.LayerChart:
    """Correct labels of the whole set against K: k, labels, precision_percent, precision_low, precision_high, series.

    `marked` Ks have a dotted line.
    """
    rows, y = _rows_with("k"), _percent("precision_percent", "Correct labels (%)", zero=False)
    formats = {"precision_percent": ".1f", "precision_low": ".1f", "precision_high": ".1f"}
    tooltip = tooltips("series", k=",.0f", labels=",.0f", **formats)
    lines = rows.mark_line(point=POINTS).encode(x=LOG_K, y=y, color=SERIES, tooltip=tooltip)
    bars = rows.mark_rule(opacity=0.6).encode(x=LOG_K, y="precision_low:Q", y2="precision_high:Q", color=SERIES)
    return alt.layer(bars, lines, _marked_line()).properties(height=320)


@chart_specification
def balance() -> alt.LayerChart:
    """Labels of the class with the fewest and of the one with the most against K: k, least, most, series.

    `marked` Ks have a dotted line.
    """
    scale, axis = alt.Scale(type="symlog", constant=100), alt.Axis(format=",d")
    y = alt.Y("least:Q", title="Labels of a class, least to most", scale=scale, axis=axis)
    tooltip = tooltips("series", k=",.0f", least=",.0f", most=",.0f")
    areas = _rows_with("k").mark_area(opacity=0.35, line=True)
    areas = areas.encode(x=LOG_K, y=y, y2="most:Q", color=SERIES, tooltip=tooltip)
    return alt.layer(areas, _marked_line()).properties(height=320)
