"""Epochs to an accuracy: predicted for each GPU type and for all together, trained, and under other schedules."""

import numpy as np
import pandas as pd

from compute.core.targets import EpochsToTarget, common_target
from compute.core.vocabulary import ACCURACIES, HELD_OUT_DEPTH, TARGET_ACCURACY
from store.optimus.trainings import TRAININGS, of_latest, of_shown
from store.reader import Reader

TEST = ACCURACIES[0]
SOON = 6  # epochs after a drop of the learning rate in which an accuracy counts as reached by the drop


def epochs_to_target(reader: Reader, accuracy: str = TEST) -> pd.DataFrame:
    """For each GPU type and target (0 to 1): epochs predicted, their range, and trained; NULL: never.

    `low` and `high`: had the prediction been as wrong as for other depths. `error_percent` is that of the
    predicted epochs.
    """
    return of_latest(
        reader,
        "predict",
        """
        SELECT gpu_type, target, round(100 * target)::INTEGER AS target_percent, predicted, low, high,
               measured AS trained, 100 * (predicted / measured - 1) AS error_percent
        FROM epochs_to_target WHERE run_id = $run AND accuracy = $accuracy ORDER BY gpu_type, target
        """,
        accuracy=accuracy,
    )


def depth_epochs(reader: Reader, depth: int = HELD_OUT_DEPTH, accuracy: str = TEST) -> pd.DataFrame:
    """For each target the epochs of a depth, for all GPU types together: predicted, low, high; NULL: never."""
    return of_latest(
        reader,
        "predict",
        """
        SELECT target, round(100 * target)::INTEGER AS target_percent, predicted, low, high
        FROM depth_epochs WHERE run_id = $run AND depth = $depth AND accuracy = $accuracy ORDER BY target
        """,
        depth=depth,
        accuracy=accuracy,
    )


def common_target_percent(reader: Reader, accuracy: str = TEST) -> int | None:
    """The accuracy in percent that answers are given for, `common_target` up to the one asked; None without one."""
    predicted = depth_epochs(reader, accuracy=accuracy).set_index("target")["predicted"]
    rows = epochs_to_target(reader, accuracy)
    found = common_target(
        (
            EpochsToTarget(
                gpu_type=row.gpu_type,
                target=row.target,
                predicted=_known(predicted.get(row.target)),
                trained=_known(row.trained),
            )
            for row in rows.itertuples()
        ),
        TARGET_ACCURACY,
    )
    return None if found is None else round(100 * found)


def _known(value) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def against_trained(reader: Reader, accuracy: str = TEST) -> pd.DataFrame:
    """For each target the one number of epochs that is predicted (low, high) beside the trained ones' mean and ends.

    `trained`, `trained_least`, `trained_most`: over the GPU types whose training reached any accuracy, NULL where one
    does not reach it; `reached` of `types` do; `error_percent`: of the prediction against the mean.
    """
    rows = epochs_to_target(reader, accuracy)
    known = rows.groupby("gpu_type")["trained"].transform("count") > 0
    trained = rows[known].groupby("target")["trained"]
    found = trained.agg(trained="mean", trained_least="min", trained_most="max", reached="count", types="size")
    never = found["reached"] < found["types"]
    found.loc[never, ["trained", "trained_most"]] = np.nan
    rows = depth_epochs(reader, accuracy=accuracy).merge(found.reset_index(), on="target", how="left")
    return rows.assign(error_percent=100 * (rows["predicted"] / rows["trained"] - 1))


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


def target_errors(reader: Reader) -> pd.DataFrame:
    """One row, or none: the predicted epochs at the common target and at every other one, against the trained ones.

    At the common target `target_percent`, `predicted`, `low`, `high`, `trained_least`, `trained_most`,
    `error_percent`; over all `targets` that are predicted and trained `median_percent`, `worst_percent` (of absolute
    errors) and the target at which it is worst; `missed`: targets of which only one of the two is ever.
    """
    target, rows = common_target_percent(reader), against_trained(reader)
    if target is None:
        return pd.DataFrame()
    both, one = rows.dropna(subset=["predicted", "trained"]), rows["predicted"].isna() != rows["trained"].isna()
    errors, at = both["error_percent"].abs(), rows[rows["target_percent"] == target].iloc[0]
    if both.empty:
        return pd.DataFrame()
    names = ("predicted", "low", "high", "trained_least", "trained_most", "error_percent")
    return pd.DataFrame(
        {
            "target_percent": [target],
            **{name: at[name] for name in names},
            "targets": len(both),
            "least_target": both["target_percent"].min(),
            "median_percent": errors.median(),
            "worst_percent": errors.max(),
            "worst_target": both.loc[errors.idxmax(), "target_percent"],
            "missed": int(one.sum()),
        }
    )


