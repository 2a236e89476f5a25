"""An analysis in the reader's units: points, curves and forecasts by epoch, with hours and cost.

Where a log does not tell its epochs, everything is in steps, and `unit` says so.
"""

from dataclasses import dataclass

import numpy as np

from compute.fitting import forecast
from compute.fitting.analysis import Analysis
from compute.fitting.pieces import pieces
from compute.logs.log import Log

GRID = 200  # points of a drawn curve


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """The forecast of one form: the loss `ahead` epochs (or steps) from the end with its 95 % band, and when a target
    is reached.

    `ahead_hours` and `ahead_usd` are what the way there takes; `until`, `earliest` and `latest` are further epochs (or
    steps), None for never; `hours`, `usd` of `until`, `latest_hours`
    of `latest`, None where the time of an epoch or the price is not known.
    """

    form: str
    loss: float
    low: float
    high: float
    ahead_hours: float | None
    ahead_usd: float | None
    until: float | None
    earliest: float | None
    latest: float | None
    hours: float | None
    latest_hours: float | None
    usd: float | None


def unit(analysis: Analysis) -> str:
    """What the outlook counts in."""
    return "epoch" if analysis.per_epoch else "step"


def in_units(analysis: Analysis, steps) -> np.ndarray:
    """Steps as epochs, or as they are where the log does not tell its epochs."""
    return np.asarray(steps, dtype=float) / (analysis.per_epoch or 1)


def outlook(
    analysis: Analysis, form: str, *, ahead: float, target: float, unit_s: float | None, usd_per_h: float | None
) -> Outlook:
    """The forecast of a form `ahead` epochs (or steps) on, and until a loss of `target`.

    `unit_s` are the seconds of an epoch (or step), `usd_per_h` the price of an hour.
    """
    fitted, scale = analysis.forms[form], analysis.per_epoch or 1
    at = fitted.end + ahead * scale
    low, high = fitted.band(at)
    found = forecast.until(fitted, target)
    steps = [None if each is None else each / scale for each in (found.steps, found.earliest, found.latest)]
    hours = [None if each is None or unit_s is None else each * unit_s / 3600 for each in (ahead, steps[0], steps[2])]
    usd = [None if each is None or usd_per_h is None else each * usd_per_h for each in hours]
    return Outlook(
        form=form,
        loss=float(fitted.loss(at)),
        low=float(low[0]),
        high=float(high[0]),
        until=steps[0],
        earliest=steps[1],
        latest=steps[2],
        ahead_hours=hours[0],
        ahead_usd=usd[0],
        hours=hours[1],
        latest_hours=hours[2],
        usd=usd[1],
    )


def seen_points(analysis: Analysis) -> dict[str, np.ndarray]:
    """The points that were fitted, over epochs (or steps): at, loss, piece, residual (NaN where nothing was fitted)."""
    parts = []
    for each in analysis.pieces:
        residual = each.piece.l - each.fit.curve.loss(each.piece.k) if each.fit else np.full(len(each.piece.k), np.nan)
        at = in_units(analysis, each.piece.first + each.piece.k)
        parts.append(
            {"at": at, "loss": each.piece.l, "residual": residual, "piece": np.full(len(at), each.piece.number)}
        )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def fitted_curves(analysis: Analysis) -> dict[str, np.ndarray]:
    """Eq. 1's curves of the pieces, over epochs (or steps): at, loss, piece."""
    parts = []
    for each in analysis.pieces:
        if each.fit:
            k = np.linspace(each.piece.k[0], each.piece.k[-1], GRID)
            at = in_units(analysis, each.piece.first + k)
            parts.append({"at": at, "loss": each.fit.curve.loss(k), "piece": np.full(len(at), each.piece.number)})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def ahead_curve(analysis: Analysis, form: str, ahead: float) -> dict[str, np.ndarray]:
    """A form's forecast from the last point to `ahead` epochs (or steps) on: at, loss, low, high."""
    fitted = analysis.forms[form]
    k = np.linspace(fitted.end, fitted.end + ahead * (analysis.per_epoch or 1), GRID)
    low, high = fitted.band(k)
    return {"at": in_units(analysis, analysis.last.first + k), "loss": fitted.loss(k), "low": low, "high": high}


def came_after(log: Log, analysis: Analysis, until: float) -> dict[str, np.ndarray]:
    """The points of a log behind its first `until` (a fraction of its steps): at, loss."""
    at, loss = [], []
    for piece in pieces(log):
        steps = piece.first + piece.k
        later = steps > until * log.steps[-1]
        at.append(in_units(analysis, steps[later]))
        loss.append(piece.l[later])
    return {"at": np.concatenate(at), "loss": np.concatenate(loss)}


def coefficient_rows(analysis: Analysis) -> list[dict]:
    """A row a piece: where it lies, Eq. 1's coefficients with k in epochs (or steps), their intervals (None: not
    identified), RMSE.
    """
    scale, rows = analysis.per_epoch or 1, []
    for each in analysis.pieces:
        row = {
            "piece": each.piece.number,
            "from": float(in_units(analysis, each.piece.first)),
            "to": float(in_units(analysis, each.piece.end)),
            "points": len(each.piece.k),
        }
        if each.fit:
            times = (scale, 1, 1)
            for number, (interval, factor) in enumerate(zip(each.fit.intervals, times, strict=True)):
                row[f"beta{number}"] = getattr(each.fit.curve, f"beta{number}") * factor
                low, high = interval or (None, None)
                row |= {f"beta{number}_low": low and low * factor, f"beta{number}_high": high and high * factor}
            row |= {"rmse": each.fit.rmse, "identified": each.fit.identified}
        rows.append({**row, "reason": each.reason})
    return rows
