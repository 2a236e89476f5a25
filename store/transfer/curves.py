"""Loss and accuracy by epoch of the evaluated runs, and what happens at the learning rate's milestones."""

import pandas as pd

from store.reader import Reader
from store.transfer.evaluated import EVALUATED

# every epoch of every evaluated run, counted from 1; `decayed` marks the first epoch after the rate fell
EPOCHS = f"""
    SELECT j.run_id, j.dataset, j.px, j.job, j.lr, epoch + 1 AS epoch, step, e.lr AS epoch_lr,
           e.lr < lag(e.lr) OVER (PARTITION BY run_id ORDER BY epoch) AS decayed,
           train_loss, 100 * train_accuracy AS train_percent, 100 * val_accuracy AS val_percent
    FROM ({EVALUATED}) AS j JOIN epochs AS e USING (run_id)
"""

# the same as means over the seeds of a rate
CURVES = f"""
    SELECT dataset, px, job, lr, epoch, count(*)::INTEGER AS seeds, min(step) AS step, avg(epoch_lr) AS epoch_lr,
           bool_or(decayed) AS decayed,
           avg(train_loss) AS train_loss, min(train_loss) AS train_loss_low, max(train_loss) AS train_loss_high,
           avg(train_percent) AS train_percent, min(train_percent) AS train_low, max(train_percent) AS train_high,
           avg(val_percent) AS val_percent, min(val_percent) AS val_low, max(val_percent) AS val_high
    FROM ({EPOCHS}) GROUP BY dataset, px, job, lr, epoch
"""


def curves(reader: Reader, dataset: str, px: int, job: str) -> pd.DataFrame:
    """By rate and epoch (from 1) the training loss and the accuracies in percent, as means over the seeds.

    `…_low` and `…_high` are the least and the most. `val_percent` is NULL in epochs without an evaluation;
    `rate` is `lr` as text.
    """
    return reader.df(
        f"""
        SELECT format('{{:g}}', lr) AS rate, * EXCLUDE (dataset, px, job, step, decayed)
        FROM ({CURVES}) WHERE dataset = ? AND px = ? AND job = ? ORDER BY lr DESC, epoch
        """,
        [dataset, px, job],
    )


def milestones(reader: Reader, dataset: str, px: int, job: str) -> pd.DataFrame:
    """The epochs (from 1) after which the learning rate falls: epoch."""
    return reader.df(
        f"""
        SELECT DISTINCT (epoch - 1)::DOUBLE AS epoch FROM ({CURVES})
        WHERE dataset = ? AND px = ? AND job = ? AND decayed ORDER BY epoch
        """,
        [dataset, px, job],
    )


def curve_summary(reader: Reader, dataset: str, px: int) -> pd.DataFrame:
    """One row an approach and rate: the training loss in the first epoch, its largest, and in the last epoch.

    `milestone_loss` is that of the epoch before the first milestone; `milestone_epoch` and `milestone_step` are the
    epochs and steps until then, `epoch_steps` the steps of an epoch. `last_train_percent` and `last_val_percent`
    are the last epoch's accuracies, `early_val_percent` the validation accuracy after `early_epoch`, the first
    epoch after which fine-tuning is evaluated. All are means over the seeds.
    """
    return reader.df(
        f"""
        WITH marked AS (
            SELECT *, min(epoch) FILTER (decayed) OVER (PARTITION BY job, lr) - 1 AS milestone,
                   min(epoch) FILTER (job = 'finetune' AND val_percent IS NOT NULL) OVER () AS early
            FROM ({CURVES}) WHERE dataset = ? AND px = ?
        )
        SELECT job, lr, arg_min(train_loss, epoch) AS first_loss, max(train_loss) AS largest_loss,
               max(train_loss) FILTER (epoch = milestone) AS milestone_loss, arg_max(train_loss, epoch) AS last_loss,
               arg_max(train_percent, epoch) AS last_train_percent, arg_max(val_percent, epoch) AS last_val_percent,
               any_value(milestone)::INTEGER AS milestone_epoch,
               max(step) FILTER (epoch = milestone) AS milestone_step, min(step) AS epoch_steps,
               any_value(early)::INTEGER AS early_epoch, max(val_percent) FILTER (epoch = early) AS early_val_percent
        FROM marked GROUP BY job, lr ORDER BY job, lr DESC
        """,
        [dataset, px],
    )