def asked_epochs(reader: Reader) -> pd.DataFrame:
    """By accuracy (test, training) how the held-out depth's trainings stand to the accuracy that is asked for.

    `reached` of `types` trainings get there, after `trained_least` to `trained_most` epochs; `predicted` epochs, NULL
    for never; `missed`: not all trainings get there; `highest_percent` is the highest target that all reach.
    """
    rows, asked = [], round(100 * TARGET_ACCURACY)
    for accuracy in ACCURACIES:
        every = against_trained(reader, accuracy)
        at = every[every["target_percent"] == asked]
        if at.empty or at["types"].isna().all():
            continue
        row = at.iloc[0]
        rows.append(
            {
                "accuracy": accuracy,
                "target_percent": asked,
                "reached": int(row["reached"]),
                "types": int(row["types"]),
                "missed": row["reached"] < row["types"],
                "some": row["reached"] > 0,
                **{name: row[name] for name in ("predicted", "low", "high", "trained_least", "trained_most")},
                "highest_percent": every.dropna(subset=["trained"])["target_percent"].max(),
            }
        )
    return pd.DataFrame(rows)


def schedules(reader: Reader, target_percent: int, accuracy: str = TEST) -> pd.DataFrame:
    """Predicted epochs to a target had the learning rate first dropped after `first_drop` epochs; NULL: never.

    `after_drop` are those after that drop; a first drop after the last epoch stands for none.
    """
    return of_latest(
        reader,
        "predict",
        """
        SELECT first_drop, trained, predicted, predicted - first_drop AS after_drop,
               first_drop = max(first_drop) OVER () AS none
        FROM schedule_epochs WHERE run_id = $run AND accuracy = $accuracy AND round(100 * target) = $target
        ORDER BY first_drop
        """,
        accuracy=accuracy,
        target=target_percent,
    )


def schedule_summary(reader: Reader) -> pd.DataFrame:
    """One row, or none: how far the predicted epochs to the common target depend on when the learning rate falls.

    Of the schedule that was trained `first_drop` and `predicted`; of the first and last drop that were tried and
    reach the target `early_drop`, `early`, `late_drop`, `late`; `without`: epochs where it never drops, NULL: never.
    Of the trained `targets` (each of each training) `by_drop` are first reached within SOON epochs after a drop.
    """
    target = common_target_percent(reader)
    rows = pd.DataFrame() if target is None else schedules(reader, target)
    if rows.empty:
        return rows
    moved = rows[~rows["none"]].dropna(subset=["predicted"])
    trained = rows[rows["trained"]].iloc[0]
    if moved.empty:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "target_percent": [target],
            "first_drop": trained["first_drop"],
            "predicted": trained["predicted"],
            "early_drop": moved["first_drop"].iloc[0],
            "early": moved["predicted"].iloc[0],
            "late_drop": moved["first_drop"].iloc[-1],
            "late": moved["predicted"].iloc[-1],
            "without": rows[rows["none"]]["predicted"].iloc[0],
            **_by_drop(reader),
        }
    )


def _by_drop(reader: Reader) -> dict[str, int]:
    """How many targets the held-out depth's trainings reach, and how many of them within SOON epochs after a drop."""
    rows = epochs_to_target(reader).dropna(subset=["trained"])
    drops = of_shown(
        reader, f"SELECT gpu_type, milestones FROM ({TRAININGS}) WHERE depth = $held_out", held_out=HELD_OUT_DEPTH
    )
    after = dict(zip(drops["gpu_type"], drops["milestones"], strict=True))
    soon = [any(0 < row.trained - drop <= SOON for drop in after.get(row.gpu_type, ())) for row in rows.itertuples()]
    return {"targets": len(rows), "by_drop": sum(soon), "soon": SOON}
