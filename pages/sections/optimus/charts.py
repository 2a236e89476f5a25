"""Problem 4's charts, drawn without data; the columns that they take are named in each docstring."""

import altair as alt

from pages.parts.figure import chart_specification, tooltips

TOP = alt.Legend(orient="top")
GPU = alt.Color("gpu_type:N", title=None, legend=TOP)


@chart_specification
def curves(y: str, title: str) -> alt.Chart:
    """One line a training: epoch, y, network, gpu_type."""
    return (
        alt.Chart()
        .mark_line()
        .encode(
            x=alt.X("epoch:Q", title="Epoch"),
            y=alt.Y(f"{y}:Q", title=title, scale=alt.Scale(zero=False)),
            color=alt.Color("network:N", title=None, legend=alt.Legend(orient="top", columns=3)),
            strokeDash=alt.StrokeDash("gpu_type:N", title=None, legend=alt.Legend(orient="bottom")),
            tooltip=tooltips("network", "gpu_type", "epoch", train_loss=".3f", test_accuracy=".1%"),
        )
        .properties(height=420)
    )


@chart_specification
def fit() -> alt.LayerChart:
    """Data points and fitted curves: step, loss, series (for lines); points carry the series `training`."""
    points = (
        alt.Chart()
        .transform_filter("datum.series == 'training'")
        .mark_point(filled=True, size=22, opacity=0.6, color="gray")
        .encode(
            x=alt.X("step:Q", title="Step"),
            y=alt.Y("loss:Q", title="Training loss"),
            tooltip=tooltips(step=",.0f", loss=".3f"),
        )
    )
    lines = (
        alt.Chart()
        .transform_filter("datum.series != 'training'")
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("step:Q"),
            y=alt.Y("loss:Q"),
            color=alt.Color("series:N", title=None, legend=TOP),
            tooltip=tooltips("series", step=",.0f", loss=".3f"),
        )
    )
    return alt.layer(points, lines).properties(height=380)


@chart_specification
def residuals() -> alt.Chart:
    """Measured less fitted loss: step, residual, series."""
    return (
        alt.Chart()
        .mark_line(opacity=0.8)
        .encode(
            x=alt.X("step:Q", title="Step"),
            y=alt.Y("residual:Q", title="Measured − fitted", axis=alt.Axis(tickCount=5)),
            color=alt.Color("series:N", title=None, legend=TOP),
            tooltip=tooltips("series", step=",.0f", residual=".3f"),
        )
        .properties(height=220)
    )


@chart_specification
def forecasts() -> alt.Chart:
    """Forecast error as training goes on: progress_percent, error_percent, method, network, gpu_type."""
    return (
        alt.Chart()
        .mark_line(point=True, opacity=0.7)
        .encode(
            x=alt.X("progress_percent:Q", title="Progress of the training (%)"),
            # a few early forecasts miss by hundreds of percent; below 10 % the axis is linear
            y=alt.Y(
                "error_percent:Q",
                title="Forecast ÷ real epochs − 1 (%)",
                scale=alt.Scale(type="symlog", constant=10),
                axis=alt.Axis(values=[-50, -20, -10, 0, 10, 20, 50, 100, 200, 500, 1000, 2000]),
            ),
            color=alt.Color("method:N", title=None, legend=TOP),
            detail=[alt.Detail("network:N"), alt.Detail("gpu_type:N")],
            tooltip=tooltips("network", "gpu_type", "method", "epoch", forecast_epochs=".1f", error_percent=".0f"),
        )
        .properties(height=380)
    )


@chart_specification
def coefficients(title: str) -> alt.LayerChart:
    """A coefficient against depth: depth, value, low, high, predicted, gpu_type, network, role.

    The role is `regressed` or `held out`.
    """
    x = alt.X("depth:Q", title="Depth (layers)", scale=alt.Scale(zero=False))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False))
    lines = alt.Chart().mark_line(opacity=0.6).encode(x=x, y=alt.Y("predicted:Q"), color=GPU)
    intervals = alt.Chart().mark_rule(opacity=0.5).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=GPU)
    points = (
        alt.Chart()
        .mark_point(size=70)
        .encode(
            x=x,
            y=y,
            color=GPU,
            shape=alt.Shape("role:N", title=None, sort=["regressed", "held out"], legend=alt.Legend(orient="bottom")),
            tooltip=tooltips("network", "gpu_type", "role", value=".4g", low=".4g", high=".4g", predicted=".4g"),
        )
    )
    return alt.layer(lines, intervals, points).properties(height=340)


