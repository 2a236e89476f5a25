"""Problem 3's charts, drawn without data; the columns that they take are named in each docstring."""

import altair as alt

from pages.parts.figure import chart_specification, tooltips

TOP = alt.Legend(orient="top")
NAMES = alt.Axis(grid=True, labelLimit=200)


@chart_specification
def layer_times(terms: tuple[str, ...], labels: bool) -> alt.Chart:
    """Stacked ms of each layer: position, name, kind, term, ms."""
    return (
        alt.Chart()
        .mark_bar()
        .encode(
            x=alt.X(
                "position:O",
                title="Layer, in order of execution",
                axis=alt.Axis(labels=labels, ticks=False, labelAngle=0),
            ),
            y=alt.Y("ms:Q", title="Time (ms)"),
            color=alt.Color(
                "term:N", title=None, sort=list(terms), legend=alt.Legend(orient="top", columns=1, labelLimit=220)
            ),
            order=alt.Order("term:N"),
            tooltip=tooltips("name", "kind", "term", ms=".4f"),
        )
        .properties(height=280)
    )


@chart_specification
def implied_ppp() -> alt.Chart:
    """One line a platform: batch, ppp_percent, gpu_type, mode, and what a measurement comes from."""
    return (
        alt.Chart()
        .mark_line(point=True)
        .encode(
            x=alt.X("batch:Q", title="Images of a batch", scale=alt.Scale(type="log", base=2)),
            y=alt.Y("ppp_percent:Q", title="PPP that the measurement implies (%)"),
            color=alt.Color("gpu_type:N", title=None, legend=TOP),
            strokeDash=alt.StrokeDash("mode:N", title=None, legend=alt.Legend(orient="bottom")),
            detail=["source:N", "precision:N"],
            tooltip=tooltips(
                *("device", "platform", "framework", "model", "mode", "precision", "batch", "source"),
                images_per_s_gpu=",.0f",
                ppp_percent=".1f",
                flop_utilisation_percent=".1f",
            ),
        )
        .properties(height=300)
    )


@chart_specification
def throughput() -> alt.LayerChart:
    """Predicted images_per_s by batch with its band (low, high), and measured points with framework and source."""
    x = alt.X("batch:Q", title="Images of a batch", scale=alt.Scale(type="log", base=2))
    predicted = alt.Chart().encode(x=x).transform_filter("isValid(datum.images_per_s)")
    measured = alt.Chart().encode(x=x).transform_filter("isValid(datum.measured)")
    return alt.layer(
        predicted.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", title="Images/s"), y2="high:Q"),
        predicted.mark_line().encode(y="images_per_s:Q", tooltip=tooltips(batch=".0f", images_per_s=",.0f")),
        measured.mark_point(filled=True, size=60).encode(
            y="measured:Q",
            color=alt.Color("framework:N", title=None, legend=TOP),
            tooltip=tooltips("framework", "source", batch=".0f", measured=",.0f"),
        ),
    ).properties(height=280)


@chart_specification
def accuracy(models: tuple[str, ...]) -> alt.LayerChart:
    """Median error and the error that 90 % stay within, by what was left out (`unseen`) and by model."""
    tips = tooltips(
        *("unseen", "model"), measurements=".0f", median_percent=".0f", high_percent=".0f", within_30_percent=".0f"
    )
    base = alt.Chart().encode(
        y=alt.Y("unseen:N", title="Predicted for", sort=None, axis=NAMES),
        yOffset=alt.YOffset("model:N", sort=list(models)),
        color=alt.Color("model:N", title=None, sort=list(models), legend=alt.Legend(orient="top", labelLimit=260)),
        tooltip=tips,
    )
    return alt.layer(
        base.mark_rule().encode(x=alt.X("median_percent:Q", title="Error (%)"), x2="high_percent:Q"),
        base.mark_point(filled=True, size=90).encode(x="median_percent:Q"),
    ).properties(height=200)


@chart_specification
def rates() -> alt.Chart:
    """Operations per second by kind of layer: network, kind, ms, giga_ops_per_s, time_percent, of_best_percent."""
    return (
        alt.Chart()
        .mark_point(filled=True, size=80)
        .encode(
            x=alt.X("giga_ops_per_s:Q", title="Operations per second (10⁹, logarithmic)", scale=alt.Scale(type="log")),
            y=alt.Y("kind:N", title=None, sort="-x", axis=NAMES),
            color=alt.Color("network:N", title=None, legend=alt.Legend(orient="top", columns=2)),
            tooltip=tooltips(
                "network", "kind", ms=".3g", giga_ops_per_s=".3g", time_percent=".3g", of_best_percent=".3g"
            ),
        )
        .properties(height=alt.Step(28))
    )


@chart_specification
def vgg(unit: str, order: tuple[str, ...]) -> alt.Chart:
    """Work of each layer of the two VGGs side by side: network, layer, giga_ops and what the table holds."""
    networks = ["VGG-16", "VGG-19"]
    return (
        alt.Chart()
        .mark_bar()
        .encode(
            x=alt.X("layer:N", title=None, sort=list(order), axis=alt.Axis(labelAngle=-60)),
            y=alt.Y("giga_ops:Q", title=f"Work for one image ({unit})"),
            xOffset=alt.XOffset("network:N", sort=networks),
            color=alt.Color("network:N", title=None, sort=networks, legend=TOP),
            tooltip=tooltips("network", "layer", "output_shape", params=",", macs=",", share_percent=".2f"),
        )
        .properties(height=300)
    )


