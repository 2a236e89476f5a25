"""The command `judge-logs`: Optimus' loss model judged on trainings that others ran and published.

    python -m compute judge-logs DIR

It reads the logs that `store/published/external_logs.csv` lists from a folder, and derives three tables of
facts that are committed in place of the logs: Eq. 1 fitted to each log, as one curve and between its drops
(`external_fits`); epochs to 92 % (`external_accuracy`); and the errors of two predictions (`external_errors`):
forecasts from the first 40 % of the piece of constant learning rate to its end, by each form of curve, and
curves of other depths from ResNet-20, 32 and 44 of one source, with losses divided by the largest, as in the
paper, and by ln(classes), the loss of a guess. Cost: seconds.
"""

import argparse
import csv
import math
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from compute import ComputeError
from compute.core.runs import STORE
from compute.core.targets import first_epoch
from compute.core.vocabulary import TARGET_ACCURACY
from compute.fitting import calibrate
from compute.fitting.forms import FORMS, fit_form
from compute.fitting.pieces import Piece, per_epoch, pieces
from compute.logs import Log, LogError, read_log
from compute.optimus.normalisation import DepthPoints, depth_errors, units

PUBLISHED = STORE / "published"
LIST = "external_logs"
SEEN, END = 0.4, 0.05  # a forecast is made from the first part of a piece, for the mean of the last one
FROM_DEPTHS = (20, 32, 44)
WHOLE = "all"


def run(args: argparse.Namespace) -> list[Path]:
    """Derive the tables from the listed logs and write their CSV files; the command leaves no run.

    Raises ComputeError, before anything is written, for a log that is not there or cannot be read.
    """
    facts = _listed(args.out)
    every = [
        (row, _read(args.folder / row["log"], row)) for row in tqdm(facts, desc="reading", unit="log", leave=False)
    ]
    tables = {
        "external_fits": [each for row, log in every for each in fits(row, log)],
        "external_accuracy": [accuracy(row, log) for row, log in every],
        "external_errors": [each for row, log in every for each in forecasts(row, log)] + depths(every),
    }
    for name, rows in tables.items():
        file = args.out / f"{name}.csv"
        if rows:
            _write(file, rows)
            print(f"{len(rows)} rows in {file}")
        else:
            print(f"nothing to derive for {file}, which stays as it is", file=sys.stderr)
    return []


def fits(row: dict, log: Log) -> list[dict]:
    """Rows of `external_fits`: the whole log and its pieces, by both units; k in epochs."""
    parts = pieces(log)
    whole = pieces_as_one(log)
    rows = []
    for normalised_by, unit in units(depth_points(row, whole, per_epoch(log))).items():
        for segment, piece in ((WHOLE, whole), *((str(part.number), part) for part in parts)):
            found = calibrate.fit(piece.k / per_epoch(log), piece.l, unit=unit)
            rows.append(
                {
                    "log": row["log"],
                    "source": row["source"],
                    "segment": segment,
                    "normalised_by": normalised_by,
                    "unit": _short(unit),
                    **{name: _short(getattr(found.curve, name)) for name in ("beta0", "beta1", "beta2")},
                    "rmse": _short(found.rmse),
                    "points": found.points,
                    "identified": str(found.identified).lower(),
                    "confidence": "derived",
                }
            )
    return rows


def accuracy(row: dict, log: Log) -> dict:
    """A row of `external_accuracy`."""
    tested = log.epochs.test_accuracy
    known = tested[np.isfinite(tested)]
    reached = first_epoch(tested, TARGET_ACCURACY)
    return {
        "log": row["log"],
        "source": row["source"],
        "epochs": len(log.epochs),
        "last_accuracy_percent": _short(100 * known[-1]) if len(known) else "",
        "epochs_to_92": int(reached) if math.isfinite(reached) else "",
        "confidence": "derived",
    }


def forecasts(row: dict, log: Log) -> list[dict]:
    """Rows of `external_errors` for the test `forecast`; none for a log whose learning rate is never constant."""
    if not row["drops"]:
        return []
    piece = pieces(log)[0]
    seen, end = piece.k <= SEEN * piece.k[-1], piece.k > (1 - END) * piece.k[-1]
    truth, rows = piece.l[end].mean(), []
    for form in FORMS:
        fitted = fit_form(form, piece.k[seen], piece.l[seen])
        low, high = fitted.band(piece.k[end].mean())
        error = 100 * (fitted.loss(piece.k[end]).mean() / truth - 1)
        rows.append(_error(row, "forecast", form, error, inside=bool(low[0] <= truth <= high[0])))
    return rows


def depths(every: list[tuple[dict, Log]]) -> list[dict]:
    """Rows of `external_errors` for the test `depth`; none where no source has all of FROM_DEPTHS."""
    first = [(row, depth_points(row, pieces(log)[0], per_epoch(log))) for row, log in every if row["drops"]]
    for source in dict.fromkeys(row["source"] for row, _ in first):
        known = {points.depth: points for row, points in first if row["source"] == source}
        if set(FROM_DEPTHS) <= set(known):
            shallow, deepest = [known[depth] for depth in FROM_DEPTHS], max(FROM_DEPTHS)
            return [
                _error(row, "depth", name, error, beyond=points.depth / deepest)
                for row, points in first
                if points.depth > deepest
                for name, error in depth_errors(shallow, points).items()
            ]
    return []


def depth_points(row: dict, piece: Piece, steps: int) -> DepthPoints:
    """A piece of a log with what the list says of its network; `steps` are those of an epoch."""
    return DepthPoints(depth=int(row["depth"]), classes=int(row["classes"]), k=piece.k / steps, l=piece.l)


def pieces_as_one(log: Log) -> Piece:
    """The data points of a whole log; k counts from its start."""
    parts = pieces(log)
    k = np.concatenate([part.first + part.k for part in parts])
    return Piece(number=0, first=0, end=parts[-1].end, k=k, l=np.concatenate([part.l for part in parts]))


def _error(row: dict, test: str, method: str, percent: float, *, inside=None, beyond=None) -> dict:
    return {
        "log": row["log"],
        "source": row["source"],
        "test": test,
        "method": method,
        "error_percent": _short(percent),
        "inside": "" if inside is None else str(inside).lower(),
        "beyond": "" if beyond is None else _short(beyond),
        "confidence": "derived",
    }


def _listed(folder: Path) -> list[dict]:
    file = folder / f"{LIST}.csv"
    try:
        with open(file, encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))
    except OSError as error:
        raise ComputeError(f"the list of logs {file} cannot be read: {error.strerror}") from None


def _read(file: Path, row: dict) -> Log:
    try:
        drops = tuple(int(epoch) for epoch in row["drops"].split())
        return read_log(file.name, file.read_bytes(), steps_per_epoch=int(row["steps_per_epoch"]), drops=drops)
    except OSError as error:
        link = "store/published/sources.csv says where it is from"
        raise ComputeError(f"{file} cannot be read ({error.strerror}); {link}; nothing was written") from None
    except LogError as error:
        raise ComputeError(f"{file}: {error}; nothing was written") from None


def _write(file: Path, rows: list[dict]) -> None:
    beside = file.with_suffix(".csv.new")
    with open(beside, "w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    beside.replace(file)


def _short(value: float) -> str:
    return f"{value:.5g}"
