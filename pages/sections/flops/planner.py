"""3.1's planner: step time, throughput, hours, memory and price of a network on any device, with a band."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from compute.core.data_parallel import EXCHANGES
from compute.core.step_time import ELEMENT_BYTES
from pages.parts.controls import number, whole_number
from pages.parts.data import cached_query
from pages.parts.figure import figure
from pages.parts.origin import of_jobs, published
from pages.sections.flops import charts, explorer
from store.flops import counts, planner, platforms

MODES = ["training", "inference"]
SCALINGS = ["each device's own (weak scaling)", "shared by all devices (strong scaling)"]
CURVE_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
DEFAULT = {"model": "resnet50", "device": "V100 SXM2", "images": 1_281_167, "epochs": 90}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the reader asks: a network in a mode and precision, on so many devices of a kind, with a batch on each.

    `px` is the side of the images, None: that at which the network was counted.
    """

    model: str
    mode: str
    precision: str
    device: str
    own: tuple[float, float, float] | None
    count: int
    batch: int
    px: int | None


def show() -> None:
    """The inputs, the plan, all devices compared, the throughput against the batch, and the layers' times."""
    st.subheader("Planner: how long, how much memory, how much money", divider="gray")
    choice = _choice()
    rows = cached_query(
        planner.steps, choice.model, choice.mode, choice.precision, choice.batch, choice.own, None, choice.px
    ).set_index("device")
    if choice.device not in rows.index:
        st.info(f"No peak of {choice.device} in {choice.precision} is published here.", icon=":material/info:")
        return
    factor = _calibration(choice, rows.loc[choice.device])
    rows = rows.assign(**{name: factor * rows[name] for name in ("ms", "low_ms", "high_ms")})
    rows["images_per_s"] /= factor
    _plan(choice, rows.loc[choice.device], calibrated=factor != 1)
    _devices(choice, rows, calibrated=factor != 1)
    _throughput(choice, factor)
    explorer.show(choice.model, choice.precision, choice.batch, rows.loc[choice.device])


