"""Problem 4's trainings: which of them the report shows, and the runs that were made from them."""

import pandas as pd

from compute.core.scales import TrainingRun, replica_scale, shown_trainings
from compute.core.vocabulary import DEPTHS, HELD_OUT_DEPTH
from store.concurrency import CONCURRENCY, device_images_per_s, own_seconds
from store.reader import Reader

# the shown trainings with the keys of their configuration that are queried; $shown are their ids
TRAININGS = f"""
    SELECT run_id, depth, gpu_type, scale::VARCHAR AS scale, provenance::VARCHAR AS provenance, device, seed,
           contributor, (config->>'epochs')::INTEGER AS epochs, (config->>'batch')::INTEGER AS batch,
           (config->>'lr')::DOUBLE AS lr, (config->>'momentum')::DOUBLE AS momentum,
           (config->>'weight_decay')::DOUBLE AS weight_decay,
           (config->>'train_images')::INTEGER AS train_images, (config->'$.milestones')::INTEGER[] AS milestones,
           {CONCURRENCY} AS concurrency
    FROM runs WHERE list_contains($shown::VARCHAR[], run_id)
"""
# their losses and accuracies at either end; the final accuracy is that of the last epoch that was evaluated
ENDS = f"""
    SELECT run_id, t.depth, t.gpu_type, t.scale, t.provenance, t.device, t.seed, t.contributor, count(*) AS epochs,
           arg_min(train_loss, epoch) AS first_loss, arg_max(train_loss, epoch) AS final_loss,
           100 * arg_max(test_accuracy, epoch) AS final_accuracy_percent,
           100 * max(test_accuracy) AS best_accuracy_percent,
               median({device_images_per_s("images_per_s", "t.concurrency")}) AS images_per_s,
           sum({own_seconds("e.seconds", "t.concurrency")}) / 3600 AS hours
    FROM ({TRAININGS}) AS t JOIN epochs AS e USING (run_id) GROUP BY ALL
"""


JOBS = ("fit", "predict", "plan")  # each made from the ones before it, or from the trainings


def shown(reader: Reader, scale: str | None = None) -> list[str]:
    """The ids of the trainings that the report shows, by depth and GPU type; the rule is `shown_trainings`.

    With a `scale` those that it would show at that scale.
    """
    memo = reader.memo.setdefault("optimus trainings", {})
    if scale not in memo:
        memo[scale] = [place[0].run_id for place in shown_trainings(_finished(reader), scale)]
    return memo[scale]


def compared_scale(reader: Reader) -> str | None:
    """The largest scale at which several GPU types have all depths (`replica_scale`)."""
    return replica_scale(_finished(reader))


def _finished(reader: Reader) -> list[TrainingRun]:
    if "optimus finished" not in reader.memo:
        rows = reader.df("""
            SELECT run_id, scale::VARCHAR AS scale, model, depth, gpu_type, provenance::VARCHAR AS provenance,
                   epoch(started_at) AS started_s
            FROM runs WHERE problem = 'optimus' AND job = 'train' AND depth IS NOT NULL AND gpu_type IS NOT NULL
        """)
        reader.memo["optimus finished"] = [TrainingRun(**row) for row in rows.to_dict("records")]
    return reader.memo["optimus finished"]


def of_shown(reader: Reader, sql: str, **values: object) -> pd.DataFrame:
    """The rows of a query on TRAININGS, with `values` bound by name."""
    return reader.df(sql, {"shown": shown(reader), **values})


def latest(reader: Reader, job: str, scale: str | None = None) -> str | None:
    """The newest run of a job at the trainings' scale, or else at the largest scale that has one; None without any.

    With a `scale` the newest one there.
    """
    row = reader.one(
        """
        SELECT run_id FROM runs WHERE problem = 'optimus' AND job = ? AND (? IS NULL OR scale::VARCHAR = ?)
        ORDER BY scale IN (SELECT scale FROM runs WHERE list_contains(?::VARCHAR[], run_id)) DESC, scale DESC,
                 started_at DESC LIMIT 1
        """,
        [job, scale, scale, shown(reader)],
    )
    return row[0] if row else None


def of_latest(reader: Reader, job: str, sql: str, *, at: str | None = None, **values: object) -> pd.DataFrame:
    """The rows of a query on the latest run of a job (at the scale `at`), `$run`, with `values` bound by name."""
    return reader.df(sql, {"run": latest(reader, job, at), **values})


def source_runs(reader: Reader, *jobs: str) -> list[str]:
    """The runs that the figures of some jobs are made of: of `train` all that are shown, of any other the latest."""
    found = [shown(reader) if job == "train" else [latest(reader, job)] for job in jobs]
    return [run for runs in found for run in runs if run]


def left_out(reader: Reader, job: str) -> list[str]:
    """The shown trainings that the latest run of a job left out, because it could not use them."""
    row = reader.one("SELECT (config->'$.left_out')::VARCHAR[] FROM runs WHERE run_id = ?", [latest(reader, job)])
    return [run for run in shown(reader) if run in (row[0] or [])] if row else []


