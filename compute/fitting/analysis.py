"""A reader's training as the page shows it: its pieces fitted, a form of curve chosen, and forecast."""

from dataclasses import dataclass

import numpy as np

from compute import ComputeError
from compute.fitting import calibrate, forecast
from compute.fitting.forms import EQ1, FORMS, Fitted, fit_form
from compute.fitting.pieces import Piece, per_epoch, pieces
from compute.logs.log import Log

TARGET = 0.98  # of the loss at the end: the target where a reader gives none
CONSTANT = 0.99  # a rate that ends below this share of its highest, without drops, has a smooth schedule


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedPiece:
    """A piece with Eq. 1 fitted to it; `fit` is None where none can be fitted, and `reason` says why."""

    piece: Piece
    fit: calibrate.Fit | None
    reason: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Analysis:
    """A log's fits and the forecast of its last piece, at the learning rate of that piece.

    `forms` are all forms fitted to the last piece, `held_out` their errors on its later part, best first; `chosen` is
    the form with the least error, or the one asked for. `per_epoch` are the steps of an epoch, None where not known.
    `epoch_s` is the median time of an epoch in seconds, None where the log has none. `to_identify` are the steps
    until Eq. 1's coefficients are identified.
    """

    pieces: tuple[FittedPiece, ...]
    forms: dict[str, Fitted]
    held_out: list[forecast.HeldOut]
    chosen: str
    per_epoch: int | None
    epoch_s: float | None
    to_identify: float | None
    smooth_schedule: bool

    @property
    def last(self) -> Piece:
        """The piece that is forecast."""
        return self.pieces[-1].piece

    @property
    def default_target(self) -> float:
        """The loss to reach where a reader gives none."""
        return TARGET * float(self.forms[self.chosen].loss(self.last.k[-1]))


def analyse(log: Log, until: float = 1.0, form: str | None = None) -> Analysis:
    """Fit the pieces of a log's first `until` (a fraction of its steps), and every form to the last of them.

    Raises ComputeError with the reason where the last piece cannot be fitted.
    """
    every = tuple(_fitted(piece) for piece in pieces(log, until))
    if not every or every[-1].fit is None:
        raise ComputeError(every[-1].reason if every else "there are no losses in that part of the log")
    last = every[-1]
    forms = {name: fit_form(name, last.piece.k, last.piece.l) for name in FORMS}
    errors = forecast.held_out(last.piece.k, last.piece.l)
    return Analysis(
        pieces=every,
        forms=forms,
        held_out=errors,
        chosen=form if form in FORMS else errors[0].form if errors else EQ1,
        per_epoch=per_epoch(log),
        epoch_s=_epoch_s(log),
        to_identify=forecast.steps_to_identify(last.piece.k, last.piece.l, last.fit.curve),
        smooth_schedule=_smooth(log),
    )


def _fitted(piece: Piece) -> FittedPiece:
    try:
        return FittedPiece(piece=piece, fit=calibrate.fit(piece.k, piece.l))
    except ComputeError as error:
        return FittedPiece(piece=piece, fit=None, reason=str(error))


def _epoch_s(log: Log) -> float | None:
    seconds = log.epochs.seconds[np.isfinite(log.epochs.seconds) & (log.epochs.seconds > 0)]
    return float(np.median(seconds)) if len(seconds) else None


def _smooth(log: Log) -> bool:
    if log.lr is None or log.milestones or not np.isfinite(log.lr).any():
        return False
    known = log.lr[np.isfinite(log.lr)]
    return bool(known[-1] < CONSTANT * known.max())