@chart_specification
def prediction() -> alt.LayerChart:
    """Predicted and trained loss by epoch: epoch, loss, gpu_type, series; low and high (series `range`)."""
    band = (
        alt.Chart()
        .transform_filter("datum.series == 'range'")
        .mark_area(opacity=0.18, color="gray")
        .encode(x=alt.X("epoch:Q"), y=alt.Y("low:Q"), y2="high:Q")
    )
    lines = (
        alt.Chart()
        .transform_filter("datum.series != 'range'")
        .mark_line()
        .encode(
            x=alt.X("epoch:Q", title="Epoch"),
            y=alt.Y("loss:Q", title="Mean training loss of an epoch", scale=alt.Scale(zero=False)),
            color=GPU,
            strokeDash=alt.StrokeDash(
                "series:N", title=None, sort=["predicted", "trained"], legend=alt.Legend(orient="bottom")
            ),
            tooltip=tooltips("gpu_type", "series", "epoch", loss=".3f"),
        )
    )
    return alt.layer(band, lines).properties(height=380)


@chart_specification
def any_depth() -> alt.LayerChart:
    """One predicted curve with its range: epoch, predicted, low, high."""
    x = alt.X("epoch:Q", title="Epoch")
    y = alt.Y("predicted:Q", title="Mean training loss of an epoch", scale=alt.Scale(zero=False))
    band = alt.Chart().mark_area(opacity=0.18, color="gray").encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    line = alt.Chart().mark_line().encode(x=x, y=y, tooltip=tooltips("epoch", predicted=".3f", low=".3f", high=".3f"))
    return alt.layer(band, line).properties(height=320)


@chart_specification
def epochs(accuracy: str) -> alt.LayerChart:
    """Epochs against the target: target_percent, predicted, low, end (of the range), gpu_type, trained."""
    x = alt.X("target_percent:Q", title=f"{accuracy.capitalize()} accuracy to reach (%)", scale=alt.Scale(zero=False))
    y = alt.Y("predicted:Q", title="Epochs")
    band = alt.Chart().mark_area(opacity=0.18, color="gray").encode(x=x, y=alt.Y("low:Q"), y2="end:Q")
    line = alt.Chart().mark_line(color="gray", strokeWidth=3, interpolate="step").encode(
        x=x, y=y, tooltip=tooltips("target_percent", predicted=".0f", low=".0f", high=".0f")
    )  # fmt: skip
    points = alt.Chart().mark_point(filled=True, size=45).encode(
        x=x, y=alt.Y("trained:Q"), color=GPU, tooltip=tooltips("gpu_type", "target_percent", trained=".0f")
    )  # fmt: skip
    return alt.layer(band, line, points).properties(height=360)


@chart_specification
def schedules() -> alt.LayerChart:
    """Predicted epochs against the first drop of the learning rate: first_drop, predicted, role."""
    x = alt.X("first_drop:Q", title="First drop of the learning rate after (epochs)")
    line = alt.Chart().mark_line(color="gray").encode(x=x, y=alt.Y("predicted:Q", title="Predicted epochs"))
    points = alt.Chart().mark_point(filled=True, size=80).encode(
        x=x,
        y=alt.Y("predicted:Q"),
        color=alt.Color("role:N", title=None, legend=TOP),
        tooltip=tooltips("role", first_drop=".0f", predicted=".0f"),
    )  # fmt: skip
    return alt.layer(line, points).properties(height=280)


