"""The held-out depth's predicted curve, and epochs to an accuracy."""

import pandas as pd

from compute.core.targets import EpochsToTarget, common_target
from compute.core.vocabulary import ASKED_EPOCHS, HELD_OUT_DEPTH, TARGET_ACCURACY
from store.optimus.trainings import TRAININGS, of_latest, of_shown
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


def epochs_to_target(reader: Reader) -> pd.DataFrame:
    """For each GPU type and test accuracy `target` (0 to 1): epochs predicted, their range, and trained; NULL: never.

    `low` and `high`: had the prediction been as wrong as for other depths. `error_percent` is that of the
    predicted epochs.
    """
    return of_latest(
        reader,
        "predict",
        """
        SELECT gpu_type, target, round(100 * target)::INTEGER AS target_percent, predicted, low, high,
               measured AS trained, 100 * (predicted / measured - 1) AS error_percent
        FROM epochs_to_target WHERE run_id = $run ORDER BY gpu_type, target
        """,
    )


def common_target_percent(reader: Reader) -> int | None:
    """The accuracy in percent that answers are given for, `common_target` up to the one asked; None without one."""
    rows = epochs_to_target(reader)[["gpu_type", "target", "predicted", "trained"]]
    rows = rows.astype(object).where(rows.notna(), None)
    found = common_target((EpochsToTarget(**row) for row in rows.to_dict("records")), TARGET_ACCURACY)
    return None if found is None else round(100 * found)


def epochs_to_common_target(reader: Reader) -> pd.DataFrame:
    """The rows of `epochs_to_target` at the common target, with the epoch from which on the training stays there.

    `settled` (from 1) is the first evaluated epoch after the last one below the target, NULL where the
    training ends below it.
    """
    rows = epochs_to_target(reader)
    rows = rows[rows["target_percent"] == common_target_percent(reader)]
    if rows.empty:
        return rows
    settled = of_shown(
        reader,
        f"""
        WITH evaluated AS (
            SELECT t.gpu_type, epoch,
                   max(epoch) FILTER (test_accuracy < $target) OVER (PARTITION BY t.gpu_type) AS below
            FROM epochs JOIN ({TRAININGS}) AS t USING (run_id) WHERE t.depth = $held_out AND test_accuracy IS NOT NULL
        )
        SELECT gpu_type, min(epoch) FILTER (epoch > coalesce(below, -1)) + 1 AS settled FROM evaluated GROUP BY gpu_type
        """,
        target=float(rows["target"].iloc[0]),
        held_out=HELD_OUT_DEPTH,
    )
    return rows.merge(settled, how="left", on="gpu_type")


def epochs_range(reader: Reader) -> pd.DataFrame:
    """One row, or none: the common target in percent, and the fewest and most epochs to it, predicted and trained."""
    rows = epochs_to_common_target(reader)
    if rows.empty:
        return rows
    ends = {
        f"{name}_{end}": [getattr(rows[name], end)()] for name in ("predicted", "trained") for end in ("min", "max")
    }
    return pd.DataFrame({"target_percent": [rows["target_percent"].iloc[0]], **ends})
