"""Hours and costs: those of the latest plan, and those of its speed models for an accuracy that a reader chooses."""

import math
from dataclasses import replace

import pandas as pd

from compute.core import plans
from compute.core.speed import MODES, AsynchronousSpeed, SynchronousSpeed
from compute.core.vocabulary import ACCURACIES, TARGET_ACCURACY
from store.optimus.epochs import depth_epochs, epochs_to_target
from store.optimus.trainings import latest, training_summary
from store.reader import Reader


def speed_models(reader: Reader) -> pd.DataFrame:
    """The speed models of the latest plan: coefficients in seconds, M in images, and the images of an epoch.

    `gpu_type` is NULL for the two models of the paper's cluster.
    """
    return reader.df(
        """
        SELECT name, mode, CASE WHEN name <> mode THEN name END AS gpu_type, theta0, theta1, theta2, theta3, theta4,
               m_batch, source, (config->>'images_of_an_epoch')::INTEGER AS images_of_an_epoch
        FROM speed_models JOIN runs USING (run_id) WHERE run_id = ? ORDER BY mode DESC, name DESC
        """,
        [latest(reader, "plan")],
    )


def _speed(row) -> SynchronousSpeed | AsynchronousSpeed:
    theta = (row.theta0, row.theta1, row.theta2, row.theta3, row.theta4)
    return (
        SynchronousSpeed(theta=theta, batch=row.m_batch) if row.mode == MODES[0] else AsynchronousSpeed(theta=theta[:4])
    )


def predicted_epochs(reader: Reader, target_percent: int, accuracy: str = ACCURACIES[0]) -> dict[str, float] | None:
    """The epochs to an accuracy, the same on all GPU types: `predicted`, `low`, `high` (infinite: maybe never).

    None where the accuracy is not predicted to be reached.
    """
    rows = depth_epochs(reader, accuracy=accuracy).query("target_percent == @target_percent")
    rows = rows.dropna(subset=["predicted"])
    if rows.empty:
        return None
    row = rows[["predicted", "low", "high"]].fillna(math.inf).iloc[0]
    return {"predicted": row["predicted"], "low": min(row["low"], row["predicted"]), "high": row["high"]}


def unplanned_gpu_types(reader: Reader) -> list[str]:
    """The GPU types that epochs are predicted for and that have no speed model, for want of a published throughput."""
    return sorted(set(epochs_to_target(reader)["gpu_type"]) - set(speed_models(reader)["gpu_type"]))


def hours(
    reader: Reader, name: str, target_percent: int, paper_batch: float, accuracy: str = ACCURACIES[0]
) -> pd.DataFrame:
    """Hours to an accuracy by a speed model, against workers, for each of COMPARED_SERVERS; `fastest` of its servers.

    `hours_low` to `hours_high` is what the range of the epochs makes of them (NULL: never). `paper_batch` is M on
    the paper's cluster; a GPU type has that of its measurements. `epochs` with `epochs_low` and `epochs_high`,
    `images_of_an_epoch` and `batch` are the same in all rows. Empty where the accuracy is not predicted.
    """
    models, epochs = speed_models(reader).query("name == @name"), predicted_epochs(reader, target_percent, accuracy)
    if models.empty or not epochs:
        return pd.DataFrame()
    row = next(models.itertuples())
    batch = paper_batch if name in MODES else row.m_batch
    speed = _speed(row)
    if isinstance(speed, SynchronousSpeed):
        speed = replace(speed, batch=batch)
    images = epochs["predicted"] * row.images_of_an_epoch
    grid = plans.plan(speed, images=images, batch=batch, servers=plans.COMPARED_SERVERS)
    found = pd.DataFrame({**vars(grid), "fastest": plans.fastest(grid.servers, grid.hours)})
    return _with_range(found, "hours", epochs).assign(
        epoch_hours=found["hours"] / epochs["predicted"],
        epochs=epochs["predicted"],
        epochs_low=epochs["low"],
        epochs_high=_finite(epochs["high"]),
        images_of_an_epoch=row.images_of_an_epoch,
        batch=batch,
    )