@chart_specification
def same_epochs() -> alt.Chart:
    """Epoch against hours at an accuracy on different hardware: hours, epoch, device, network, framework, entry."""
    return (
        alt.Chart()
        .mark_point(filled=True, size=90, opacity=0.75)
        .encode(
            x=alt.X("hours:Q", title="Hours to 92 % (logarithmic)", scale=alt.Scale(type="log")),
            y=alt.Y("epoch:Q", title="First epoch at 92 %", scale=alt.Scale(zero=True)),
            color=alt.Color("device:N", title=None, legend=TOP),
            shape=alt.Shape("network:N", title=None, legend=alt.Legend(orient="bottom")),
            tooltip=tooltips("network", "variant", "device", "framework", epoch=".0f", hours=".3g"),
        )
        .properties(height=300)
    )


@chart_specification
def hours() -> alt.Chart:
    """Hours against workers: workers, hours, hours_low, end (of the range), servers, fastest (its curve's minimum)."""
    band = alt.Chart().mark_area(opacity=0.13).encode(
        x=alt.X("workers:Q"),
        y=alt.Y("hours_low:Q"),
        y2="end:Q",
        color=alt.Color("servers:N", title="Parameter servers", legend=TOP),
    )  # fmt: skip
    line = alt.Chart().mark_line().encode(
        x=alt.X("workers:Q", title="Workers"),
        y=alt.Y("hours:Q", title="Hours to the accuracy", scale=alt.Scale(zero=False)),
        color=alt.Color("servers:N", title="Parameter servers", legend=TOP),
        tooltip=tooltips("servers", "workers", hours=".2f", hours_low=".2f", hours_high=".2f", epoch_hours=".3f"),
    )  # fmt: skip
    best = line.transform_filter("datum.fastest").mark_point(filled=True, size=140, shape="diamond")
    return alt.layer(band, line, best).properties(height=320)


@chart_specification
def costs() -> alt.LayerChart:
    """Cost against hours: hours, usd, gpu_type, servers, workers, front (whether none is faster and cheaper)."""
    place = {
        "x": alt.X("hours:Q", title="Hours to the accuracy", scale=alt.Scale(type="log", nice=False, padding=10)),
        "y": alt.Y("usd:Q", title="Cost (USD)", scale=alt.Scale(type="log", nice=False, padding=10)),
    }
    dots = {**place, "color": GPU, "tooltip": tooltips("gpu_type", "servers", "workers", hours=".3g", usd=".3g")}
    every = alt.Chart().mark_point(filled=True, opacity=0.35, size=30).encode(**dots)
    front = alt.Chart().transform_filter("datum.front")
    best = front.mark_point(filled=True, opacity=1, size=90).encode(**dots)
    return alt.layer(every, front.mark_line(color="gray").encode(**place), best).properties(height=340)


@chart_specification
def planned() -> alt.Chart:
    """Hours against workers of any training: workers, hours, servers, worker, epoch_hours, usd."""
    return (
        alt.Chart()
        .mark_line(point=alt.OverlayMarkDef(size=12))
        .encode(
            x=alt.X("workers:Q", title="Workers"),
            y=alt.Y("hours:Q", title="Hours (logarithmic)", scale=alt.Scale(type="log", nice=False)),
            color=alt.Color("worker:N", title=None, legend=TOP),
            strokeDash=alt.StrokeDash("servers:N", title="Servers", legend=alt.Legend(orient="bottom")),
            tooltip=tooltips("worker", "servers", "workers", hours=".3g", epoch_hours=".3g", usd=",.2f"),
        )
        .properties(height=340)
    )


@chart_specification
def front() -> alt.LayerChart:
    """Cost against hours of any training: hours, usd, worker, servers, workers, front."""
    place = {
        "x": alt.X("hours:Q", title="Hours", scale=alt.Scale(type="log", nice=False, padding=10)),
        "y": alt.Y("usd:Q", title="Cost (USD)", scale=alt.Scale(type="log", nice=False, padding=10)),
    }
    kind = alt.Color("worker:N", title=None, legend=TOP)
    dots = {**place, "color": kind, "tooltip": tooltips("worker", "servers", "workers", hours=".3g", usd=",.2f")}
    every = alt.Chart().mark_point(filled=True, opacity=0.35, size=30).encode(**dots)
    best = alt.Chart().transform_filter("datum.front")
    return alt.layer(
        every, best.mark_line(color="gray").encode(**place), best.mark_point(filled=True, size=90).encode(**dots)
    ).properties(height=340)
