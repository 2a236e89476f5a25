"""Accuracy and cost of every evaluated run, and of every approach and learning rate over its seeds."""

import pandas as pd

from compute.core.training_flops import training_flops
from compute.core.vocabulary import APPROACHES
from store.complete import at_complete_scale
from store.concurrency import CONCURRENCY, device_images_per_s, own_seconds
from store.interval import half_width, wilson_high, wilson_low
from store.reader import Reader

# the place of a job's approach in the report's order
ORDER = f"list_position({list(APPROACHES)}, job)"

# the runs of Problem 1 with the keys of `config` that queries read; the smoke scale has images made in memory
RUNS = f"""
    SELECT run_id, job, dataset, lr, coalesce(seed, 0) AS seed, scale, device, weights, seconds AS wall_s, started_at,
           {CONCURRENCY} AS concurrency, (config->>'px')::INTEGER AS px, (config->>'epochs')::INTEGER AS epochs,
           (config->>'batch')::INTEGER AS batch, config->>'precision' AS precision,
           (config->>'threads')::INTEGER AS threads, (config->>'classes')::INTEGER AS classes,
           (config->>'train_images')::INTEGER AS train_images, (config->>'forward_flops')::DOUBLE AS forward_flops,
           (config->>'augmentations')::INTEGER AS augmentations,
           (config->>'augmentations_s')::DOUBLE AS augmentations_s,
           (config->>'heads_together')::INTEGER AS heads_together
    FROM runs WHERE problem = 'transfer' AND scale <> 'smoke'
"""

# what the FLOPs of a training follow from
FLOPS_INPUTS = ("job", "forward_flops", "train_images", "classes", "epochs", "batch", "augmentations")

# the evaluated runs of a data set and image size at one scale, with the base weights that most of its runs have,
# accuracies in percent; class_percent is the mean of the classes' accuracies, low and high Wilson's interval
EVALUATED = at_complete_scale(
    f"""
    SELECT r.* EXCLUDE (started_at, wall_s), {own_seconds("wall_s", "concurrency")} AS seconds, s.loss AS test_loss,
           100 * s.correct / s.images AS test_percent, 100 * v.correct / v.images AS val_percent,
           (SELECT avg(100 * a.correct / a.images) FROM class_accuracy AS a WHERE a.run_id = r.run_id) AS class_percent,
           100 * {wilson_low("s.correct", "s.images")} AS low, 100 * {wilson_high("s.correct", "s.images")} AS high
    FROM ({RUNS}) AS r
    JOIN scores AS s ON s.run_id = r.run_id AND s.split = 'test'
    JOIN scores AS v ON v.run_id = r.run_id AND v.split = 'val'
    QUALIFY weights IS NULL OR weights = mode(weights) OVER (PARTITION BY dataset, px)
    """,
    variant="job || coalesce(lr, 0)",
    within="(dataset, px)",
)

# one row a data set, image size, approach and rate; half and centre make its interval. From three seeds on the
# interval is for the choice of seeds as well: Student's t for their mean, added in quadrature
RATES = f"""
    SELECT dataset, px, job, lr, count(*)::INTEGER AS seeds, avg(val_percent) AS val_percent,
           avg(test_percent) AS test_percent, stddev_samp(test_percent) AS spread, avg(class_percent) AS class_percent,
           avg(test_loss) AS test_loss, avg(low + high) / 2 AS centre,
           sqrt(avg(high - low) ** 2 / 4
                + CASE WHEN count(*) >= 3 THEN ({half_width("test_percent")}) ** 2 ELSE 0 END) AS half,
           avg(seconds) AS seconds, any_value(threads) AS threads, any_value(precision) AS precision,
           any_value(heads_together) AS heads_together, any_value(scale)::VARCHAR AS scale,
           min_by(run_id, seed) AS run_id, string_agg(run_id, ' ' ORDER BY seed) AS run_ids,
           {", ".join(f"any_value({name}) AS {name}" for name in FLOPS_INPUTS if name != "job")},
           row_number() OVER (PARTITION BY dataset, px, job ORDER BY avg(val_percent) DESC, lr) = 1 AS chosen
    FROM ({EVALUATED}) GROUP BY dataset, px, job, lr
"""