def _choice() -> Choice:
    names = cached_query(counts.networks)["model"].tolist()
    known = cached_query(planner.devices)
    devices = [*known["device"].unique(), planner.OWN]
    first, second, third = st.columns(3)
    model = first.selectbox("Network", names, index=_place(names, DEFAULT["model"]), key="model", bind="query-params")
    device = second.selectbox(
        "Device", devices, index=_place(devices, DEFAULT["device"]), key="device", bind="query-params"
    )
    own = None
    if device == planner.OWN:
        precisions = list(ELEMENT_BYTES)
    else:
        precisions = [p for p in ELEMENT_BYTES if p in set(known.loc[known["device"] == device, "precision"])]
    precision = third.selectbox("Precision", precisions, key="precision", bind="query-params")
    if device == planner.OWN:
        peak, bandwidth, memory = st.columns(3)
        own = (
            number(peak, "Peak (TFLOPS)", 0.01, 1e5, 100.0, key="own_peak"),
            number(bandwidth, "Memory bandwidth (GB/s)", 1.0, 1e5, 1000.0, key="own_bw"),
            number(memory, "Memory (GB)", 0.5, 1e4, 24.0, key="own_gb"),
        )
    first, second, third = st.columns(3)
    mode = first.segmented_control("Mode", MODES, default=MODES[0], required=True, key="work", bind="query-params")
    batch = whole_number(second, "Images of a batch", 1, 8192, 64, key="batch")
    count = whole_number(third, "Devices", 1, 1024, 1, key="count")
    counted_px, px = cached_query(planner.image_px, model), None
    left, right = st.columns(2)
    if counted_px is not None:
        px = whole_number(
            left, "Side of the images (px)", 16, 4096, counted_px, key=f"px_{model}",
            help="Layers before the first fully connected one then do and keep as many times more as there are pixels.",
        )  # fmt: skip
    if count > 1:
        scaling = right.segmented_control(
            "The batch above is", SCALINGS, default=SCALINGS[0], required=True, key="scaling", bind="query-params"
        )
        if scaling == SCALINGS[1]:
            batch = max(1, int(batch) // int(count))
    return Choice(
        model=model,
        mode=mode if mode in MODES else MODES[0],
        precision=precision,
        device=device,
        own=own,
        count=int(count),
        batch=int(batch),
        px=None if px in (None, counted_px) else int(px),
    )


def _place(options: list[str], wanted: str) -> int:
    return options.index(wanted) if wanted in options else 0


def _calibration(choice: Choice, row: pd.Series) -> float:
    """The reader's measured step over the predicted one; 1 without a measurement."""
    measured = number(
        st, "Calibrate: a batch that you measured on this device takes (ms; 0: not measured)", 0.0, 1e7, 0.0,
        key="measured_ms",
        help="All devices are then predicted anew, by the same factor: it stands for your software.",
    )  # fmt: skip
    if measured <= 0:
        return 1.0
    factor = measured / row["ms"]
    ppp = 100 * row["at_peak_ms"] / measured
    st.markdown(
        f"Your measurement implies a PPP of **{ppp:.0f} %** for PALEO's model; it is {factor:.2f} times the predicted "
        f"{row['ms']:.3g} ms."
    )
    return factor


def _plan(choice: Choice, row: pd.Series, calibrated: bool) -> None:
    first, second, third, fourth = st.columns(4)
    images = whole_number(first, "Images of the data set", 1, 10**10, DEFAULT["images"], key="images")
    epochs = whole_number(second, "Epochs", 1, 10**6, DEFAULT["epochs"], key="epochs")
    listed = float(row["usd_per_hour"]) if row["usd_per_hour"] == row["usd_per_hour"] else 0.0
    price = number(third, "Price of a device (USD/h)", 0.0, 1e4, listed, key="usd")
    step_ms, how = row["ms"], ""
    if choice.count > 1 and choice.mode == "training":
        link = number(fourth, "Link (GB/s)", 0.01, 1e4, 10.0, key="link")
        exchange = st.segmented_control(
            "Gradients exchanged by",
            list(EXCHANGES),
            default=next(iter(EXCHANGES)),
            required=True,
            key="exchange",
            bind="query-params",
        )
        how = exchange if exchange in EXCHANGES else next(iter(EXCHANGES))
        step_ms = cached_query(planner.scaled, choice.model, row["ms"], choice.count, how, link, 0.0)
    throughput = 1e3 * choice.batch * choice.count / step_ms
    epoch_s = images / throughput
    hours = epochs * epoch_s / 3600 if choice.mode == "training" else epoch_s / 3600
    band = f"{step_ms * row['low_ms'] / row['ms']:.3g} to {step_ms * row['high_ms'] / row['ms']:.3g} ms"
    with st.container(horizontal=True):
        st.metric("A batch", f"{step_ms:.3g} ms", help=f"In 90 % of such predictions {band}.", border=True)
        st.metric("Throughput", f"{throughput:,.0f} images/s", border=True)
        st.metric("An epoch", _time(epoch_s / 3600), border=True)
        st.metric("In all", _time(hours), border=True)
        memory = row["memory_gb_needed"]
        st.metric("Memory", f"{memory:.3g} GB" if memory == memory else "not counted", border=True)
        if price:
            cost = price * choice.count * hours
            st.metric(
                "Cost",
                f"{cost:,.4g} USD",
                border=True,
                help=f"{throughput * 3600 / price / choice.count:,.0f} images a dollar.",
            )
    _notes(choice, row, calibrated, how)


def _notes(choice: Choice, row: pd.Series, calibrated: bool, how: str) -> None:
    """What the prediction rests on, its band, and where the question lies outside of what was measured."""
    band = f"{row['low_ms']:.3g} to {row['high_ms']:.3g} ms on one device"
    basis = "your own measurement" if calibrated else planner.BASES[row["basis"]]
    text = f"Rests on: {basis}{f' ({row.framework})' if row['framework'] else ''}. Of such predictions 90 % "
    f"were within {row['band_percent']:.0f} %: {band}."
    if row["outside"] and not calibrated:
        st.warning(f"{text} Outside what was measured: {row['outside']}.", icon=":material/straighten:")
    else:
        st.caption(text)
    most = row["largest_batch"]
    if most == most and most is not None and choice.batch > most:
        st.warning(
            f"A batch of {choice.batch} does not fit into {row['memory_gb']:g} GB; the largest that does is {most:.0f} "
            f"({planner.RESERVE_GB:g} GB are left to the framework).",
            icon=":material/memory:",
        )
    if how:
        st.caption(f"Exchange by {how} over links of that bandwidth, nothing of it hidden behind the computing.")


def _time(hours: float) -> str:
    if hours >= 48:
        return f"{hours / 24:.1f} days"
    return f"{hours:.1f} h" if hours >= 1 else f"{60 * hours:.1f} min" if hours >= 1 / 60 else f"{3600 * hours:.2g} s"


def _devices(choice: Choice, rows: pd.DataFrame, calibrated: bool) -> None:
    shown = rows.reset_index().sort_values("ms")
    fastest = shown.iloc[0]
    shown = shown.assign(
        basis="your measurement, by the same factor" if calibrated else shown["basis"].map(planner.BASES)
    )
    figure(
        shown[
            [
                "device",
                "ms",
                "low_ms",
                "high_ms",
                "images_per_s",
                "memory_gb",
                "largest_batch",
                "basis",
                "condition",
                "source",
                "confidence",
            ]
        ],
        title=f"{choice.model}, {choice.mode} in {choice.precision}, batch {choice.batch}: fastest on "
        f"{fastest['device']}, {fastest['images_per_s']:,.0f} images/s",
        alt_text="Predicted time of a batch on every device",
        origins=of_jobs("flops/layers") + published(*rows["source"].dropna().unique()),
        caption="Modelled, one device each: PALEO's estimate ÷ PPP + overhead × launches. Low and high: the "
        "band of 90 % of "
        "predictions that rest on as much. A device without a measurement has the medians of the others' constants.",
        columns={
            "ms": st.column_config.NumberColumn("Batch (ms)", format="%.1f"),
            "low_ms": st.column_config.NumberColumn("Low (ms)", format="%.1f"),
            "high_ms": st.column_config.NumberColumn("High (ms)", format="%.1f"),
            "images_per_s": st.column_config.NumberColumn("Images/s", format="%.0f"),
            "condition": "Peak",
            "basis": "Rests on",
        },
    )


def _throughput(choice: Choice, factor: float) -> None:
    """Predicted throughput against the batch, with the published measurements drawn over it."""
    curve = pd.DataFrame(
        [
            {"batch": batch, **row}
            for batch in CURVE_BATCHES
            for row in cached_query(
                planner.steps, choice.model, choice.mode, choice.precision, batch, choice.own, choice.device, choice.px
            )[["ms", "low_ms", "high_ms"]].to_dict("records")
        ]
    )
    for name, column in (("images_per_s", "ms"), ("high", "low_ms"), ("low", "high_ms")):
        curve[name] = 1e3 * curve["batch"] / curve[column] / factor
    measured = cached_query(platforms.implied_ppp).query(
        "device == @choice.device and model == @choice.model and mode == @choice.mode and precision == "
        "@choice.precision"
        " and gpus == 1"
    )[["batch", "images_per_s_gpu", "framework", "source"]]
    measured = measured.rename(columns={"images_per_s_gpu": "measured"})
    if measured.empty:
        title = f"{choice.model} on {choice.device}: no published measurement to compare with"
    else:
        both = measured.merge(curve, on="batch")
        errors = (both["images_per_s"] / both["measured"] - 1).abs()
        title = (
            f"{choice.model} on {choice.device}: {len(both)} published measurements lie within "
            f"{100 * errors.max():.0f} % of the prediction (median {100 * errors.median():.0f} %)"
            if len(both)
            else f"{choice.model} on {choice.device}, with {len(measured)} published measurements"
        )
    figure(
        charts.throughput(),
        title=title,
        alt_text="Predicted throughput against the batch, with published measurements",
        origins=of_jobs("flops/layers") + published(*measured["source"].unique()),
        caption=f"{choice.mode.capitalize()} in {choice.precision} on one device. Line: predicted, shaded its "
        f"band; points: "
        "published, which the constants were fitted to (the accuracy card below leaves them out).",
        data=pd.concat([curve, measured]),
    )
