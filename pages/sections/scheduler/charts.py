"""The scheduler's charts, drawn without data; the columns that they take are named in each docstring."""

import altair as alt

from pages.parts.figure import chart_specification, tooltips

TOP = alt.Legend(orient="top")
RATIO = alt.Scale(zero=False)


@chart_specification
def timeline(jobs: int, end_h: float) -> alt.LayerChart:
    """Who has what when: job, start_h, end_h, workers, servers, machines, and `kind`: tasks or waiting."""
    place = {
        "x": alt.X("start_h:Q", title="Hours", scale=alt.Scale(domain=[0, end_h])),
        "x2": "end_h:Q",
        "y": alt.Y("job:N", title=None, sort=None, axis=alt.Axis(labelLimit=170, labelOverlap=False)),
    }
    waiting = (
        alt.Chart()
        .transform_filter("datum.kind == 'waiting'")
        .mark_rule(color="gray", strokeDash=[3, 3])
        .encode(**place, tooltip=tooltips("job", "kind", start_h=".2f", end_h=".2f"))
    )
    tasks = (
        alt.Chart()
        .transform_filter("datum.kind == 'tasks'")
        .mark_bar(height={"band": 0.75}, stroke="gray", strokeWidth=0.5)
        .encode(
            **place,
            color=alt.Color("workers:Q", title="Workers", legend=TOP, scale=alt.Scale(type="sqrt", scheme="viridis")),
            tooltip=tooltips("job", "workers", "servers", "machines", start_h=".2f", end_h=".2f"),
        )
    )
    return alt.layer(waiting, tasks).properties(height=24 * jobs)


@chart_specification
def completion(jobs: int) -> alt.Chart:
    """Completion time of each job under each scheduler: job, jct_h, scheduler."""
    return (
        alt.Chart()
        .mark_point(filled=True, size=80, opacity=0.85)
        .encode(
            x=alt.X("jct_h:Q", title="Hours from arrival to end"),
            y=alt.Y("job:N", title=None, sort=None, axis=alt.Axis(labelLimit=170, labelOverlap=False, grid=True)),
            color=alt.Color("scheduler:N", title=None, sort=None, legend=TOP),
            shape=alt.Shape("scheduler:N", title=None, sort=None, legend=TOP),
            tooltip=tooltips("job", "scheduler", jct_h=".2f"),
        )
        .properties(height=24 * jobs)
    )


@chart_specification
def ratios(title: str) -> alt.LayerChart:
    """Ratios to Optimus, ours with their interval and the paper's: label, scheduler, source, ratio, low, high."""
    place = {
        "y": alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=190, grid=True)),
        "yOffset": alt.YOffset("scheduler:N", sort=["DRF", "Tetris"]),
        "color": alt.Color("scheduler:N", title=None, legend=TOP, sort=["DRF", "Tetris"]),
    }
    intervals = alt.Chart().mark_rule().encode(x=alt.X("low:Q", title=title, scale=RATIO), x2="high:Q", **place)
    points = (
        alt.Chart()
        .mark_point(size=70, filled=False, strokeWidth=2)
        .encode(
            x=alt.X("ratio:Q", scale=RATIO),
            shape=alt.Shape("source:N", title=None, legend=TOP, sort=["simulated here", "paper"]),
            tooltip=tooltips("label", "scheduler", "source", ratio=".2f", low=".2f", high=".2f"),
            **place,
        )
    )
    even = alt.Chart().mark_rule(color="gray", strokeDash=[4, 4]).encode(x=alt.datum(1))
    return alt.layer(even, intervals, points).properties(height=320)


@chart_specification
def errors() -> alt.LayerChart:
    """Completion time against the error of the estimates: error_percent, change_percent, low, high, of."""
    x = alt.X("error_percent:Q", title="Error of the estimates at a job's start (%)")
    colour = alt.Color("of:N", title=None, legend=TOP)
    band = alt.Chart().mark_area(opacity=0.15).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour)
    line = (
        alt.Chart()
        .mark_line(point=True)
        .encode(
            x=x,
            y=alt.Y("change_percent:Q", title="Change of mean completion time (%)"),
            color=colour,
            tooltip=tooltips("of", error_percent=".0f", change_percent="+.2f", low="+.2f", high="+.2f"),
        )
    )
    return alt.layer(band, line).properties(height=260)


@chart_specification
def fit_errors() -> alt.LayerChart:
    """Error of fitted speed models: points, median_percent, low_percent, high_percent, name, origin."""
    x = alt.X("points:Q", title="Measurements used", scale=alt.Scale(type="log", base=10, nice=False, padding=8))
    colour = alt.Color("name:N", title=None, legend=alt.Legend(orient="bottom", columns=2, labelLimit=220))
    band = alt.Chart().mark_rule(opacity=0.3).encode(x=x, y=alt.Y("low_percent:Q"), y2="high_percent:Q", color=colour)
    line = (
        alt.Chart()
        .mark_line(point=True)
        .encode(
            x=x,
            y=alt.Y("median_percent:Q", title="Error on the others (%)"),
            color=colour,
            strokeDash=alt.StrokeDash("origin:N", title=None, legend=TOP),
            tooltip=tooltips("name", "origin", points=".0f", median_percent=".1f"),
        )
    )
    return alt.layer(band, line).properties(height=360)


@chart_specification
def measured_speeds() -> alt.Chart:
    """Measured speed: workers, steps_per_s, servers, mode."""
    return (
        alt.Chart()
        .mark_line(point=True)
        .encode(
            x=alt.X("workers:Q", title="Workers"),
            y=alt.Y("steps_per_s:Q", title="Steps/s of all workers"),
            color=alt.Color("servers:N", title="Parameter servers", legend=TOP),
            strokeDash=alt.StrokeDash("mode:N", title=None, legend=TOP),
            tooltip=tooltips("mode", "servers", "workers", steps_per_s=".2f"),
        )
        .properties(height=380)
    )
