"""The experiment `predict`: coefficients regressed on depth and GPU type, and ResNet-50's curve from them (question 4.2).

The regression sees every depth but 50. The predicted curve is that of the piecewise model, so that
each piece between learning-rate drops has its own regressions, of the coefficients that most of the
trainings identify. Where the loss hardly moves they leave the floor β2 open, because 1 / β1 and β2
share the loss between them as it happens; it is held at 0 there for all. Any other coefficient that
is open is the trainings' median. Epochs to an accuracy follow through the loss–accuracy relation that
the other depths showed, which only falls (isotonic regression); their range is what the prediction
would have been worth for the depths between others, each left out in turn.
"""

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.isotonic import IsotonicRegression
from tqdm import tqdm

from compute import ComputeError
from compute.core.loss_curve import LossCurve, PiecewiseCurve
from compute.core.runs import Run, write_run
from compute.core.vocabulary import HELD_OUT_DEPTH
from compute.optimus.calibrate import Fit, block_of, fit, points_of
from compute.optimus.regress import Regression, regress
from compute.optimus.trainings import Training, trainings

COEFFICIENTS = ("beta0", "beta1", "beta2")
TARGETS = tuple(round(0.30 + 0.01 * i, 2) for i in range(66))  # test accuracies, 30 to 95 %


def run(runs: Path, scale: str | None) -> Path:
    """Regress, predict, compare with the trainings of the held-out depth, and write the run; returns its folder.

    Raises ComputeError where fewer than three other depths have been trained.
    """
    start = time.perf_counter()
    every = trainings(runs, scale)
    seen, held_out = [t for t in every if t.depth != HELD_OUT_DEPTH], [t for t in every if t.depth == HELD_OUT_DEPTH]
    if not seen:
        raise ComputeError(f"the prediction learns from other depths than {HELD_OUT_DEPTH}, and none has been trained; python -m compute train")
    segments = [fit_segment(name, every) for name, *_ in tqdm(seen[0].segments(), desc="fitting", unit="segment")]
    models = [learn(segment, seen) for segment in segments]
    wrong, curves, targets = errors(segments, seen), [], []
    for gpu_type in dict.fromkeys(t.gpu_type for t in seen):
        measured = next((t for t in held_out if t.gpu_type == gpu_type), None)
        like = measured or next(t for t in seen if t.gpu_type == gpu_type)
        predicted = by_epoch(predict(models, like, HELD_OUT_DEPTH, gpu_type), like)
        for epoch, loss in enumerate(predicted):
            real = float(measured.train_loss[epoch]) if measured else None
            curves.append({"depth": HELD_OUT_DEPTH, "gpu_type": gpu_type, "epoch": epoch, "predicted": loss, "measured": real})
        targets += [{"depth": HELD_OUT_DEPTH, "gpu_type": gpu_type, **row} for row in epochs_to_targets(predicted, wrong, seen, measured)]
    record = Run(
        problem="optimus",
        job="predict",
        scale=every[0].scale,
        provenance="modelled",
        config={"held_out_depth": HELD_OUT_DEPTH, "trainings": len(seen), "normalised": False},
        depth=HELD_OUT_DEPTH,
        inputs=tuple(training.run_id for training in every),
        seconds=round(time.perf_counter() - start, 3),
    )
    regressed = [row for segment in segments for row in segment.rows(every)]
    tables = {"regressed_coefficients": regressed, "beta_regression": terms(models), "curve_predictions": curves, "epochs_to_target": targets}
    return write_run(record, tables, runs)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One segment of every training (`all`, `1`, `2`, …), its losses fitted as they are; by run. Without a `floor` β2 is held at 0 in all of them."""

    name: str
    floor: bool
    fits: dict[str, Fit]

    @property
    def coefficients(self) -> tuple[str, ...]:
        """The coefficients that were fitted."""
        return COEFFICIENTS if self.floor else COEFFICIENTS[:2]

    def values(self, trainings: list[Training], beta: str) -> list[float]:
        """The trainings' values of a coefficient."""
        return [getattr(self.fits[t.run_id].curve, beta) for t in trainings]

    def open(self, trainings: list[Training], beta: str) -> bool:
        """Whether most of the trainings leave a coefficient unidentified."""
        left = [self.fits[t.run_id].intervals[COEFFICIENTS.index(beta)] is None for t in trainings]
        return 2 * sum(left) > len(left)

    def rows(self, trainings: list[Training]) -> list[dict]:
        """Rows of `regressed_coefficients`."""
        rows = []
        for index, beta in enumerate(self.coefficients):
            for training, value in zip(trainings, self.values(trainings, beta), strict=True):
                low, high = self.fits[training.run_id].intervals[index] or (None, None)
                rows.append({"source_run": training.run_id, "segment": self.name, "parameter": beta, "value": value, "low": low, "high": high})
        return rows


@dataclass(frozen=True, kw_only=True)
class Model:
    """What a segment's coefficients are at a depth on a GPU type: the regression of each that is identified, the median of any other, 0 for a β2 that was held."""

    segment: str
    regressions: dict[str, Regression]
    medians: dict[str, float]

    def curve(self, depth: int, gpu_type: str) -> LossCurve:
        """The segment's predicted curve."""
        found = {beta: regression.predict(depth, gpu_type) for beta, regression in self.regressions.items()}
        return LossCurve(**{"beta2": 0.0, **self.medians, **found})


