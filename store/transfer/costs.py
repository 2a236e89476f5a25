"""Seconds of an epoch by approach, and the approaches' accuracies and costs compared in pairs."""

import pandas as pd

from store.concurrency import device_images_per_s, own_seconds
from store.reader import Reader
from store.transfer.evaluated import EVALUATED, by_size

# median seconds and images/s of an epoch by what it contains, device and threads
EPOCH_SECONDS = f"""
    WITH evaluated AS (SELECT * FROM ({EVALUATED}) WHERE dataset = $dataset AND px = $px),
    parts AS (
        SELECT job AS what, device, threads, precision, {own_seconds("e.seconds", "concurrency")} AS epoch_s,
               {device_images_per_s("e.images_per_s", "concurrency")} AS images_per_s
        FROM evaluated JOIN epochs AS e USING (run_id) WHERE job <> 'adabn'
        UNION ALL SELECT 'forward', device, threads, precision, augmentations_s / augmentations, NULL
        FROM evaluated WHERE job = 'extract' AND augmentations_s > 0
        UNION ALL SELECT 'whole', device, threads, precision, seconds / epochs, NULL
        FROM evaluated WHERE job = 'extract' AND augmentations_s > 0
    )
    SELECT what, device, threads, string_agg(DISTINCT precision, ', ' ORDER BY precision) AS precision,
           median(epoch_s) AS epoch_s, median(images_per_s) AS images_per_s
    FROM parts GROUP BY what, device, threads
"""


def epoch_seconds(reader: Reader, dataset: str, px: int) -> pd.DataFrame:
    """Median seconds and images/s of an epoch by `what` it contains, device and threads, from the slowest.

    `precision` lists those of the runs. `what` is an approach, where that of a last layer (`extract`) is its share
    of all that were trained together, on features computed before; `forward`, one pass of the training images
    through the frozen network; or `whole`, the epoch of a last layer with its part of computing the features (its
    run's seconds over its epochs).
    """
    return reader.df(f"{EPOCH_SECONDS} ORDER BY epoch_s DESC", {"dataset": dataset, "px": px})


def comparable_epochs(reader: Reader, dataset: str, px: int) -> pd.DataFrame:
    """The rows of `epoch_seconds` on the device and with the threads of the last layers, of several such the slowest's.

    `speedup` is how many times as long an epoch of fine-tuning takes; NULL where that was not timed there.
    """
    return reader.df(
        f"""
        WITH timed AS ({EPOCH_SECONDS}),
        own AS (SELECT device, threads FROM timed WHERE what = 'extract' ORDER BY epoch_s DESC LIMIT 1),
        same AS (
            SELECT timed.* FROM timed
            JOIN own ON timed.device = own.device AND timed.threads IS NOT DISTINCT FROM own.threads
        )
        SELECT *, (SELECT epoch_s FROM same WHERE what = 'finetune') / epoch_s AS speedup
        FROM same ORDER BY epoch_s DESC
        """,
        {"dataset": dataset, "px": px},
    )


def compared(reader: Reader, dataset: str) -> pd.DataFrame:
    """Each approach (job, px) beside each other (other_job, other_px), both at their chosen rates.

    `test_points` is the difference of the test accuracies in percentage points, `separate` whether their 95 %
    intervals do not overlap; `seconds_ratio` and `flops_ratio` are the first one's cost over the other's,
    `flops_percent` the latter in percent.
    """
    names = {
        "job": "job",
        "px": "px",
        "test_percent": "test",
        "low": "low",
        "high": "high",
        "seconds": "seconds",
        "flops": "flops",
    }
    rows = by_size(reader, dataset)[list(names)].rename(columns=names)
    pairs = rows.merge(rows.add_prefix("other_"), how="cross")
    return pairs[["job", "px", "other_job", "other_px"]].assign(
        test_points=pairs["test"] - pairs["other_test"],
        separate=(pairs["low"] > pairs["other_high"]) | (pairs["other_low"] > pairs["high"]),
        seconds_ratio=pairs["seconds"] / pairs["other_seconds"],
        flops_ratio=pairs["flops"] / pairs["other_flops"],
        flops_percent=100 * pairs["flops"] / pairs["other_flops"],
    )