def outdated(reader: Reader) -> list[str]:
    """The jobs among JOBS, in their order, that are to be made (anew) from the trainings that are shown.

    Fit and prediction are out of date where a training was started after them, or they were not made from one of them
    (trainings that they name as left out need not be among theirs), the plan where it is older than the
    prediction or made from another one.
    """
    record = "SELECT run_id, inputs, epoch(started_at) AS started_s FROM runs WHERE run_id = $run"
    rows = {job: of_latest(reader, job, record) for job in JOBS}
    newest = of_shown(
        reader,
        """
        SELECT max(epoch(started_at)) AS started_s FROM runs WHERE list_contains($shown::VARCHAR[], run_id)
        """,
    )["started_s"].iloc[0]
    found = []
    for job in ("fit", "predict"):
        known = set() if rows[job].empty else {*rows[job]["inputs"].iloc[0], *left_out(reader, job)}
        if rows[job].empty or not set(shown(reader)) <= known or rows[job]["started_s"].iloc[0] < newest:
            found.append(job)
    predict, plan = rows["predict"], rows["plan"]
    if (
        "predict" in found
        or plan.empty
        or predict["run_id"].iloc[0] not in plan["inputs"].iloc[0]
        or plan["started_s"].iloc[0] < predict["started_s"].iloc[0]
    ):
        found.append("plan")
    return found


def up_to_date(reader: Reader) -> bool:
    """Whether there are trainings, and fit, prediction and plan were made from all that are shown."""
    return bool(shown(reader)) and not outdated(reader)


def state(reader: Reader) -> pd.DataFrame:
    """One row: what the shown trainings allow to be said.

    `several_types`: GPU types can be compared in them; `types` names those that have all depths (or any), `type` is
    the only one; `emulated` is whether any is; `replicas_elsewhere`: only another scale has several whole types;
    `deeper_behind`: the deepest fitted network ends at a lower test accuracy than the shallowest.
    """
    rows = of_shown(reader, f"SELECT depth, gpu_type, scale, provenance FROM ({TRAININGS})")
    if rows.empty:
        return pd.DataFrame()
    depths = rows.groupby("gpu_type")["depth"].nunique()
    whole = [name for name in dict.fromkeys(rows["gpu_type"]) if depths[name] == len(DEPTHS)]
    types, compared = whole or list(dict.fromkeys(rows["gpu_type"])), compared_scale(reader)
    ends = ends_by_depth(reader)
    ends = ends[ends["depth"] != HELD_OUT_DEPTH]["final_accuracy_percent"]
    return pd.DataFrame(
        {
            "gpu_types": [depths.size],
            "several_types": len(whole) > 1,
            "types": " and ".join(filter(None, [", ".join(types[:-1]), types[-1]])),
            "type": types[0] if len(types) == 1 else None,
            "emulated": bool((rows["provenance"] == "emulated").any()),
            "replicas_elsewhere": compared is not None and compared != rows["scale"].iloc[0],
            "deeper_behind": bool(ends.iloc[-1] < ends.iloc[0]),
        }
    )


def trainings(reader: Reader) -> pd.DataFrame:
    """Each training with its final loss and accuracy, median images/s of the device that it ran on, and hours there."""
    return of_shown(reader, f"SELECT * EXCLUDE (first_loss) FROM ({ENDS}) ORDER BY depth, gpu_type")


def epoch_curves(reader: Reader) -> pd.DataFrame:
    """Mean training loss and test accuracy of every epoch of every training; epochs count from 1.

    Test loss and accuracy are NULL in epochs that were not evaluated.
    """
    return of_shown(
        reader,
        f"""
        SELECT t.depth, t.gpu_type, epoch + 1 AS epoch, e.lr, train_loss, train_accuracy, test_loss, test_accuracy
        FROM ({TRAININGS}) AS t JOIN epochs AS e USING (run_id) ORDER BY t.depth, t.gpu_type, epoch
        """,
    )


def training_summary(reader: Reader) -> pd.DataFrame:
    """One row: what was trained, for how long, and with which recipe.

    `trainings` and `depths` leave out the held-out depth; `train_images` is NULL where all images were used.
    """
    return of_shown(
        reader,
        f"""
        SELECT count(*) FILTER (depth <> $held_out) AS trainings, count(*) FILTER (provenance = 'emulated') AS emulated,
               array_to_string(list_sort(list(DISTINCT depth) FILTER (depth <> $held_out)), ', ') AS depths,
               string_agg(DISTINCT device, ', ') AS devices, string_agg(DISTINCT contributor, ', ') AS contributors,
               any_value(train_images) AS train_images, any_value(epochs) AS epochs, any_value(batch) AS batch,
               any_value(lr) AS lr, any_value(momentum) AS momentum, any_value(weight_decay) AS weight_decay,
               any_value(milestones)[1] AS first_drop, any_value(milestones)[2] AS second_drop,
               any_value(scale) AS scale, (SELECT max(step) FROM epochs WHERE run_id = any_value(t.run_id)) AS steps
        FROM ({TRAININGS}) AS t HAVING count(*) > 0
        """,
        held_out=HELD_OUT_DEPTH,
    )


def ends_by_depth(reader: Reader) -> pd.DataFrame:
    """By depth the mean over its trainings of the first epoch's loss and of what the training ended at."""
    return of_shown(
        reader,
        f"""
        SELECT depth, avg(first_loss) AS first_loss, avg(final_loss) AS final_loss,
               avg(final_accuracy_percent) AS final_accuracy_percent
        FROM ({ENDS}) GROUP BY depth ORDER BY depth
        """,
    )