def fit_segment(name: str, trainings: list[Training]) -> Segment:
    """A segment of the trainings, with a floor unless most of the depths that the regression sees leave β2 open."""
    free = Segment(name=name, floor=True, fits=_fits(name, trainings, floor=True))
    if not free.open([t for t in trainings if t.depth != HELD_OUT_DEPTH], "beta2"):
        return free
    return Segment(name=name, floor=False, fits=_fits(name, trainings, floor=False))


def _fits(name: str, trainings: list[Training], floor: bool) -> dict[str, Fit]:
    found = {}
    for training in trainings:
        first, end = next((first, end) for segment, first, end in training.segments() if segment == name)
        k, l, _ = points_of(training.losses[first:end], training.steps_per_epoch, unit=1.0, block=block_of(len(training.losses)))
        found[training.run_id] = fit(k, l, floor=floor)
    return found


def learn(segment: Segment, seen: list[Training]) -> Model:
    """Regress a segment's coefficients over the trainings. Raises ComputeError for too few of them."""
    depths, gpu_types = [t.depth for t in seen], [t.gpu_type for t in seen]
    identified = [beta for beta in segment.coefficients if not segment.open(seen, beta)]
    return Model(
        segment=segment.name,
        regressions={beta: regress(depths, gpu_types, segment.values(seen, beta)) for beta in identified},
        medians={beta: float(np.median(segment.values(seen, beta))) for beta in segment.coefficients if beta not in identified},
    )


def predict(models: list[Model], like: Training, depth: int, gpu_type: str) -> PiecewiseCurve:
    """A depth's curve on a GPU type, with the learning-rate drops of a training like it."""
    pieces = [model.curve(depth, gpu_type) for model in models if model.segment != "all"]
    return PiecewiseCurve(starts=(0, *like.milestones), curves=tuple(pieces))


def errors(segments: list[Segment], seen: list[Training]) -> list[tuple[Training, np.ndarray]]:
    """For each training of a depth between others, real over predicted loss by epoch, had its depth been left out; none where too few depths are left."""
    depths, found = sorted({t.depth for t in seen}), []
    for depth in depths[1:-1]:
        rest = [t for t in seen if t.depth != depth]
        try:
            models = [learn(segment, rest) for segment in segments]
        except ComputeError:
            return []
        mine = [t for t in seen if t.depth == depth]
        found += [(t, t.train_loss / np.array(by_epoch(predict(models, t, depth, t.gpu_type), t))) for t in mine]
    return found


def by_epoch(curve: PiecewiseCurve, like: Training) -> list[float]:
    """The mean loss of each epoch, as trainings report it."""
    steps = np.arange(1, len(like.losses) + 1)
    return curve.loss(steps).reshape(-1, like.steps_per_epoch).mean(axis=1).tolist()


def epochs_to_targets(predicted: list[float], wrong: list[tuple[Training, np.ndarray]], seen: list[Training], measured: Training | None) -> list[dict]:
    """For each target accuracy: epochs predicted through all trainings' loss–accuracy relation, their range, and the real ones.

    The range is over the `errors`: the predicted losses as wrong as a training's were, and turned into
    accuracy by that training's own relation. None where the accuracy is not reached.
    """
    pooled = relation(np.concatenate([t.train_loss for t in seen]), np.concatenate([t.test_accuracy for t in seen]))
    expected = pooled(predicted)
    otherwise = [relation(t.train_loss, t.test_accuracy)(np.array(predicted) * factor) for t, factor in wrong if len(factor) == len(predicted)]
    rows = []
    for target in TARGETS:
        each = sorted(first_epoch(accuracy, target) for accuracy in otherwise) or [math.inf]
        rows.append(
            {
                "target": target,
                "predicted": finite(first_epoch(expected, target)),
                "low": finite(each[0]),
                "high": finite(each[-1]),
                "measured": finite(first_epoch(measured.test_accuracy, target)) if measured else None,
            }
        )
    return rows


def relation(loss: np.ndarray, accuracy: np.ndarray):
    """Test accuracy as a falling function of the epoch's training loss; constant outside of the losses that were seen."""
    return IsotonicRegression(increasing=False, out_of_bounds="clip").fit(loss, accuracy).predict


def first_epoch(accuracy: np.ndarray, target: float) -> float:
    """Epochs until the accuracy is reached for the first time, counted from 1; infinite where it never is."""
    reached = np.flatnonzero(np.asarray(accuracy) >= target)
    return float(reached[0] + 1) if len(reached) else math.inf


def finite(value: float) -> float | None:
    """The value, or None for infinity."""
    return value if math.isfinite(value) else None


def terms(models: list[Model]) -> list[dict]:
    """Rows of `beta_regression`: one a coefficient of each regression, with the regression's quality."""
    return [
        {
            "segment": model.segment,
            "parameter": beta,
            "term": term.name,
            "coefficient": term.coefficient,
            "low": term.low,
            "high": term.high,
            "r2": found.r2,
            "depth_r2": found.depth_r2,
            "cv_rmse": found.cv_rmse,
            "gpu_p": found.gpu_p,
        }
        for model in models
        for beta, found in model.regressions.items()
        for term in found.terms
    ]