def _with_range(rows: pd.DataFrame, name: str, epochs: dict[str, float]) -> pd.DataFrame:
    """The rows with what the range of the epochs makes of a column, `_low` and `_high`; NULL for never."""
    ends = {f"{name}_{end}": rows[name] * _finite(epochs[end] / epochs["predicted"]) for end in ("low", "high")}
    return rows.assign(**ends)


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan


def costs(
    reader: Reader,
    target_percent: int,
    gpu_usd_per_h: tuple[tuple[str, float], ...],
    server_usd_per_h: float,
    accuracy: str = ACCURACIES[0],
) -> pd.DataFrame:
    """Every plan on the GPU types that have a price: servers (0: a GPU by itself), workers, hours, USD, `front`.

    `gpu_usd_per_h` are pairs of GPU type and price; `front` says that no plan is both as fast and as cheap;
    `_low` and `_high` (NULL: never) are what the range of the epochs makes of hours and USD. Fastest first.
    """
    epochs, prices_, parts = predicted_epochs(reader, target_percent, accuracy), dict(gpu_usd_per_h), []
    planned = set(epochs_to_target(reader)["gpu_type"])
    for row in speed_models(reader).itertuples():
        if epochs and row.gpu_type in planned and row.gpu_type in prices_:
            images = epochs["predicted"] * row.images_of_an_epoch
            grid = plans.plan(_speed(row), images=images, batch=row.m_batch, standalone=True)
            usd = plans.cost_usd(
                grid.hours,
                grid.workers,
                grid.servers,
                gpu_usd_per_h=prices_[row.gpu_type],
                server_usd_per_h=server_usd_per_h,
            )
            parts.append(pd.DataFrame({"gpu_type": row.gpu_type, **vars(grid), "usd": usd}))
    if not epochs or not parts:
        return pd.DataFrame()
    rows = pd.concat(parts).sort_values(["hours", "usd"], ignore_index=True)
    for name in ("hours", "usd"):
        rows = _with_range(rows, name, epochs)
    return rows.assign(front=plans.pareto_front(rows["hours"], rows["usd"]))


def planned_hours(reader: Reader) -> pd.DataFrame:
    """The latest plan: hours by speed model, servers and workers, the epochs behind them, and the cost of the GPUs.

    `fastest` says which number of workers is, for its model and servers; `gpu_type` and `usd` are NULL for
    the paper's own cluster, which has no price.
    """
    rows = reader.df(
        """
        SELECT p.speed_model, p.gpu_type, p.servers, p.workers, p.target, p.epochs, p.epochs_low, p.epochs_high,
               p.hours,
               p.hours * p.epochs_low / p.epochs AS hours_low, p.hours * p.epochs_high / p.epochs AS hours_high,
               prices.usd_per_hour
        FROM time_to_accuracy AS p LEFT JOIN prices USING (gpu_type)
        WHERE p.run_id = ? ORDER BY p.speed_model, p.servers, p.workers
        """,
        [latest(reader, "plan")],
    )
    curve = rows.groupby(["speed_model", "servers"]).ngroup()
    usd = plans.cost_usd(rows["hours"], rows["workers"], rows["servers"], gpu_usd_per_h=rows["usd_per_hour"])
    return rows.drop(columns="usd_per_hour").assign(fastest=plans.fastest(curve, rows["hours"]), usd=usd)


def plan_summary(reader: Reader) -> pd.DataFrame:
    """One row, or none: the accuracy in percent that was planned for, the epochs to it with their range (NULL:
    never), images of an epoch; `missed`: it is not the accuracy that is asked for.
    """
    rows = planned_hours(reader)
    if rows.empty:
        return rows
    paper = rows[rows["gpu_type"].isna()].iloc[0]
    return pd.DataFrame(
        {
            "target_percent": [round(100 * paper["target"])],
            "missed": round(100 * paper["target"]) < round(100 * TARGET_ACCURACY),
            "epochs": paper["epochs"],
            "epochs_low": paper["epochs_low"],
            "epochs_high": paper["epochs_high"],
            "images_of_an_epoch": speed_models(reader)["images_of_an_epoch"].iloc[0],
        }
    )


