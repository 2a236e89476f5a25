"""A segment's loss-model coefficients over all trainings, and their prediction at a depth not seen (question 4.2)."""

from dataclasses import dataclass

import numpy as np

from compute.core.loss_curve import LossCurve, PiecewiseCurve
from compute.core.vocabulary import HELD_OUT_DEPTH
from compute.fitting.calibrate import Fit, fit
from compute.optimus.regress import Regression, regress
from compute.optimus.trainings import Training

COEFFICIENTS = ("beta0", "beta1", "beta2")


@dataclass(frozen=True, kw_only=True)
class SegmentFits:
    """The fits of one segment (`all`, `1`, `2`, …) of every training by run id, to losses as they are.

    Without an `asymptote` β2 is held at 0 in all of them.
    """

    segment: str
    asymptote: bool
    fits: dict[str, Fit]

    @property
    def coefficients(self) -> tuple[str, ...]:
        """The coefficients that were fitted."""
        return COEFFICIENTS if self.asymptote else COEFFICIENTS[:2]

    def values(self, trainings: list[Training], name: str) -> list[float]:
        """The trainings' values of a coefficient."""
        return [getattr(self.fits[t.run_id].curve, name) for t in trainings]

    def interval(self, training: Training, name: str) -> tuple[float, float] | None:
        """A training's interval of a coefficient; None where it is not identified."""
        return self.fits[training.run_id].intervals[COEFFICIENTS.index(name)]

    def mostly_unidentified(self, trainings: list[Training], name: str) -> bool:
        """Whether a coefficient is not identified in more than half of the trainings."""
        return 2 * sum(self.interval(t, name) is None for t in trainings) > len(trainings)


@dataclass(frozen=True, kw_only=True)
class SegmentModel:
    """A segment's coefficients as functions of depth and GPU type.

    Each is a regression where most trainings identify it, else the trainings' median; a β2 that was held is 0.
    """

    segment: str
    regressions: dict[str, Regression]
    medians: dict[str, float]

    def curve(self, depth: int, gpu_type: str | None) -> LossCurve:
        """The segment's predicted curve on a GPU type, or for None by the mean over the types."""
        predicted = {name: regression.predict(depth, gpu_type) for name, regression in self.regressions.items()}
        return LossCurve(**{"beta2": 0.0, **self.medians, **predicted})


def fit_segment(segment: str, trainings: list[Training]) -> SegmentFits:
    """The fits of a segment, with an asymptote unless β2 is not identified in most of the depths that are regressed."""
    free = SegmentFits(segment=segment, asymptote=True, fits=_fits(segment, trainings, asymptote=True))
    if not free.mostly_unidentified([t for t in trainings if t.depth != HELD_OUT_DEPTH], "beta2"):
        return free
    return SegmentFits(segment=segment, asymptote=False, fits=_fits(segment, trainings, asymptote=False))


def _fits(segment: str, trainings: list[Training], asymptote: bool) -> dict[str, Fit]:
    return {t.run_id: fit(*t.points(segment), asymptote=asymptote) for t in trainings}


def learn(fits: SegmentFits, trainings: list[Training]) -> SegmentModel:
    """Regress a segment's coefficients over the trainings. Raises ComputeError for fewer than three depths."""
    depths, gpu_types = [t.depth for t in trainings], [t.gpu_type for t in trainings]
    regressed = [name for name in fits.coefficients if not fits.mostly_unidentified(trainings, name)]
    return SegmentModel(
        segment=fits.segment,
        regressions={name: regress(depths, gpu_types, fits.values(trainings, name)) for name in regressed},
        medians={
            name: float(np.median(fits.values(trainings, name))) for name in fits.coefficients if name not in regressed
        },
    )


def predict(
    models: list[SegmentModel], depth: int, gpu_type: str | None, milestones: tuple[int, ...]
) -> PiecewiseCurve:
    """A depth's predicted curve on a GPU type (None: by the mean over the types).

    The learning rate drops at `milestones` (steps); there may be fewer than the models have seen.
    """
    curves = tuple(model.curve(depth, gpu_type) for model in models if model.segment != "all")
    return PiecewiseCurve(starts=(0, *milestones), curves=curves[: len(milestones) + 1])


def regressed_rows(fits: SegmentFits, model: SegmentModel, trainings: list[Training]) -> list[dict]:
    """Rows of `regressed_coefficients`: a value, its interval, and what is predicted for its depth and GPU type."""
    rows = []
    for name in fits.coefficients:
        regression = model.regressions.get(name)
        for training, value in zip(trainings, fits.values(trainings, name), strict=True):
            low, high = fits.interval(training, name) or (None, None)
            rows.append(
                {
                    "source_run": training.run_id,
                    "segment": fits.segment,
                    "parameter": name,
                    "value": value,
                    "low": low,
                    "high": high,
                    "predicted": regression.predict(training.depth, training.gpu_type) if regression else None,
                }
            )
    return rows


def regression_rows(model: SegmentModel) -> list[dict]:
    """Rows of `beta_regression`: one a term of each regression, with the regression's quality."""
    return [
        {
            "segment": model.segment,
            "parameter": name,
            "term": term.name,
            "coefficient": term.coefficient,
            "low": term.low,
            "high": term.high,
            "r2": regression.r2,
            "depth_r2": regression.depth_r2,
            "cv_rmse": regression.cv_rmse,
            "gpu_p": regression.gpu_p,
        }
        for name, regression in model.regressions.items()
        for term in regression.terms
    ]
