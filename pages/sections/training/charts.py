"""The charts of a reader's training, drawn without data; columns as in `compute.fitting.outlook`, and `series`."""

import altair as alt

from pages.parts.figure import chart_specification, tooltips

SEEN, LATER, FIT, FORECAST = "losses", "what came after", "Eq. 1, fitted", "forecast"
TOP = alt.Legend(orient="top", columns=2)


def _x(unit: str) -> alt.X:
    return alt.X("at:Q", title=unit.capitalize())


def _series() -> alt.Color:
    return alt.Color("series:N", title=None, sort=[SEEN, LATER, FIT, FORECAST], legend=TOP)


@chart_specification
def forecast(unit: str) -> alt.LayerChart:
    """Losses, fitted curves and the forecast with its band: at, loss, low, high, piece, series."""
    x, y = _x(unit), alt.Y("loss:Q", title="Training loss", scale=alt.Scale(zero=False))
    colour = _series()
    points = (
        alt.Chart()
        .transform_filter(f"datum.series == '{SEEN}' || datum.series == '{LATER}'")
        .mark_point(filled=True, size=16, opacity=0.5)
        .encode(x=x, y=y, color=colour, tooltip=tooltips("series", at=",.1f", loss=".4f"))
    )
    band = (
        alt.Chart()
        .transform_filter(f"datum.series == '{FORECAST}'")
        .mark_area(opacity=0.2)
        .encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour)
    )
    lines = (
        alt.Chart()
        .transform_filter(f"datum.series == '{FIT}' || datum.series == '{FORECAST}'")
        .mark_line(strokeWidth=2.5)
        .encode(
            x=x,
            y=y,
            color=colour,
            detail=[alt.Detail("piece:N")],
            tooltip=tooltips("series", at=",.1f", loss=".4f", low=".4f", high=".4f"),
        )
    )
    return alt.layer(band, points, lines).properties(height=400)


@chart_specification
def residuals(unit: str) -> alt.Chart:
    """Measured less fitted loss: at, residual, piece."""
    return (
        alt.Chart()
        .mark_point(filled=True, size=16, opacity=0.6)
        .encode(
            x=_x(unit),
            y=alt.Y("residual:Q", title="Measured − fitted", axis=alt.Axis(tickCount=5)),
            color=alt.Color("piece:N", title="Piece", legend=alt.Legend(orient="top")),
            tooltip=tooltips("piece", at=",.1f", residual=".4f"),
        )
        .properties(height=220)
    )