def sizes(reader: Reader, jobs: list[str]) -> pd.DataFrame:
    """Data sets and image sizes for which every one of the `jobs` has run: dataset, px, runs."""
    return reader.df(
        f"""
        SELECT dataset, px, count(*)::INTEGER AS runs FROM ({EVALUATED}) GROUP BY ALL
        HAVING list_has_all(list(DISTINCT job), ?) ORDER BY dataset, px
        """,
        [jobs],
    )


def evaluated(reader: Reader, dataset: str, px: int) -> pd.DataFrame:
    """Every evaluated run: accuracies in percent with Wilson's 95 % interval of the test accuracy, seconds, FLOPs.

    `class_percent` is the mean of the classes' test accuracies; `images_per_s` the device's median over the epochs.
    """
    rows = reader.df(
        f"""
        SELECT *, (
            SELECT median({device_images_per_s("images_per_s", "j.concurrency")}) FROM epochs WHERE run_id = j.run_id
        ) AS images_per_s
        FROM ({EVALUATED}) AS j WHERE dataset = ? AND px = ? ORDER BY {ORDER}, lr DESC, seed
        """,
        [dataset, px],
    )
    rows = with_flops(rows)
    return rows.assign(percent_per_pflop=rows["test_percent"] / (rows["flops"] / 1e15))


def rates(reader: Reader, dataset: str, px: int) -> pd.DataFrame:
    """One row an approach and rate, means over the seeds; `chosen` marks the approach's best one on val.

    `spread` is the standard deviation of the test accuracy over seeds, `low` and `high` its 95 % interval:
    Wilson's, for the choice of test images, and from three seeds on together with that of their mean
    (Student's t), for the choice of seeds. `gap_to_best` is how far the test accuracy is below that of the
    approach's chosen rate.
    """
    every = _rates(reader, dataset)
    return every[every["px"] == px].reset_index(drop=True)


def by_size(reader: Reader, dataset: str) -> pd.DataFrame:
    """The chosen rows of `rates` at every image size, one an approach and px.

    `leads` marks the size's best one on val.
    """
    rows = _rates(reader, dataset).query("chosen").reset_index(drop=True)
    return rows.assign(leads=rows["val_percent"] == rows.groupby("px")["val_percent"].transform("max"))


def _rates(reader: Reader, dataset: str) -> pd.DataFrame:
    rows = reader.df(
        f"""
        SELECT * EXCLUDE (half, centre), centre - half AS low, centre + half AS high,
               max(test_percent) FILTER (chosen) OVER (PARTITION BY px, job) - test_percent AS gap_to_best
        FROM ({RATES}) WHERE dataset = ? ORDER BY px, {ORDER}, lr DESC
        """,
        [dataset],
    )
    return with_flops(rows)


def with_flops(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `flops`, those of one training by `compute/core/training_flops.py`."""
    inputs = rows[list(FLOPS_INPUTS)].astype(object)
    inputs = inputs.where(inputs.notna(), None).to_dict("records")
    return rows.assign(flops=[training_flops(**row) for row in inputs])


def origins(reader: Reader, dataset: str, px: int) -> pd.DataFrame:
    """One row: the base weights and the devices of the evaluated runs, each as a list in a text; none without runs."""
    return reader.df(
        f"""
        SELECT string_agg(DISTINCT weights, '; ' ORDER BY weights) AS weights,
               string_agg(DISTINCT device, ', ' ORDER BY device) AS devices
        FROM ({EVALUATED}) WHERE dataset = ? AND px = ? HAVING count(*) > 0
        """,
        [dataset, px],
    )
