"""Regressions of the loss-model coefficients on depth and GPU type."""

import pandas as pd

from compute.core.vocabulary import HELD_OUT_DEPTH
from store.optimus.trainings import compared_scale, of_latest
from store.reader import Reader

SIGNIFICANCE = 0.05


def regressions(reader: Reader) -> pd.DataFrame:
    """One row a term of each regression: coefficient with its 95 % interval, and the regression's quality.

    R² with the GPU type and without, leave-one-depth-out RMSE, and p of the GPU type.
    """
    return of_latest(
        reader,
        "predict",
        """
        SELECT segment, parameter, term, coefficient, low, high, r2, depth_r2, cv_rmse, gpu_p
        FROM beta_regression WHERE run_id = $run
        ORDER BY segment = 'all' DESC, segment, parameter, term = 'depth' DESC, term
        """,
    )


# the coefficients that the regressions saw, of losses as they are, and those of the held-out depth
COEFFICIENTS = """
    SELECT t.depth, t.gpu_type, c.segment, c.parameter, c.value, c.low, c.high, c.predicted,
           t.depth = $held_out AS held_out
    FROM regressed_coefficients AS c JOIN runs AS t ON t.run_id = c.source_run WHERE c.run_id = $run
"""


def effects(reader: Reader, at: str | None = None) -> pd.DataFrame:
    """One row a regression (`at` a scale): the change per layer with its 95 % interval, quality, what it resolves.

    `depth_matters`: the interval leaves out 0; `gpu_matters`: p is below the 5 % level, NULL where the GPU types
    were not compared; `cv_percent`: the leave-one-depth-out RMSE in percent of the coefficient's mean.
    """
    return of_latest(
        reader,
        "predict",
        f"""
        WITH means AS (
            SELECT segment, parameter, avg(value) AS mean FROM ({COEFFICIENTS}) WHERE NOT held_out GROUP BY ALL
        )
        SELECT r.segment, r.parameter, r.coefficient AS per_layer, r.low, r.high,
               r.low > 0 OR r.high < 0 AS depth_matters, r.r2, r.depth_r2, r.cv_rmse,
               100 * r.cv_rmse / mean AS cv_percent, r.gpu_p, r.gpu_p < $significance AS gpu_matters
        FROM beta_regression AS r JOIN means USING (segment, parameter) WHERE r.run_id = $run AND r.term = 'depth'
        ORDER BY r.segment = 'all' DESC, r.segment, r.parameter
        """,
        at=at,
        held_out=HELD_OUT_DEPTH,
        significance=SIGNIFICANCE,
    )


def compared_effects(reader: Reader) -> pd.DataFrame:
    """The `effects_summary` at the scale at which several GPU types have all depths, with that `scale`; or none."""
    at = compared_scale(reader)
    if at is None:
        return pd.DataFrame()
    rows = effects_summary(reader, at)
    return rows.assign(scale=at) if len(rows) else rows


def effects_summary(reader: Reader, at: str | None = None) -> pd.DataFrame:
    """One row, or none: how many regressions resolve an effect of depth and of the GPU type, ranges of p and error.

    `by_chance`: how many of them would resolve an effect of a GPU type that has none.
    """
    rows = effects(reader, at)
    if rows.empty:
        return pd.DataFrame()
    compared = rows["gpu_p"].dropna()
    return pd.DataFrame(
        {
            "regressions": [len(rows)],
            "depth_matters": int(rows["depth_matters"].sum()),
            "gpu_compared": len(compared),
            "gpu_matters": int((compared < SIGNIFICANCE).sum()),
            "by_chance": SIGNIFICANCE * len(compared),
            "gpu_p_least": compared.min(),
            "gpu_p_median": compared.median(),
            "cv_least": rows["cv_percent"].min(),
            "cv_most": rows["cv_percent"].max(),
        }
    )


def coefficients(reader: Reader) -> pd.DataFrame:
    """Every fitted coefficient with its interval (NULL: not identified) and what is predicted (NULL: no regression)."""
    return of_latest(
        reader,
        "predict",
        f"SELECT * FROM ({COEFFICIENTS}) ORDER BY segment = 'all' DESC, segment, parameter, gpu_type, depth",
        held_out=HELD_OUT_DEPTH,
    )


def mean_coefficients(reader: Reader) -> pd.DataFrame:
    """The means of the fitted coefficients by parameter, segment and depth."""
    return coefficients(reader).groupby(["parameter", "segment", "depth"], as_index=False)["value"].mean()


def left_out_depths(reader: Reader) -> list[int]:
    """The depths between others, each of which was left out in turn to see how wrong a prediction is."""
    rows = coefficients(reader)
    return sorted(int(depth) for depth in rows.loc[~rows["held_out"], "depth"].unique())[1:-1]
