"""Trainings, the loss models fitted to them, and what those would have forecast."""

import pandas as pd

from store.reader import Reader

# the depths of question 4.1; 50 is what 4.2 predicts
DEPTHS = (18, 20, 32, 44, 56)
GPU_TYPES = ("K80", "P100", "V100")

# the trainings of the CIFAR family at the largest scale that there is
TRAININGS = """
    SELECT * FROM runs WHERE problem = 'optimus' AND job = 'train' AND model = 'resnet' || depth
    QUALIFY scale = max(scale) OVER ()
"""


def trainings(reader: Reader) -> pd.DataFrame:
    """Each training with its final loss and test accuracy (0 to 1), median images/s of the device that it ran on, and hours there."""
    return reader.df(f"""
        SELECT t.run_id, t.depth, t.gpu_type, t.scale::VARCHAR AS scale, t.provenance::VARCHAR AS provenance, t.device, t.seed, t.contributor,
               count(*) AS epochs, arg_max(train_loss, epoch) AS final_loss, arg_max(test_accuracy, epoch) AS final_accuracy,
               max(test_accuracy) AS best_accuracy, median(images_per_s) AS images_per_s, sum(e.seconds) / 3600 AS hours
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
        """
        WITH newest AS (
            SELECT run_id FROM runs WHERE problem = 'optimus' AND job = 'fit' ORDER BY scale DESC, started_at DESC LIMIT 1
        )
        SELECT t.depth, t.gpu_type, segment, beta0, beta0_low, beta0_high, beta1, beta1_low, beta1_high, beta2, beta2_low, beta2_high,
               rmse, points, identified, unit, first_step, end_step, method, source_run
        FROM loss_models AS m JOIN newest USING (run_id) JOIN runs AS t ON t.run_id = m.source_run
        WHERE normalised = ? AND outliers_replaced = ? ORDER BY t.depth, t.gpu_type, segment
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
    return reader.df("""
        WITH newest AS (
            SELECT run_id FROM runs WHERE problem = 'optimus' AND job = 'fit' ORDER BY scale DESC, started_at DESC LIMIT 1
        )
        SELECT 'ResNet-' || t.depth AS network, t.gpu_type, method, epoch, progress_percent, forecast_epochs, real_epochs,
               100 * (forecast_epochs / real_epochs - 1) AS error_percent
        FROM forecasts AS f JOIN newest USING (run_id) JOIN runs AS t ON t.run_id = f.source_run
        ORDER BY t.depth, t.gpu_type, method, epoch
    """)
