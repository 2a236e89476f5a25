"""Trainings, the loss models fitted to them, and what those would have forecast."""

import pandas as pd

from compute.core.vocabulary import FITTED_DEPTHS
from store.complete import at_complete_scale
from store.concurrency import device_images_per_s, own_seconds
from store.reader import Reader

# the report's own trainings of the CIFAR family at the largest scale that is as complete as any
TRAININGS = at_complete_scale(
    "SELECT * FROM runs WHERE problem = 'optimus' AND job = 'train' AND model = 'resnet' || depth AND provenance <> 'imported'", variant="model || gpu_type"
)


def newest(job: str) -> str:
    """SQL of the id of the newest run of a job at the trainings' scale, or else at the largest there is."""
    return f"""
        SELECT run_id FROM runs WHERE problem = 'optimus' AND job = '{job}'
        ORDER BY scale = (SELECT any_value(scale) FROM ({TRAININGS})) DESC, scale DESC, started_at DESC LIMIT 1
    """


NEWEST = newest("fit")


def behind(reader: Reader, *jobs: str) -> list[str]:
    """The runs that the figures of some jobs are made of: of `train` all of the trainings' scale, of the others the newest."""
    found = [reader.df(f"SELECT run_id FROM ({TRAININGS})" if job == "train" else newest(job)) for job in jobs]
    return [run for frame in found for run in frame["run_id"]]


def trainings(reader: Reader) -> pd.DataFrame:
    """Each training with its final loss and test accuracy (0 to 1), median images/s of the device that it ran on, and hours there."""
    return reader.df(f"""
        SELECT t.run_id, t.depth, t.gpu_type, t.scale::VARCHAR AS scale, t.provenance::VARCHAR AS provenance, t.device, t.seed, t.contributor,
               count(*) AS epochs, arg_max(train_loss, epoch) AS final_loss, arg_max(test_accuracy, epoch) AS final_accuracy,
               max(test_accuracy) AS best_accuracy, median({device_images_per_s('images_per_s')}) AS images_per_s, sum({own_seconds('e.seconds')}) / 3600 AS hours
        FROM ({TRAININGS}) AS t JOIN epochs AS e USING (run_id)
        GROUP BY ALL ORDER BY t.depth, t.gpu_type
    """)


def epoch_curves(reader: Reader) -> pd.DataFrame:
    """Mean training loss and test accuracy of every epoch of every training; epochs count from 1."""
    return reader.df(f"""
        SELECT 'ResNet-' || t.depth AS network, t.depth, t.gpu_type, epoch + 1 AS epoch, epochs.lr, train_loss, train_accuracy, test_loss, test_accuracy
        FROM ({TRAININGS}) AS t JOIN epochs USING (run_id) ORDER BY t.depth, t.gpu_type, epoch
    """)


def loss_models(reader: Reader, normalised: bool, outliers_replaced: bool) -> pd.DataFrame:
    """The fitted coefficients with their 95 % intervals, one row a training and segment; the newest fit at the largest scale."""
    return reader.df(
        f"""
        SELECT 'ResNet-' || t.depth AS network, t.depth, t.gpu_type, segment, beta0, beta0_low, beta0_high, beta1, beta1_low, beta1_high,
               beta2, beta2_low, beta2_high, rmse, points, identified, unit, first_step, end_step, method, source_run
        FROM loss_models AS m JOIN runs AS t ON t.run_id = m.source_run
        WHERE m.run_id = ({NEWEST}) AND normalised = ? AND outliers_replaced = ? ORDER BY t.depth, t.gpu_type, segment = 'all' DESC, segment
        """,
        [normalised, outliers_replaced],
    )


def coefficients(reader: Reader, normalised: bool, outliers_replaced: bool, whole: bool) -> pd.DataFrame:
    """The coefficients for reading: one row a training (`whole`) or piece, each β followed by its 95 % interval as text. ResNet-50 is not among them."""
    interval = ", ".join(
        f"""beta{i}, CASE WHEN beta{i}_low IS NULL THEN 'not identified'
                     ELSE format('{{:.3g}} to {{:.3g}}', beta{i}_low, beta{i}_high) END AS beta{i}_interval"""
        for i in range(3)
    )
    depths = ", ".join(map(str, FITTED_DEPTHS))
    return reader.df(
        f"""
        SELECT 'ResNet-' || t.depth AS network, t.gpu_type, segment, {interval}, rmse, points, unit
        FROM loss_models AS m JOIN runs AS t ON t.run_id = m.source_run
        WHERE m.run_id = ({NEWEST}) AND normalised = ? AND outliers_replaced = ? AND (segment = 'all') = ? AND t.depth IN ({depths})
        ORDER BY t.depth, t.gpu_type, segment
        """,
        [normalised, outliers_replaced, whole],
    )


