"""Problem 2's charts, drawn without data; the columns that they take are named in each docstring."""

import altair as alt

from pages.parts.figure import drawing, tips

TOP, BOTTOM = alt.Legend(orient="top"), alt.Legend(orient="bottom")
SPREAD = {"y": alt.Y("low:Q", title=None), "y2": "high:Q"}


@drawing
def noise() -> alt.LayerChart:
    """Accuracy against the share of wrong labels: noise_percent, percent, low, high, stage."""
    x, color = alt.X("noise_percent:Q", title="Labels replaced at random (%)"), alt.Color("stage:N", title=None, legend=TOP)
    lines = (
        alt.Chart()
        .mark_line(point=alt.OverlayMarkDef(size=70))
        .encode(
            x=x,
            y=alt.Y("percent:Q", title="Test accuracy (%)", scale=alt.Scale(zero=False)),
            color=color,
            tooltip=tips("stage", noise_percent=".0f", percent=".1f", low=".1f", high=".1f", lost=".1f"),
        )
    )
    return alt.layer(alt.Chart().mark_rule().encode(x=x, color=color, **SPREAD), lines).properties(height=340)


@drawing
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
            tooltip=tips("part", "sampling", percent=".1f", low=".1f", high=".1f", images=".0f"),
            **place,
        )
    )
    return alt.layer(alt.Chart().mark_rule(strokeWidth=2).encode(**place, **SPREAD), points).properties(height=340)


@drawing
def students() -> alt.LayerChart:
    """Accuracy against K, one line a P, with dashed lines for what it is compared with: k, percent, low, high, series; rows with `level` are the dashed ones."""
    x, color = (
        alt.X("k:Q", title="K, images of a class", scale=alt.Scale(type="log"), axis=alt.Axis(format=",d")),
        alt.Color("series:N", title=None, legend=TOP),
    )
    seen = alt.Chart().transform_filter("isValid(datum.k)")
    lines = seen.mark_line(point=alt.OverlayMarkDef(size=60)).encode(
        x=x,
        y=alt.Y("percent:Q", title="Test accuracy (%)", scale=alt.Scale(zero=False)),
        color=color,
        tooltip=tips("series", k=",.0f", percent=".1f", low=".1f", high=".1f", gain="+.1f"),
    )
    levels = (
        alt.Chart()
        .transform_filter("isValid(datum.level)")
        .mark_rule(strokeDash=[5, 4])
        .encode(y=alt.Y("level:Q"), color=color, tooltip=tips("series", level=".1f"))
    )
    return alt.layer(levels, seen.mark_rule(opacity=0.6).encode(x=x, color=color, **SPREAD), lines).properties(height=380)


@drawing
def precision() -> alt.Chart:
    """Correct labels against rank: rank, precision_percent, P (as text)."""
    return (
        alt.Chart()
        .mark_line()
        .encode(
            x=alt.X("rank:Q", title="Rank within the class"),
            y=alt.Y("precision_percent:Q", title="Correct labels (%)", scale=alt.Scale(domain=[0, 100])),
            color=alt.Color("series:N", title=None, legend=TOP),
            tooltip=tips("series", rank=",.0f", precision_percent=".1f"),
        )
        .properties(height=340)
    )


@drawing
def balance() -> alt.LayerChart:
    """Labels of the smallest and the largest class, as given and as true, against K: k, least, most, series."""
    x = alt.X("k:Q", title="K, images of a class", scale=alt.Scale(type="log"), axis=alt.Axis(format=",d"))
    return (
        alt.Chart()
        .mark_area(opacity=0.35, line=True)
        .encode(
            x=x,
            y=alt.Y("least:Q", title="Labels of a class, least to most", scale=alt.Scale(type="symlog", constant=100), axis=alt.Axis(format=",d")),
            y2="most:Q",
            color=alt.Color("series:N", title=None, legend=BOTTOM),
            tooltip=tips("series", k=",.0f", least=",.0f", most=",.0f"),
        )
        .properties(height=320)
    )
