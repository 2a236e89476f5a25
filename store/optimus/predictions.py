"""Regressions of the coefficients, ResNet-50's predicted curve, and epochs to an accuracy."""

import pandas as pd

from compute.core.vocabulary import HELD_OUT_DEPTH, TARGET_ACCURACY
from store.optimus.losses import TRAININGS, newest
from store.reader import Reader

NEWEST, PLAN = newest("predict"), newest("plan")
# the test accuracy in percent that the assignment asks for
ASKED = round(100 * TARGET_ACCURACY)

# the coefficients that the regressions saw, of losses as they are, and those of the held-out depth
FITTED = f"""
    SELECT t.depth, t.gpu_type, c.segment, c.parameter, c.value, c.low, c.high
    FROM regressed_coefficients AS c JOIN runs AS t ON t.run_id = c.source_run WHERE c.run_id = ({NEWEST})
"""


def regressions(reader: Reader) -> pd.DataFrame:
    """One row a term of each regression: coefficient with its 95 % interval, and the regression's R², leave-one-depth-out RMSE and p of the GPU type."""
    return reader.df(f"""
        SELECT segment, parameter, term, coefficient, low, high, r2, depth_r2, cv_rmse, gpu_p
        FROM beta_regression WHERE run_id = ({NEWEST}) ORDER BY segment = 'all' DESC, segment, parameter, term = 'depth' DESC, term
    """)


def effects(reader: Reader) -> pd.DataFrame:
    """One row a regression: change a layer with its 95 % interval, whether that leaves out 0, R² with and without the GPU type, and p of the GPU type.

    `cv_percent` is the leave-one-depth-out RMSE in percent of the coefficient's mean over the trainings.
    """
    return reader.df(f"""
        WITH regressed AS (SELECT * FROM beta_regression WHERE run_id = ({NEWEST}) AND term = 'depth'),
             means AS (SELECT segment, parameter, avg(value) AS mean FROM ({FITTED}) WHERE depth <> {HELD_OUT_DEPTH} GROUP BY ALL)
        SELECT r.segment, r.parameter, r.coefficient AS per_layer, r.low, r.high, r.low > 0 OR r.high < 0 AS depth_matters,
               r.r2, r.depth_r2, r.cv_rmse, 100 * r.cv_rmse / mean AS cv_percent, r.gpu_p, r.gpu_p < 0.05 AS gpu_matters
        FROM regressed AS r JOIN means USING (segment, parameter) ORDER BY r.segment = 'all' DESC, r.segment, r.parameter
    """)


def coefficients(reader: Reader) -> pd.DataFrame:
    """Every fitted coefficient with its interval (NULL: not identified) and `regressed`, what is predicted for its depth and GPU type (NULL: no regression).

    Predictions stay within the values that the regression saw.
    """
    return reader.df(f"""
        WITH terms AS (SELECT * FROM beta_regression WHERE run_id = ({NEWEST})),
             seen AS (SELECT *, min(value) FILTER (depth <> {HELD_OUT_DEPTH}) OVER piece AS least, max(value) FILTER (depth <> {HELD_OUT_DEPTH}) OVER piece AS most
                      FROM ({FITTED}) WINDOW piece AS (PARTITION BY segment, parameter))
        SELECT 'ResNet-' || s.depth AS network, s.depth, s.gpu_type, s.segment, s.parameter, s.value, s.low, s.high,
               CASE WHEN d.coefficient IS NOT NULL
                    THEN least(most, greatest(least, i.coefficient + d.coefficient * s.depth + coalesce(g.coefficient, 0))) END AS regressed
        FROM seen AS s
        LEFT JOIN terms AS i ON (i.segment, i.parameter, i.term) = (s.segment, s.parameter, 'intercept')
        LEFT JOIN terms AS d ON (d.segment, d.parameter, d.term) = (s.segment, s.parameter, 'depth')
        LEFT JOIN terms AS g ON (g.segment, g.parameter, g.term) = (s.segment, s.parameter, s.gpu_type)
        ORDER BY s.segment = 'all' DESC, s.segment, s.parameter, s.gpu_type, s.depth
    """)