def misfit(reader: Reader, normalised: bool, outliers_replaced: bool) -> pd.DataFrame:
    """For each training the RMSE of one curve for all steps and of curves restarted at the drops, over the same points, and their ratio."""
    return reader.df(
        f"""
        SELECT source_run, max(rmse) FILTER (segment = 'all') AS one_curve,
               sqrt(sum(rmse ** 2 * points) FILTER (segment <> 'all') / sum(points) FILTER (segment <> 'all')) AS restarted,
               restarted / one_curve AS ratio
        FROM loss_models WHERE run_id = ({NEWEST}) AND normalised = ? AND outliers_replaced = ? GROUP BY source_run ORDER BY source_run
        """,
        [normalised, outliers_replaced],
    )


def points(reader: Reader, run: str, most: int = 400) -> pd.DataFrame:
    """A training's losses, averaged over blocks of steps into `most` points at the most: step (counted from 1), loss."""
    return reader.df(
        """
        WITH mine AS (SELECT step, loss, ceil(count(*) OVER () / ?)::INTEGER AS block FROM steps WHERE run_id = ?)
        SELECT avg(step) + 1 AS step, avg(loss) AS loss FROM mine GROUP BY step // block ORDER BY step
        """,
        [most, run],
    )


def forecasts(reader: Reader) -> pd.DataFrame:
    """Epochs that the loss model would have forecast, against the real ones, as training went on: error in percent of the real ones."""
    return reader.df(f"""
        SELECT 'ResNet-' || t.depth AS network, t.gpu_type, method, epoch, progress_percent, forecast_epochs, real_epochs,
               100 * (forecast_epochs / real_epochs - 1) AS error_percent
        FROM forecasts AS f JOIN runs AS t ON t.run_id = f.source_run
        WHERE f.run_id = ({NEWEST}) ORDER BY t.depth, t.gpu_type, method, epoch
    """)


def forecast_quality(reader: Reader) -> pd.DataFrame:
    """By method and number of milestones that had been seen: median size of the forecast's error in percent, share that said never, and the error of no model.

    A forecast of fewer epochs than had been trained counts as those, one of never as infinite (a median
    that is infinite is NULL). `naive_percent` is the median error of saying that the training ends now.
    """
    return reader.df(f"""
        WITH mine AS (
            SELECT f.*, len(list_filter((t.config->'$.milestones')::INTEGER[], lambda d: d < f.epoch)) AS milestones,
                   CASE WHEN forecast_epochs IS NULL THEN 'infinity' ELSE abs(100 * (greatest(forecast_epochs, epoch) / real_epochs - 1)) END AS error
            FROM forecasts AS f JOIN runs AS t ON t.run_id = f.source_run WHERE f.run_id = ({NEWEST})
        )
        SELECT method, milestones, CASE WHEN isfinite(median(error)) THEN median(error) END AS error_percent,
               100 * avg((forecast_epochs IS NULL)::INTEGER) AS never_percent, median(100 * (1 - epoch / real_epochs)) AS naive_percent, count(*)::INTEGER AS forecasts
        FROM mine GROUP BY ALL ORDER BY ALL
    """)


def up_to_date(reader: Reader) -> bool:
    """Whether the fit and the prediction were made from the trainings that the store shows, all of them, and the plan from that prediction."""
    row = reader.one(f"""
        WITH shown AS (SELECT list_sort(list(run_id)) AS ids FROM ({TRAININGS}))
        SELECT list_sort(fit.inputs) = shown.ids AND list_sort(predict.inputs) = shown.ids
               AND list_contains(plan.inputs, predict.run_id) AND plan.started_at >= predict.started_at
        FROM shown, runs AS fit, runs AS predict, runs AS plan
        WHERE fit.run_id = ({NEWEST}) AND predict.run_id = ({newest("predict")}) AND plan.run_id = ({newest("plan")})
    """)
    return bool(row and row[0])