@chart_specification
def kinds() -> alt.Chart:
    """Operations by kind of layer: kind, work, giga_ops."""
    return (
        alt.Chart()
        .mark_bar()
        .encode(
            x=alt.X("giga_ops:Q", title="Operations for one image (10⁹)"),
            y=alt.Y("kind:N", title=None, sort="-x"),
            color=alt.Color("work:N", title=None, legend=alt.Legend(orient="top", columns=1, labelLimit=260)),
            tooltip=tooltips("kind", "work", giga_ops=".4f"),
        )
    )


@chart_specification
def sum_against_whole() -> alt.Chart:
    """Sum of layer times over the whole pass: measured, processor, network, platform, layers, sum_ms, forward_ms,
    ratio.
    """
    return (
        alt.Chart()
        .mark_point(filled=True, size=90)
        .encode(
            x=alt.X(
                "ratio:Q", title="Sum of layers ÷ whole pass", scale=alt.Scale(zero=True), axis=alt.Axis(tickMinStep=1)
            ),
            y=alt.Y("measured:N", title=None, axis=NAMES),
            color=alt.Color("processor:N", title=None, legend=TOP),
            tooltip=tooltips("network", "platform", "layers", sum_ms=".1f", forward_ms=".1f", ratio=".2f"),
        )
        .properties(height=alt.Step(24))
    )


@chart_specification
def overhead_by_layers() -> alt.LayerChart:
    """Overhead against number of layers: network, platform, layers, overhead_ms, overhead_per_layer_ms; names beside
    one platform's points.
    """
    place = {
        "x": alt.X("layers:Q", title="Layers in the network"),
        "y": alt.Y("overhead_ms:Q", title="Sum − whole pass (ms)"),
    }
    points = (
        alt.Chart()
        .mark_point(filled=True, size=110)
        .encode(
            **place,
            color=alt.Color("platform:N", title=None, legend=TOP),
            shape=alt.Shape("platform:N", title=None),
            tooltip=tooltips("network", "platform", "layers", overhead_ms=".1f", overhead_per_layer_ms=".2f"),
        )
    )
    names = (
        alt.Chart()
        .transform_filter("datum.platform == 'TK1 GPU'")
        .mark_text(dy=-16, color="gray")
        .encode(**place, text=alt.Text("network:N"))
    )
    return alt.layer(points, names).properties(height=280)


@chart_specification
def ways_of_timing(modes: tuple[str, ...]) -> alt.Chart:
    """A bar for each way of timing a network: timed, mode, repeats, ms."""
    return (
        alt.Chart()
        .mark_bar()
        .encode(
            x=alt.X("ms:Q", title="Time of one forward pass (ms)"),
            y=alt.Y("timed:N", title=None, axis=alt.Axis(labelLimit=200)),
            yOffset=alt.YOffset("mode:N", sort=list(modes)),
            color=alt.Color(
                "mode:N", title=None, sort=list(modes), legend=alt.Legend(orient="top", columns=1, labelLimit=300)
            ),
            tooltip=tooltips("timed", "mode", "repeats", ms=".3f"),
        )
        .properties(height=alt.Step(16))
    )


@chart_specification
def measured_against_peak() -> alt.LayerChart:
    """Images per second by batch, and the peak dashed: network, batch, images_per_s, peak_images_per_s,
    percent_of_peak.
    """
    colour = alt.Color("network:N", title=None, legend=TOP)
    measured = (
        alt.Chart()
        .mark_line(point=True)
        .encode(
            x=alt.X("batch:Q", title="Batch (images)", scale=alt.Scale(type="log", base=2)),
            y=alt.Y("images_per_s:Q", title="Images/s"),
            color=colour,
            tooltip=tooltips("network", "batch", images_per_s=".1f", percent_of_peak=".0f"),
        )
    )
    peak = (
        alt.Chart()
        .mark_rule(strokeDash=[6, 4])
        .encode(y=alt.Y("max(peak_images_per_s):Q", title="Images/s"), color=colour, tooltip=tooltips("network"))
    )
    return alt.layer(measured, peak).properties(height=300)


@chart_specification
def predicted_against_measured(names: tuple[str, ...]) -> alt.LayerChart:
    """One point a network and model of time, and the diagonal: network, name, measured_ms, predicted_ms,
    error_percent.
    """
    axes = {
        "x": alt.X("measured_ms:Q", title="Measured (ms, logarithmic)", scale=alt.Scale(type="log", nice=False)),
        "y": alt.Y("predicted_ms:Q", title="Predicted (ms, logarithmic)", scale=alt.Scale(type="log", nice=False)),
    }
    points = (
        alt.Chart()
        .mark_point(filled=True, size=60, opacity=0.85)
        .encode(
            **axes,
            color=alt.Color(
                "name:N", title=None, sort=list(names), legend=alt.Legend(orient="top", columns=1, labelLimit=320)
            ),
            shape=alt.Shape("name:N", title=None, sort=list(names)),
            tooltip=tooltips("network", "name", measured_ms=",.1f", predicted_ms=",.1f", error_percent="+.0f"),
        )
    )
    agree = alt.Chart().mark_line(strokeDash=[6, 4], color="gray").encode(x="measured_ms:Q", y="measured_ms:Q")
    return alt.layer(agree, points).properties(height=460)
