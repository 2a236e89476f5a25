"""What networks reach that were pretrained on wrong labels or on a long tail (2.2a, 2.2b)."""

import pandas as pd

from compute.core.supervision import SAMPLINGS
from store.reader import Reader
from store.supervision.evaluated import EVALUATED, EXPONENT, mean_and_sd, over_seeds

EXTREME_CLASSES = 3  # that the head and the tail of a long-tailed source hold
PARTS = ("head", "middle", "tail", "all")  # of the classes, in the order in which they are shown


def label_noise(reader: Reader) -> pd.DataFrame:
    """Accuracy by share of wrong labels and stage (`direct`, `linear`, `untrained`), means over the seeds.

    `source_images` is the number of images that a network was pretrained on; `lost` is the difference to the
    same seed's network on clean labels, in percentage points.
    """
    return reader.df(f"""
        WITH networks AS (
            SELECT noise_percent, stage, seed, percent, source_images FROM ({EVALUATED}) WHERE job = 'noise'
        )
        SELECT n.noise_percent, n.stage, max(n.source_images) AS source_images, {over_seeds("n.percent")},
               {mean_and_sd("clean.percent - n.percent", "lost")}
        FROM networks AS n
        LEFT JOIN networks AS clean ON (clean.stage, clean.seed, clean.noise_percent) = (n.stage, n.seed, 0)
        GROUP BY n.stage, n.noise_percent ORDER BY n.stage, n.noise_percent
    """)


def resampling(reader: Reader) -> pd.DataFrame:
    """Accuracy by sampling, stage and part of the classes: one row each, means over the seeds.

    The part `head` is the EXTREME_CLASSES commonest classes, `tail` as many of the rarest, `middle` the
    others, `all` every class. Accuracies are means over classes, so that each class counts alike; `images` is
    the mean number of images of a class of the part in the source. `change` is the difference to the same
    seed's natural sampling, in percentage points.
    """
    return reader.df(
        f"""
        WITH sizes AS (
            SELECT run_id, unnest(class_sizes) AS images, generate_subscripts(class_sizes, 1) - 1 AS class_id FROM (
                SELECT DISTINCT run_id, class_sizes FROM ({EVALUATED}) WHERE job = 'resampling' AND zipf = ({EXPONENT})
            )
        ), ranked AS (
            SELECT *, row_number() OVER (PARTITION BY run_id ORDER BY images DESC, class_id) AS rank,
                   count(*) OVER (PARTITION BY run_id) AS classes FROM sizes
        ), parts AS (
            SELECT *, CASE WHEN rank <= $extreme THEN 'head' WHEN rank > classes - $extreme THEN 'tail'
                      ELSE 'middle' END AS part FROM ranked
            UNION ALL SELECT *, 'all' FROM ranked
        ), networks AS (
            SELECT e.run_id, e.seed, e.sampling, e.stage, part, avg(100 * a.correct / a.images) AS percent,
                   avg(p.images) AS images
            FROM ({EVALUATED}) AS e JOIN class_accuracy AS a ON (a.run_id, a.stage) = (e.run_id, e.stage)
            JOIN parts AS p ON (p.run_id, p.class_id) = (e.run_id, a.class_id)
            WHERE e.job = 'resampling' GROUP BY ALL
        )
        SELECT n.sampling, n.stage, n.part, {over_seeds("n.percent")},
               {mean_and_sd("n.percent - base.percent", "change")}, avg(n.images) AS images
        FROM networks AS n
        LEFT JOIN networks AS base
            ON (base.seed, base.stage, base.part, base.sampling) = (n.seed, n.stage, n.part, 'natural')
        GROUP BY n.sampling, n.stage, n.part
        ORDER BY n.stage, list_position($parts, n.part), list_position($samplings, n.sampling)
        """,
        {"extreme": EXTREME_CLASSES, "parts": list(PARTS), "samplings": list(SAMPLINGS)},
    )