def paper_plans(reader: Reader) -> pd.DataFrame:
    """The latest plan on the paper's cluster at the ends of its curves and at their minima.

    By speed model, servers and `at`: `one worker`, `fastest`, `most workers`.
    """
    rows = planned_hours(reader)
    rows = rows[rows["gpu_type"].isna() & rows["servers"].isin(plans.COMPARED_SERVERS)]
    chosen = {
        "one worker": rows["workers"] == min(plans.WORKERS),
        "fastest": rows["fastest"],
        "most workers": rows["workers"] == max(plans.WORKERS),
    }
    return pd.concat([rows[mask].assign(at=at) for at, mask in chosen.items()])


def gpu_plans(reader: Reader) -> pd.DataFrame:
    """The latest plan with one GPU, by GPU type and servers (0: by itself), in minutes and US cents of the GPU."""
    rows = planned_hours(reader).dropna(subset=["gpu_type"])
    rows = rows[(rows["workers"] == 1) & (rows["servers"] <= 1)]
    return rows.assign(minutes=60 * rows["hours"], cents=100 * rows["usd"])


def best_gpu_plan(reader: Reader) -> pd.DataFrame:
    """One row, or none: the fastest plan on a GPU type: gpu_type, servers, workers, minutes, cents; whether it is the
    cheapest as well, and by itself; and what sharing it costs: its minutes with one server (`shared_minutes`).
    """
    rows = planned_hours(reader).dropna(subset=["gpu_type"])
    if rows.empty:
        return rows
    best = rows.sort_values("hours", ignore_index=True).iloc[0]
    shared = rows[(rows["gpu_type"] == best["gpu_type"]) & (rows["servers"] == 1) & (rows["workers"] == 1)]
    return pd.DataFrame(
        {
            "gpu_type": [best["gpu_type"]],
            "workers": best["workers"],
            "minutes": 60 * best["hours"],
            "minutes_low": 60 * best["hours_low"],
            "minutes_high": 60 * best["hours_high"],
            "cents": 100 * best["usd"],
            "cheapest": bool(best["usd"] <= rows["usd"].min()),
            "by_itself": best["servers"] == 0,
            "shared_minutes": 60 * shared["hours"].iloc[0],
        }
    )


def balance(reader: Reader) -> pd.DataFrame:
    """By number of servers the number of workers, not rounded, at which Eq. 4's falling and rising terms balance.

    `workers` with the paper's M; `trained_workers` with the batch of the trainings for M, and `trained_hours`
    of the latest plan with the whole number of workers that makes them least.
    """
    models, summary, trained = speed_models(reader), plan_summary(reader), training_summary(reader)
    rows = []
    for row in models[models["name"] == MODES[0]].itertuples():
        theta, batch = (row.theta0, row.theta1, row.theta2, row.theta3, row.theta4), float(trained["batch"].iloc[0])
        speed = SynchronousSpeed(theta=theta, batch=row.m_batch)
        of_trainings, images = replace(speed, batch=batch), summary["epochs"].iloc[0] * row.images_of_an_epoch
        rows += [
            {
                "servers": servers,
                "workers": speed.balanced_workers(servers),
                "trained_workers": of_trainings.balanced_workers(servers),
                "trained_hours": plans.plan(of_trainings, images=images, batch=batch, servers=(servers,)).hours.min(),
            }
            for servers in plans.COMPARED_SERVERS
        ]
    return pd.DataFrame(rows)


def prices(reader: Reader) -> pd.DataFrame:
    """Published price of an hour of one GPU with its machine, in USD."""
    return reader.df("SELECT gpu_type, usd_per_hour, source FROM prices ORDER BY usd_per_hour")
