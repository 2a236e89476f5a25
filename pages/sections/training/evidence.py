"""What a forecast rests on: the forms compared, the coefficients, the residuals."""

import pandas as pd
import streamlit as st

from pages.parts.figure import figure
from pages.parts.origin import Origin
from pages.sections.optimus.labels import counted
from pages.sections.training import charts
from pages.sections.training.source import Source

NEVER = "never"
MODELLED = Origin("modelled", None, "fitted while you look")


def named(form: str) -> str:
    """A form in a sentence: `Eq. 1`, `the power law`."""
    return form if form[0].isupper() else f"the {form}"


def number(value: float | None) -> str:
    """A number of epochs (or steps) in a sentence; None is never."""
    return NEVER if value is None else f"{value:,.3g}" if value < 100 else f"{value:,.0f}"


def compared(source: Source, found, each: dict, unit: str, ahead: float, target: float) -> None:
    """The forms with their errors on the later part of the piece, and what each says; `each` are their outlooks."""
    from compute.fitting.forms import FORMS

    errors = {row.form: row for row in found.held_out}
    order = [*errors, *(name for name in FORMS if name not in errors)]
    rows = pd.DataFrame(
        {
            "form": order,
            "formula": [FORMS[name].formula for name in order],
            "held_out_rmse": [errors[name].rmse if name in errors else None for name in order],
            "end_percent": [errors[name].end_percent if name in errors else None for name in order],
            "rmse": [found.forms[name].rmse for name in order],
            "loss": [each[name].loss for name in order],
            "low": [each[name].low for name in order],
            "high": [each[name].high for name in order],
            "until": [each[name].until for name in order],
            "latest": [each[name].latest for name in order],
            "hours": [each[name].hours for name in order],
            "usd": [each[name].usd for name in order],
        }
    )
    best = (
        f"On the last 30 % of the piece {named(order[0])} misses by {errors[order[0]].rmse:.4f}, "
        f"{named(order[1])} by {errors[order[1]].rmse:.4f}"
        if errors
        else "The last piece has too few points to compare forms on its later part"
    )
    as_number = st.column_config.NumberColumn
    figure(
        rows.dropna(axis="columns", how="all"),
        title=best,
        alt_text="Forms of loss curve compared on the later part of the log",
        origins=[*source.origins, MODELLED],
        caption="Each form is fitted to the first 70 % of the last piece, and compared with the rest of it, its "
        "later part. Then it is fitted to all of it: the RMSE, its loss "
        f"{counted(int(ahead), f'{unit}')} on with the band, and the {unit}s until {target:.4f} (empty: never). "
        "The mean of the last tenth is what any other has to beat.",
        columns={
            "held_out_rmse": as_number("Error on the later part", format="%.4f"),
            "end_percent": as_number("at its end (%)", format="%+.1f"),
            "rmse": as_number("RMSE of the fit", format="%.4f"),
            "loss": as_number("Loss ahead", format="%.4f"),
            "low": as_number("Low", format="%.4f"),
            "high": as_number("High", format="%.4f"),
            "until": as_number(f"{unit.capitalize()}s to target", format="%.1f"),
            "latest": as_number("at the latest", format="%.1f"),
            "hours": as_number("Hours", format="%.3g"),
            "usd": as_number("USD", format="%.2f"),
            "form": "Form",
            "formula": "Formula",
        },
    )


def coefficients(source: Source, rows: list[dict], unit: str) -> None:
    """Eq. 1's coefficients of each piece."""
    every = pd.DataFrame(rows)
    identified = int(every["identified"].fillna(False).astype(bool).sum())
    beta = {f"beta{i}": st.column_config.NumberColumn(f"β{i}", format="%.4g") for i in range(3)}
    bounds = {
        f"beta{i}_{side}": st.column_config.NumberColumn(f"β{i} {side}", format="%.3g")
        for i in range(3)
        for side in ("low", "high")
    }
    figure(
        every if every["reason"].any() else every.drop(columns="reason"),
        title=f"{identified} of {counted(len(every), 'piece')} between drops identify all of Eq. 1's coefficients",
        alt_text="Coefficients of the loss model for each piece of the log",
        origins=[*source.origins, MODELLED],
        caption=f"l = 1 / (β0 k + β1) + β2, k in {unit}s from the piece's start, losses as they are; low and high: "
        "95 % interval, empty where the data do not identify the coefficient.",
        columns={
            **beta,
            **bounds,
            "from": st.column_config.NumberColumn(f"From {unit}", format="%.6g"),
            "to": st.column_config.NumberColumn("to", format="%.6g"),
            "rmse": st.column_config.NumberColumn("RMSE", format="%.4f"),
            "piece": "Piece",
            "points": "Points",
            "identified": "Identified",
            "reason": "Not fitted because",
        },
    )


def residuals(source: Source, points: dict, unit: str) -> None:
    """What Eq. 1 leaves at the points."""
    data = pd.DataFrame(points).dropna(subset=["residual"])
    figure(
        charts.residuals(unit),
        title=f"Eq. 1, restarted at the drops, leaves residuals of {data['residual'].std():.4f} (standard deviation)",
        alt_text="Residuals of the fitted curves of the log",
        origins=[*source.origins, MODELLED],
        caption="Where residuals keep one sign over a stretch, the training bends otherwise than Eq. 1.",
        data=data.assign(piece=data["piece"].astype(str)),
    )
