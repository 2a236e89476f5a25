"""The held-out depth's predicted curve, and those of other depths."""

import pandas as pd

from compute.core.vocabulary import ASKED_EPOCHS, HELD_OUT_DEPTH, TARGET_ACCURACY
from store.optimus.trainings import of_latest
from store.reader import Reader

# errors of a predicted curve; the plain percentage divides by the trained loss and explodes as that nears 0, the
# symmetric one divides by the mean of both and stays below 200
RMSE = "sqrt(avg((predicted - measured) ** 2))"
PERCENTAGE = "100 * avg(abs(predicted - measured) / measured)"
SYMMETRIC = "200 * avg(abs(predicted - measured) / (predicted + measured))"
# a sample's standard deviation has n - 1 in the denominator
CORRECTION = "replicas / nullif(replicas - 1, 0)"


def asked(reader: Reader) -> pd.DataFrame:
    """One row: the test accuracy in percent that the assignment asks for, and its epochs."""
    return pd.DataFrame({"target_percent": [round(100 * TARGET_ACCURACY)], "epochs": [ASKED_EPOCHS]})


def curves(reader: Reader) -> pd.DataFrame:
    """Predicted and trained: mean training loss of the held-out depth by GPU type; epochs count from 1."""
    return of_latest(
        reader,
        "predict",
        """
        SELECT gpu_type, epoch + 1 AS epoch, predicted, measured AS trained,
               100 * (predicted / measured - 1) AS error_percent
        FROM curve_predictions WHERE run_id = $run ORDER BY gpu_type, epoch
        """,
    )


def errors(reader: Reader, first_epoch: int, last_epoch: int) -> pd.DataFrame:
    """Error of the predicted curve by GPU type: RMSE over all epochs, percentages over a window.

    The window goes from `first_epoch` to `last_epoch`, counted from 1, inclusive.
    """
    return of_latest(
        reader,
        "predict",
        f"""
        WITH mine AS (
            SELECT *, epoch + 1 BETWEEN $first AND $last AS inside
            FROM curve_predictions WHERE run_id = $run AND measured IS NOT NULL
        )
        SELECT gpu_type, {RMSE} AS rmse, {PERCENTAGE} FILTER (inside) AS mape_percent,
               {SYMMETRIC} FILTER (inside) AS smape_percent, {PERCENTAGE} AS whole_mape_percent
        FROM mine GROUP BY gpu_type ORDER BY gpu_type
        """,
        first=first_epoch,
        last=last_epoch,
    )


def agreement(reader: Reader) -> pd.DataFrame:
    """One row, or none: the prediction's error over all GPU types, of the whole curve and of its second half (`late`).

    RMSE is in units of the loss, the others in percent; `late_replica_percent` is the deviation of a single
    trained curve from the mean of them all (as for n - 1 in the denominator), `late_mean_percent` that of the
    mean of the predicted curves from the mean of the trained ones.
    """
    return of_latest(
        reader,
        "predict",
        f"""
        WITH mine AS (
            SELECT *, epoch >= (max(epoch) OVER () + 1) / 2 AS late, avg(measured) OVER by_epoch AS centre,
                   avg(predicted) OVER by_epoch AS expected, count(measured) OVER by_epoch AS replicas
            FROM curve_predictions WHERE run_id = $run AND measured IS NOT NULL
            WINDOW by_epoch AS (PARTITION BY epoch)
        )
        SELECT {RMSE} AS rmse, {PERCENTAGE} AS mape_percent, {SYMMETRIC} AS smape_percent,
               {PERCENTAGE} FILTER (late) AS late_mape_percent, any_value(replicas) AS replicas,
               100 * avg(abs(measured - centre) / centre * sqrt({CORRECTION})) FILTER (late) AS late_replica_percent,
               100 * avg(abs(expected - centre) / centre) FILTER (late) AS late_mean_percent
        FROM mine HAVING count(*) > 0
        """,
    )


def depth_curve(reader: Reader, depth: int) -> pd.DataFrame:
    """The predicted mean training loss of a depth by epoch (from 1), for all GPU types together, `low` to `high`."""
    return of_latest(
        reader,
        "predict",
        """
        SELECT epoch + 1 AS epoch, predicted, low, high FROM depth_curves
        WHERE run_id = $run AND depth = $depth ORDER BY epoch
        """,
        depth=depth,
    )


def depths(reader: Reader) -> pd.DataFrame:
    """The depths that curves are predicted for, in order; `inside`: between the depths that the regressions saw."""
    return of_latest(
        reader,
        "predict",
        """
        WITH seen AS (
            SELECT min(t.depth) AS least, max(t.depth) AS most FROM regressed_coefficients AS c
            JOIN runs AS t ON t.run_id = c.source_run WHERE c.run_id = $run AND t.depth <> $held_out
        )
        SELECT DISTINCT depth, depth BETWEEN least AND most AS inside, least, most FROM depth_curves, seen
        WHERE run_id = $run ORDER BY depth
        """,
        held_out=HELD_OUT_DEPTH,
    )