def curves(reader: Reader) -> pd.DataFrame:
    """Predicted and trained: mean training loss of the held-out depth by GPU type; epochs count from 1."""
    return reader.df(f"""
        SELECT gpu_type, epoch + 1 AS epoch, predicted, measured AS trained, 100 * (predicted / measured - 1) AS error_percent
        FROM curve_predictions WHERE run_id = ({NEWEST}) ORDER BY gpu_type, epoch
    """)


def errors(reader: Reader, first_epoch: int, last_epoch: int) -> pd.DataFrame:
    """Error of the predicted curve by GPU type: RMSE over all epochs, and over a window (epochs from 1, inclusive) the mean absolute and the symmetric percentage.

    The plain percentage divides by the trained loss and explodes as that nears 0; the symmetric one
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
    """For each GPU type and test accuracy (percent): epochs predicted, their range had the prediction been as wrong as for other depths, and trained."""
    return reader.df(f"""
        SELECT gpu_type, round(100 * target)::INTEGER AS target_percent, predicted, low, high, measured AS trained
        FROM epochs_to_target WHERE run_id = ({NEWEST}) ORDER BY gpu_type, target
    """)


def left_out(reader: Reader) -> list[int]:
    """The depths between others, each of which was left out in turn to see how wrong a prediction is."""
    rows = reader.df(f"SELECT DISTINCT depth FROM ({FITTED}) WHERE depth <> {HELD_OUT_DEPTH} ORDER BY depth")
    return rows["depth"].tolist()[1:-1]


def settled(reader: Reader, target: int) -> pd.DataFrame:
    """For each GPU type the epoch (from 1) from which on the trained network stays at a test accuracy of `target` percent; NULL where it ends below."""
    return reader.df(
        f"""
        SELECT gpu_type, CASE WHEN arg_max(100 * test_accuracy, epoch) >= $target THEN coalesce(max(epoch) FILTER (100 * test_accuracy < $target), -1) + 2 END AS settled
        FROM epochs JOIN ({TRAININGS}) AS t USING (run_id) WHERE t.depth = {HELD_OUT_DEPTH} GROUP BY gpu_type
        """,
        {"target": target},
    )


def common_target(reader: Reader, wanted: int = ASKED) -> int | None:
    """The highest test accuracy (percent) up to `wanted` that is predicted for every GPU type and that every replica reached; None without one."""
    row = reader.one(
        f"""
        WITH mine AS (SELECT *, bool_or(measured IS NOT NULL) OVER (PARTITION BY gpu_type) AS trained FROM epochs_to_target WHERE run_id = ({NEWEST}))
        SELECT max(percent) FROM (
            SELECT round(100 * target)::INTEGER AS percent FROM mine WHERE round(100 * target) <= ? GROUP BY target
            HAVING bool_and(predicted IS NOT NULL AND (measured IS NOT NULL OR NOT trained))
        )
        """,
        [wanted],
    )
    return row[0] if row else None


def agreement(reader: Reader) -> pd.DataFrame:
    """One row, or none: the prediction's error over all GPU types, of the whole curve and of its second half, beside the spread of the trained curves.

    RMSE is in units of the loss, the others in percent; `replica_rmse` and `late_replica_percent` are the
    deviation of a single trained curve from the mean of the three (as for n - 1 in the denominator),
    `late_mean_percent` is that of the mean of the predicted curves from the mean of the trained ones.
    """
    return reader.df(f"""
        WITH mine AS (
            SELECT *, epoch >= (max(epoch) OVER () + 1) / 2 AS late, avg(measured) OVER (PARTITION BY epoch) AS centre,
                   avg(predicted) OVER (PARTITION BY epoch) AS expected, count(measured) OVER (PARTITION BY epoch) AS replicas
            FROM curve_predictions WHERE run_id = ({NEWEST}) AND measured IS NOT NULL
        )
        SELECT sqrt(avg((predicted - measured) ** 2)) AS curve_rmse, 100 * avg(abs(predicted - measured) / measured) AS curve_mape,
               200 * avg(abs(predicted - measured) / (predicted + measured)) AS curve_smape,
               100 * avg(abs(predicted - measured) / measured) FILTER (late) AS late_mape,
               100 * avg(abs(measured - centre) / centre) FILTER (late) * sqrt(any_value(replicas) / nullif(any_value(replicas) - 1, 0)) AS late_replica_percent,
               100 * avg(abs(expected - centre) / centre) FILTER (late) AS late_mean_percent,
               sqrt(avg((measured - centre) ** 2) * any_value(replicas) / nullif(any_value(replicas) - 1, 0)) AS replica_rmse,
               any_value(replicas) AS replicas
        FROM mine HAVING count(*) > 0
    """)


def planned_hours(reader: Reader) -> pd.DataFrame:
    """Hours of the newest plan by speed model, servers and workers, with the epochs behind them; `fastest` in its curve, and the cost of GPUs (no price of servers).

    gpu_type is NULL for the paper's own cluster, which has no price; epochs are then the mean over the GPU types.
    """
    return reader.df(f"""
        WITH epochs AS (SELECT gpu_type, target, predicted FROM epochs_to_target WHERE run_id = ({NEWEST}))
        SELECT p.speed_model, p.gpu_type, p.servers, p.workers, p.target, p.hours,
               p.hours = min(p.hours) OVER (PARTITION BY p.speed_model, p.servers) AS fastest, p.hours * p.workers * prices.usd_per_hour AS usd,
               (SELECT avg(predicted) FROM epochs AS e WHERE e.target = p.target AND (p.gpu_type IS NULL OR e.gpu_type = p.gpu_type)) AS epochs
        FROM time_to_accuracy AS p LEFT JOIN prices USING (gpu_type)
        WHERE p.run_id = ({PLAN}) ORDER BY p.speed_model, p.servers, p.workers
    """)


def balance(reader: Reader) -> pd.DataFrame:
    """For 2 and 4 servers the number of workers, not rounded, at which Eq. 4's falling and rising terms balance: √(θ0 M / (θ2/p + θ3)).

    `balance_trained` has the batch of the trainings for M; `epoch_hours_trained` are then the hours of an epoch
    with the number of workers that makes them least.
    """
    return reader.df(f"""
        WITH batches AS (SELECT any_value(config->>'batch')::INTEGER AS batch FROM ({TRAININGS})),
        models AS (
            SELECT *, (config->>'images_of_an_epoch')::INTEGER / batch AS steps
            FROM speed_models JOIN runs USING (run_id), batches, (VALUES (2), (4)) AS p(servers) WHERE run_id = ({PLAN}) AND name = 'synchronous'
        )
        SELECT servers, sqrt(theta0 * m_batch / (theta2 / servers + theta3)) AS balance, sqrt(theta0 * batch / (theta2 / servers + theta3)) AS balance_trained,
               (SELECT min(steps * (theta0 * batch / w + theta1 + theta2 * w / servers + theta3 * w + theta4 * servers)) / 3600 FROM range(1, 41) AS r(w)) AS epoch_hours_trained
        FROM models ORDER BY servers
    """)


def plan_inputs(reader: Reader) -> pd.DataFrame:
    """The speed models of the newest plan: coefficients in seconds, M in images, and the images of an epoch."""
    return reader.df(f"""
        SELECT name, mode, theta0, theta1, theta2, theta3, theta4, m_batch, source, (config->>'images_of_an_epoch')::INTEGER AS images_of_an_epoch
        FROM speed_models JOIN runs USING (run_id) WHERE run_id = ({PLAN}) ORDER BY mode DESC, name DESC
    """)


def prices(reader: Reader) -> pd.DataFrame:
    """Published price of an hour of one GPU with its machine, in USD."""
    return reader.df("SELECT gpu_type, usd_per_hour, source FROM prices ORDER BY usd_per_hour")
