"""Regression of a loss-model coefficient on a network's depth and its GPU type (question 4.2).

Ordinary least squares by scikit-learn on depth (in layers) and one indicator for each GPU type but
the baseline. A straight line need not fit the depths, and the runs of a depth share that misfit, so the
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
from compute.core.vocabulary import gpu_order

LEVEL = 0.95
INTERCEPT, DEPTH = "intercept", "depth"


@dataclass(frozen=True, kw_only=True)
class Term:
    """A coefficient with its 95 % interval; `depth` is per layer, a GPU type is against the baseline."""

    name: str
    coefficient: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Regression:
    """β as a linear function of depth and GPU type.

    `r2` of the fit, `depth_r2` with the depth alone, `cv_rmse` of predictions with one depth left out
    (in β's own unit), and `gpu_p`, the probability of differences between GPU types at least this
    large if the type had no effect (F test of its indicators beside depth as a factor); None, with no term
    of a GPU type, where the runs cannot tell one type from another. `least` and `most` bound the β that
    were seen.
    """

    terms: tuple[Term, ...]
    r2: float
    depth_r2: float
    cv_rmse: float
    gpu_p: float | None
    least: float
    most: float

    def predict(self, depth: float, gpu_type: str | None = None) -> float:
        """β at a depth on a GPU type (None: mean over the types), within the range of those that were seen.

        A line through coefficients that the data hardly identify may pass below 0, and with β0 and β1 both
        at 0 the loss would be infinite.
        """
        by_name = {term.name: term.coefficient for term in self.terms}
        types = [value for name, value in by_name.items() if name not in (INTERCEPT, DEPTH)]
        of_type = sum(types) / (1 + len(types)) if gpu_type is None else by_name.get(gpu_type, 0.0)
        beta = by_name[INTERCEPT] + by_name[DEPTH] * depth + of_type
        return min(max(beta, self.least), self.most)


def gpu_types_in_order(names) -> list[str]:
    """The different GPU types in the vocabulary's order; the first one is the baseline of a regression."""
    return sorted(set(names), key=lambda name: (gpu_order(name), name))


def regress(depth, gpu_type, beta) -> Regression:
    """Fit β, shape (runs,), on depth and GPU type of the same shape.

    There are no terms of the GPU types where all runs are of one type, or where too few are left to compare
    the types within depths. Raises ComputeError for fewer than three depths.
    """
    depth, beta, gpu = np.asarray(depth, dtype=float), np.asarray(beta, dtype=float), np.asarray(gpu_type)
    depths = np.unique(depth)
    if len(depths) < 3:
        raise ComputeError(f"a regression on depth needs three depths at least; there are {len(depths)}")
    by_depth = (depth[:, None] == depths).astype(float)
    types = gpu_types_in_order(gpu.tolist())
    by_type = (gpu[:, None] == np.array(types[1:], dtype=gpu.dtype)).astype(float)
    within = np.hstack([by_depth, by_type])
    free = len(beta) - within.shape[1]
    if free < 1 or np.linalg.matrix_rank(within) < within.shape[1]:
        types, by_type, within = types[:1], by_type[:, :0], by_depth
    x = np.column_stack([depth, by_type])
    model, depth_alone = LinearRegression().fit(x, beta), LinearRegression().fit(x[:, :1], beta)
    means = by_depth.T @ (beta - by_type @ model.coef_[1:]) / by_depth.sum(axis=0)
    half = _half_widths(np.column_stack([np.ones(len(depths)), depths]), means)
    if len(types) > 1:
        half = np.append(half, _half_widths(within, beta)[len(depths) :])
    left_out = cross_val_predict(LinearRegression(), x, beta, groups=depth, cv=LeaveOneGroupOut())
    values = [float(model.intercept_), *map(float, model.coef_)]
    return Regression(
        terms=tuple(
            Term(name=name, coefficient=value, low=value - h, high=value + h)
            for name, value, h in zip((INTERCEPT, DEPTH, *types[1:]), values, map(float, half), strict=True)
        ),
        r2=float(model.score(x, beta)),
        depth_r2=float(depth_alone.score(x[:, :1], beta)),
        cv_rmse=float(np.sqrt(np.mean((left_out - beta) ** 2))),
        gpu_p=_gpu_p(by_depth, within, beta) if len(types) > 1 else None,
        least=float(beta.min()),
        most=float(beta.max()),
    )


def _gpu_p(by_depth: np.ndarray, within: np.ndarray, beta: np.ndarray) -> float:
    """p of the F test of the GPU types' indicators, which `within` has beside those of the depths."""
    added, free = within.shape[1] - by_depth.shape[1], len(beta) - within.shape[1]
    without, both = _squared_error(by_depth, beta), _squared_error(within, beta)
    ratio = (without - both) / added / (both / free) if both > 0 else 0.0
    return float(fisher.sf(max(ratio, 0.0), added, free))


def _squared_error(design: np.ndarray, values: np.ndarray) -> float:
    """The sum of squares that least squares leaves."""
    return float(np.sum((values - design @ np.linalg.lstsq(design, values)[0]) ** 2))


def _half_widths(design: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Half the width of each coefficient's interval."""
    free = len(values) - design.shape[1]
    variance = _squared_error(design, values) / free * np.diag(np.linalg.pinv(design.T @ design))
    return student.ppf((1 + LEVEL) / 2, free) * np.sqrt(np.maximum(variance, 0))
