"""Regressions of the coefficients, ResNet-50's predicted curve, and epochs to an accuracy."""

import pandas as pd

from store.reader import Reader

NEWEST = "SELECT run_id FROM runs WHERE problem = 'optimus' AND job = 'predict' ORDER BY scale DESC, started_at DESC LIMIT 1"


def regressions(reader: Reader) -> pd.DataFrame:
    """One row a term of each regression: coefficient with its 95 % interval, and the regression's R², leave-one-depth-out RMSE and p of the GPU type."""
    return reader.df(f"""
        SELECT segment, parameter, term, coefficient, low, high, r2, depth_r2, cv_rmse, gpu_p
        FROM beta_regression WHERE run_id = ({NEWEST}) ORDER BY segment, parameter, term = 'depth', term
    """)


def curves(reader: Reader) -> pd.DataFrame:
    """Predicted and measured mean training loss of the held-out depth by GPU type; epochs count from 1."""
    return reader.df(f"""
        SELECT gpu_type, epoch + 1 AS epoch, predicted, measured, 100 * (predicted / measured - 1) AS error_percent
        FROM curve_predictions WHERE run_id = ({NEWEST}) ORDER BY gpu_type, epoch
    """)


def errors(reader: Reader, first_epoch: int, last_epoch: int) -> pd.DataFrame:
    """Error of the predicted curve by GPU type: RMSE over all epochs, and over a window (epochs from 1, inclusive) the mean absolute and the symmetric percentage.

    The plain percentage divides by the measured loss and explodes as that nears 0; the symmetric one
    divides by the mean of both and stays below 200.
    """
    return reader.df(
        f"""
        WITH mine AS (
            SELECT *, epoch + 1 BETWEEN ? AND ? AS inside FROM curve_predictions WHERE run_id = ({NEWEST}) AND measured IS NOT NULL
        )
        SELECT gpu_type, sqrt(avg((predicted - measured) ** 2)) AS rmse,
               100 * avg(abs(predicted - measured) / measured) FILTER (inside) AS mape_percent,
               100 * avg(2 * abs(predicted - measured) / (predicted + measured)) FILTER (inside) AS smape_percent,
               100 * avg(abs(predicted - measured) / measured) AS whole_mape_percent
        FROM mine GROUP BY gpu_type ORDER BY gpu_type
        """,
        [first_epoch, last_epoch],
    )


def epochs_to_target(reader: Reader) -> pd.DataFrame:
    """For each GPU type and test accuracy (percent): epochs predicted, their range over the trainings' own relations, and measured."""
    return reader.df(f"""
        SELECT gpu_type, round(100 * target)::INTEGER AS target_percent, predicted, low, high, measured
        FROM epochs_to_target WHERE run_id = ({NEWEST}) ORDER BY gpu_type, target
    """)


def plan_inputs(reader: Reader) -> pd.DataFrame:
    """The speed models of the newest plan: coefficients in seconds, M in images, and the images of an epoch."""
    return reader.df("""
        WITH newest AS (SELECT run_id, config FROM runs WHERE problem = 'optimus' AND job = 'plan' ORDER BY scale DESC, started_at DESC LIMIT 1)
        SELECT name, mode, theta0, theta1, theta2, theta3, theta4, m_batch, source, (config->>'images_of_an_epoch')::INTEGER AS images_of_an_epoch
        FROM speed_models JOIN newest USING (run_id) ORDER BY mode DESC, name DESC
    """)


def prices(reader: Reader) -> pd.DataFrame:
    """Published price of an hour of one GPU with its machine, in USD."""
    return reader.df("SELECT gpu_type, usd_per_hour, source FROM prices ORDER BY usd_per_hour")
