"""How surely points determine the parameters of a curve that was fitted to them by least squares."""

import numpy as np

MOST_AUTOCORRELATION = 0.95  # the most that residuals are taken to have, so that intervals stay finite


def inflated_variance(residuals: np.ndarray, parameters: int) -> float:
    """The variance of a point about the curve, enlarged as for residuals that are a first-order autoregressive process.

    Where a curve bends otherwise than the data, neighbouring residuals are correlated, and there is less information in
    them than in as many independent ones. `residuals` (points,) in the order of their steps; infinite where there
    are no more points than parameters.
    """
    if len(residuals) <= parameters:
        return float("inf")
    squares = residuals @ residuals
    correlation = float(np.clip(residuals[1:] @ residuals[:-1] / max(squares, 1e-300), 0, MOST_AUTOCORRELATION))
    return float(squares / (len(residuals) - parameters) * (1 + correlation) / (1 - correlation))


def covariance(slopes: np.ndarray, variance: float) -> np.ndarray:
    """The covariance (parameters, parameters) of parameters; infinite where the points leave one of them open.

    `slopes` (points, parameters) are the curve's derivatives at the points. `curve_fit` has a covariance as
    well, but drops directions that the data do not constrain: on a flat loss, where only 1 / β1 + β2 is known, it
    reports both as certain.
    """
    points, parameters = slopes.shape
    length = np.maximum(np.linalg.norm(slopes, axis=0), 1e-300)
    _, singular, directions = np.linalg.svd(slopes / length, full_matrices=False)
    if points <= parameters or singular[-1] <= 1e-8 * singular[0]:
        return np.full((parameters, parameters), np.inf)
    return (directions.T / singular**2) @ directions / np.outer(length, length) * variance
