"""What the written answers of Problem 4 quote."""

import pandas as pd

from compute.core.vocabulary import ASKED_EPOCHS, FITTED_DEPTHS, HELD_OUT_DEPTH
from store.optimus import losses, predictions
from store.reader import Reader


def values(reader: Reader) -> dict[str, object]:
    """What the written answers of Problem 4 quote, by placeholder; None where the store has nothing, or fits that were not made from all trainings."""
    if not losses.up_to_date(reader):
        return {}
    return _training_values(reader) | _fit_values(reader) | _effect_values(reader) | _prediction_values(reader) | _plan_values(reader)


def _row(frame: pd.DataFrame) -> dict[str, object]:
    """The only row of a frame as values, NULL as None."""
    return {name: None if pd.isna(value) else value for name, value in frame.iloc[0].items()} if len(frame) else {}


def _training_values(reader: Reader) -> dict[str, object]:
    """What was trained, and by depth the mean over the replicas of the loss after one epoch and of what the training ended at."""
    found = _row(
        reader.df(f"""
            SELECT count(*) FILTER (depth <> {HELD_OUT_DEPTH}) AS trainings, count(*) FILTER (provenance = 'emulated') AS emulated,
                   string_agg(DISTINCT device, ' and ') AS training_devices, string_agg(DISTINCT contributor, ' and ') AS contributors,
                   any_value(config->>'train_images') AS train_images, any_value(config->>'epochs')::INTEGER AS epochs,
                   any_value(config->>'batch')::INTEGER AS batch, any_value(config->>'lr')::DOUBLE AS first_lr, any_value(config->>'$.milestones[0]')::INTEGER AS first_drop,
                   any_value(config->>'$.milestones[1]')::INTEGER AS second_drop, any_value(scale)::VARCHAR AS training_scale,
                   (SELECT max(step) FROM epochs WHERE run_id = any_value(t.run_id)) AS training_steps
            FROM ({losses.TRAININGS}) AS t
        """)
    )
    found["train_images"] = "all" if found.get("train_images") is None else f"{int(found['train_images']):,}"
    for row in reader.df(f"""
        SELECT t.depth, avg(train_loss) FILTER (epoch = 0) AS first_loss, avg(train_loss) FILTER (last) AS final_loss,
               100 * avg(test_accuracy) FILTER (last) AS final_accuracy
        FROM (SELECT run_id, epoch, train_loss, test_accuracy, epoch = max(epoch) OVER (PARTITION BY run_id) AS last FROM epochs)
        JOIN ({losses.TRAININGS}) AS t USING (run_id) GROUP BY t.depth
    """).itertuples():
        found |= {
            f"first_loss_{row.depth}": row.first_loss,
            f"final_loss_{row.depth}": row.final_loss,
            f"final_accuracy_{row.depth}": row.final_accuracy,
        }
    return found


def _fit_values(reader: Reader) -> dict[str, object]:
    """How well Eq. 1 holds with and without a restart, and what is identified, of losses treated as in the paper."""
    rows, misfit = losses.loss_models(reader, True, True), losses.misfit(reader, True, True)
    rows = rows[rows["depth"].isin(FITTED_DEPTHS)]
    misfit = misfit[misfit["source_run"].isin(rows["source_run"])]
    whole, later = rows[rows["segment"] == "all"], rows[~rows["segment"].isin(["all", "1"])]
    if whole.empty:
        return {}
    found = {
        "fits": len(whole),
        "train_depths": whole["depth"].nunique(),
        "train_types": whole["gpu_type"].nunique(),
        "fits_identified": int(whole["identified"].sum()),
        "fits_at_zero": int((whole["beta2"] == 0).sum()),
        "rmse_one_curve": misfit["one_curve"].median(),
        "rmse_restarted": misfit["restarted"].median(),
        "restart_gain_percent": 100 * (1 - misfit["restarted"].median() / misfit["one_curve"].median()),
        "later_pieces": len(later),
        "later_unidentified": int((~later["identified"]).sum()),
    }
    raw = losses.misfit(reader, False, True).set_index("source_run")["restarted"]
    for depth, rows in whole.groupby("depth"):
        found |= {f"largest_loss_{depth}": rows["unit"].mean(), f"raw_rmse_{depth}": raw[rows["source_run"]].mean()}
    replicas = whole.groupby("depth")["beta0"]
    found["beta0_replica_ratio"] = (replicas.max() / replicas.min()).max()
    found["beta0_interval_percent"] = (50 * (whole["beta0_high"] - whole["beta0_low"]) / whole["beta0"]).median()
    for row in losses.forecast_quality(reader).itertuples():
        name = f"{row.method.replace(' ', '_')}_{row.milestones}"
        found |= {f"forecast_{name}": "never" if pd.isna(row.error_percent) else f"{row.error_percent:.0f} % off", f"never_{name}": row.never_percent}
        found[f"naive_{row.milestones}"] = row.naive_percent
    return found


