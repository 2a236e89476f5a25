"""Regression of a loss-model coefficient on a network's depth and its GPU type (question 4.2).

Ordinary least squares by scikit-learn on depth (in layers) and one indicator for each GPU type but
the first. A straight line need not fit the depths, and the runs of a depth share that misfit, so the
depth's interval is that of a regression on the means of the depths, and the GPU types are compared
within depths (depth as a factor, the usual normal theory). The prediction error is evaluated by leaving
out one depth at a time, because a depth, not a run, is what is to be predicted.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import f as fisher
from scipy.stats import t as student
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict

from compute import ComputeError

LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Term:
    """A coefficient of the regression with its 95 % interval; `depth` is per layer, a GPU type is against the first one."""

    name: str
    coefficient: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Regression:
    """β as a linear function of depth and GPU type.

    `r2` of the fit, `depth_r2` with the depth alone, `cv_rmse` of predictions with one depth left out
    (in β's own unit), and `gpu_p`, the probability of differences between GPU types at least this
    large if the type had no effect (F test of its indicators beside depth as a factor). `least` and `most` bound the β that were seen.
    """

    gpu_types: tuple[str, ...]
    terms: tuple[Term, ...]
    r2: float
    depth_r2: float
    cv_rmse: float
    gpu_p: float
    least: float
    most: float

    def predict(self, depth: float, gpu_type: str) -> float:
        """β at a depth on one of the GPU types, within the range of those that were seen.

        A line through coefficients that the data hardly identify may pass below 0, and with β0 and β1 both
        at 0 the loss would be infinite.
        """
        by_name = {term.name: term.coefficient for term in self.terms}
        said = by_name["intercept"] + by_name["depth"] * depth + by_name.get(gpu_type, 0.0)
        return min(max(said, self.least), self.most)


def regress(depth, gpu_type, beta) -> Regression:
    """Fit β, shape (runs,), on depth and GPU type of the same shape.

    Raises ComputeError for fewer than three depths or too few runs to judge the GPU type.
    """
    depth, beta, gpu = np.asarray(depth, dtype=float), np.asarray(beta, dtype=float), np.asarray(gpu_type)
    types = tuple(dict.fromkeys(gpu.tolist()))
    levels = (depth[:, None] == np.unique(depth)).astype(float)
    kinds = (gpu[:, None] == np.array(types[1:])).astype(float)
    free, spare = len(beta) - levels.shape[1] - kinds.shape[1], levels.shape[1] - 2
    if spare < 1 or len(types) < 2 or free < 1:
        raise ComputeError(f"a regression on depth and GPU type needs three depths and two types at least; there are {len(beta)} runs")
    x = np.column_stack([depth, kinds])
    model, alone = LinearRegression().fit(x, beta), LinearRegression().fit(x[:, :1], beta)
    within, both = _error(levels, beta), _error(np.hstack([levels, kinds]), beta)
    means = levels.T @ (beta - kinds @ model.coef_[1:]) / levels.sum(axis=0)
    half = np.concatenate([_half(np.column_stack([np.ones(spare + 2), np.unique(depth)]), means, spare), _half(np.hstack([levels, kinds]), beta, free)[spare + 2 :]])
    values = [float(model.intercept_), *map(float, model.coef_)]
    names = ("intercept", "depth", *types[1:])
    left_out = cross_val_predict(LinearRegression(), x, beta, groups=depth, cv=LeaveOneGroupOut())
    ratio = (within - both) / (len(types) - 1) / (both / free) if both > 0 else 0.0
    return Regression(
        gpu_types=types,
        terms=tuple(Term(name=n, coefficient=v, low=v - h, high=v + h) for n, v, h in zip(names, values, map(float, half), strict=True)),
        r2=float(model.score(x, beta)),
        depth_r2=float(alone.score(x[:, :1], beta)),
        cv_rmse=float(np.sqrt(np.mean((left_out - beta) ** 2))),
        gpu_p=float(fisher.sf(max(ratio, 0.0), len(types) - 1, free)),
        least=float(beta.min()),
        most=float(beta.max()),
    )


def _error(design: np.ndarray, values: np.ndarray) -> float:
    """Sum of squares that least squares leaves."""
    return float(np.sum((values - design @ np.linalg.lstsq(design, values)[0]) ** 2))


def _half(design: np.ndarray, values: np.ndarray, free: int) -> np.ndarray:
    """Half the width of each coefficient's interval."""
    variance = _error(design, values) / free * np.diag(np.linalg.pinv(design.T @ design))
    return student.ppf((1 + LEVEL) / 2, free) * np.sqrt(np.maximum(variance, 0))
