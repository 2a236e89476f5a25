"""What there is to see of a log: what was understood, its fits, its forecast, and the forms compared."""

import pandas as pd
import streamlit as st

from compute import ComputeError
from pages.parts.figure import escaped, figure
from pages.sections.optimus.labels import counted, listed
from pages.sections.training import charts, evidence
from pages.sections.training.evidence import MODELLED, named, number
from pages.sections.training.source import Source

CHOSEN = "the best on the later part"


def show(source: Source) -> None:
    """Everything about a log; scipy is imported here, where a log is fitted, and nowhere else in the app."""
    from compute.fitting import analysis, outlook
    from compute.fitting.forms import FORMS

    _understood(source)
    until, form = _controls(tuple(FORMS))
    try:
        found = analysis.analyse(source.log, until / 100, form)
    except ComputeError as error:
        st.info(f"No curve can be fitted to the last piece: {escaped(error)}", icon=":material/info:")
        return
    unit = outlook.unit(found)
    ahead, target, unit_s, usd = _questions(found, unit)
    each = {
        name: outlook.outlook(found, name, ahead=ahead, target=target, unit_s=unit_s, usd_per_h=usd) for name in FORMS
    }
    _answers(each[found.chosen], unit, ahead, target)
    later = outlook.came_after(source.log, found, until / 100)
    ahead_curve = outlook.ahead_curve(found, found.chosen, ahead)
    points, curves = outlook.seen_points(found), outlook.fitted_curves(found)
    _forecast(source, each[found.chosen], unit, ahead, points, curves, ahead_curve, later)
    _notes(source, found, unit)
    evidence.compared(source, found, each, unit, ahead, target)
    evidence.coefficients(source, outlook.coefficient_rows(found), unit)
    evidence.residuals(source, points, unit)
    _link(source)


def _understood(source: Source) -> None:
    log = source.log
    with st.expander(f"Understood: {escaped(log.understood[0])}", icon=":material/fact_check:", expanded=source.own):
        st.markdown("\n".join(f"- {escaped(line)}" for line in log.understood[1:]))


def _controls(forms: tuple[str, ...]) -> tuple[int, str | None]:
    left, right = st.columns(2)
    until = left.slider(
        "Use the log up to (%)",
        10,
        100,
        100,
        key="upto",
        bind="query-params",
        help="With less than all of it, the rest shows what really came.",
    )
    form = right.selectbox("Forecast by", [CHOSEN, *forms], key="form", bind="query-params")
    return until, None if form == CHOSEN else form


def _questions(found, unit: str) -> tuple[float, float, float | None, float | None]:
    """How far ahead, which loss to reach, seconds an epoch (or step), and USD an hour."""
    one, two, three, four = st.columns(4)
    ahead = one.number_input(
        f"{unit.capitalize()}s more",
        1.0,
        1e7,
        10.0 if unit == "epoch" else 1000.0,
        1.0,
        format="%.0f",  # a whole number of an address that is far too large would raise an error
        key="more",
        bind="query-params",
    )
    target = two.number_input(
        "Loss to reach",
        0.0,
        None,
        None,
        format="%.4f",
        key="target_loss",
        bind="query-params",
        placeholder=f"{found.default_target:.4f}",
    )
    known = found.epoch_s if unit == "epoch" else None
    unit_s = three.number_input(
        f"Seconds of {'an' if unit == 'epoch' else 'a'} {unit}",
        0.0,
        None,
        None,
        key="unit_s",
        bind="query-params",
        placeholder="not in the log" if known is None else f"{known:.1f}, by the log",
    )
    usd = four.number_input(
        "USD an hour", 0.0, None, None, key="usd_per_h", bind="query-params", placeholder="no price"
    )
    return ahead, found.default_target if target is None else target, known if unit_s is None else unit_s, usd


def _answers(said, unit: str, ahead: float, target: float) -> None:
    with st.container(horizontal=True):
        st.metric("Loss then", f"{said.loss:.4f}", help=f"95 % band: {said.low:.4f} to {said.high:.4f}", border=True)
        st.metric(
            f"{unit.capitalize()}s until {target:.4f}",
            number(said.until),
            help=f"By the band of the curve: from {number(said.earliest)} to {number(said.latest)}.",
            border=True,
        )
        if said.hours is not None:
            st.metric("Hours until then", f"{said.hours:,.3g}", border=True)
        if said.usd is not None:
            st.metric("Cost until then", f"{said.usd:,.2f} USD", border=True)
    if said.ahead_hours is not None:
        cost = "" if said.ahead_usd is None else f" and cost {said.ahead_usd:,.2f} USD"
        st.caption(f"{counted(int(ahead), f'more {unit}').capitalize()} take {said.ahead_hours:,.3g} hours{cost}.")


def _forecast(source: Source, said, unit: str, ahead: float, points: dict, curves: dict, curve: dict, later: dict):
    alone = st.toggle("Show the last piece alone", key="last_piece", bind="query-params")
    first = points["at"][points["piece"] == points["piece"][-1]][0]
    frames = [
        pd.DataFrame(points).drop(columns="residual").assign(series=charts.SEEN),
        pd.DataFrame(later).assign(series=charts.LATER, piece=0),
        pd.DataFrame(curves).assign(series=charts.FIT),
        pd.DataFrame(curve).assign(series=charts.FORECAST, piece=0),
    ]
    figure(
        charts.forecast(unit),
        title=f"In {counted(int(ahead), f'more {unit}')} the loss is {said.loss:.4f}, by {named(said.form)} "
        f"({said.low:.4f} to {said.high:.4f})",
        alt_text="Losses of the training with fitted curves and the forecast",
        origins=[*source.origins, MODELLED],
        caption="Points: losses averaged to at most a thousand, outliers replaced as in the paper. The forecast holds "
        "as long as the learning rate stays as it is in the last piece: no form knows of a drop to come. The band "
        "holds a point of the curve in 95 of 100 cases, if the form is right.",
        data=pd.concat([frame[frame["at"] >= first] if alone else frame for frame in frames if len(frame)]),
        csv=pd.DataFrame(curve).rename(columns={"at": unit}),
    )


def _notes(source: Source, found, unit: str) -> None:
    """What the reader should know before believing the forecast."""
    from compute.fitting.outlook import in_units

    if found.smooth_schedule:
        st.warning(
            "The learning rate falls smoothly, and no form here knows such a schedule: the loss usually ends lower "
            "than any of them says.",
            icon=":material/warning:",
        )
    missing = [f"β{i}" for i, interval in enumerate(found.pieces[-1].fit.intervals) if interval is None]
    if not missing:
        return
    more = (
        "Even twenty times its steps would not identify them: its loss hardly moves, or it moves otherwise than Eq. 1."
        if found.to_identify is None
        else f"About {number(float(in_units(found, found.to_identify)))} {unit}s more of the same piece would, if the "
        "curve so far is roughly right."
    )
    st.info(
        f"Not identified yet: {listed(missing)} of Eq. 1. The points of the last piece allow values so far apart that "
        "the one that is shown says nothing by itself, though the curve through the points may be good. "
        f"{more}",
        icon=":material/info:",
    )


def _link(source: Source) -> None:
    said = (
        "The address of this page holds every control, but not your file: whoever opens the link has to drop it again."
        if source.own
        else "The address of this page holds the training and every control: a copied link shows the same view."
    )
    st.caption(f":material/link: {said}")