def _effect_values(reader: Reader) -> dict[str, object]:
    """What depth and GPU type do to the coefficients, over all regressions and for those of whole trainings and of the first piece."""
    rows = predictions.effects(reader)
    if rows.empty:
        return {}
    found = {
        "regressions": len(rows),
        "depth_matters": int(rows["depth_matters"].sum()),
        "gpu_matters": int(rows["gpu_matters"].sum()),
        "gpu_by_chance": 0.05 * len(rows),
        "gpu_p_least": rows["gpu_p"].min(),
        "gpu_p_median": rows["gpu_p"].median(),
        "cv_least": rows["cv_percent"].min(),
        "cv_most": rows["cv_percent"].max(),
    }
    for row in rows.itertuples():
        found |= {f"{row.parameter}_{row.segment}_{name}": getattr(row, name) for name in ("per_layer", "low", "high", "depth_r2")}
    for row in reader.df(f"SELECT parameter, segment, depth, avg(value) AS mean FROM ({predictions.FITTED}) GROUP BY ALL").itertuples():
        found[f"{row.parameter}_{row.segment}_at_{row.depth}"] = row.mean
    return found


def _prediction_values(reader: Reader) -> dict[str, object]:
    """The errors of ResNet-50's predicted curve beside the replicas' own spread, and epochs to the target."""
    found = _row(predictions.agreement(reader))
    target = predictions.common_target(reader)
    found |= {"asked_percent": predictions.ASKED, "asked_epochs": ASKED_EPOCHS, "target_percent": target}
    mine = predictions.epochs_to_target(reader).query("target_percent == @target")
    found |= {f"{name}_epochs_{end}": getattr(mine[name], end)() for name in ("predicted", "trained") for end in ("min", "max")}
    for row in mine.itertuples():
        gpu_type = row.gpu_type.lower()
        found |= {f"predicted_epochs_{gpu_type}": row.predicted, f"trained_epochs_{gpu_type}": row.trained}
        found[f"epochs_error_{gpu_type}"] = 100 * (row.predicted / row.trained - 1)
        found |= {f"{end}_epochs_{gpu_type}": "never" if pd.isna(epochs) else f"{epochs:.0f}" for end, epochs in (("low", row.low), ("high", row.high))}
    if target is not None:
        found |= {f"settled_epochs_{row.gpu_type.lower()}": row.settled for row in predictions.settled(reader, target).itertuples()}
    return {name: None if pd.isna(value) else value for name, value in found.items()}


def _plan_values(reader: Reader) -> dict[str, object]:
    """The paper's curves at their ends and minima, and what the plan costs on one GPU of each type."""
    rows, found = predictions.planned_hours(reader), {}
    for row in rows.query("gpu_type.isna() and servers in (2, 4)").itertuples():
        if row.workers in (1, 40) or row.fastest:
            place = "best" if row.fastest else row.workers
            found |= {f"{row.speed_model}_{row.servers}_{place}_hours": row.hours, f"{row.speed_model}_{row.servers}_{place}_workers": row.workers}
    for row in rows.query("not gpu_type.isna() and workers == 1 and servers in (0, 1)").itertuples():
        name = f"{'served' if row.servers else 'one'}_{row.gpu_type.lower()}"
        found |= {f"{name}_minutes": 60 * row.hours, f"{name}_cents": 100 * row.usd}
    inputs = predictions.plan_inputs(reader)
    if len(inputs):
        found |= {
            "plan_images": inputs["images_of_an_epoch"].iloc[0],
            "plan_target_percent": 100 * rows["target"].iloc[0],
            "plan_epochs": rows.loc[rows["gpu_type"].isna(), "epochs"].iloc[0],
        }
    for row in predictions.balance(reader).itertuples():
        found |= {f"balance_{row.servers}": row.balance, f"balance_{row.servers}_trained": row.balance_trained}
        found[f"synchronous_{row.servers}_trained_hours"] = row.epoch_hours_trained * found["plan_epochs"]
    return found

QUOTABLE: dict = {}
