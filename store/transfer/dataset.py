"""The target data set: how many images of which class, in which split, and what they look like."""

import pandas as pd

from store.reader import Reader
from store.transfer.evaluated import RUNS

# the description of each data set at the smallest image size, of several the newest
DESCRIBED = f"""
    SELECT run_id, dataset, px FROM ({RUNS}) WHERE job = 'dataset'
    QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY px, started_at DESC) = 1
"""

# images of a class in a split, over the described data sets
COUNTS = f"""
    SELECT d.run_id, d.dataset, d.px, class_id, class_name, split, images,
           sum(images) OVER (PARTITION BY d.dataset, class_id)::INTEGER AS total, base_class
    FROM class_counts JOIN ({DESCRIBED}) AS d USING (run_id)
"""

SPLITS = ("train", "val", "test")


def datasets(reader: Reader) -> pd.DataFrame:
    """Each described data set: images and classes in all, pixels of a side, its smallest and largest class.

    `base_classes` counts the classes that are ImageNet's as well, or kinds of one by their name;
    `base_class_names` lists them.
    """
    return reader.df(f"""
        SELECT dataset, run_id, px, sum(images)::INTEGER AS images, count(DISTINCT class_id)::INTEGER AS classes,
               first(class_name ORDER BY total, class_id) AS smallest_class,
               first(class_name ORDER BY total DESC, class_id) AS largest_class,
               count(DISTINCT class_id) FILTER (base_class IS NOT NULL)::INTEGER AS base_classes,
               string_agg(class_name, ', ' ORDER BY class_id)
                   FILTER (base_class IS NOT NULL AND split = 'train') AS base_class_names
        FROM ({COUNTS}) GROUP BY dataset, run_id, px ORDER BY dataset
    """)


def balance(reader: Reader, dataset: str) -> pd.DataFrame:
    """For each split and for `all` of them: images, classes, least, median and most images of a class, and their ratio.

    `imbalance` is most ÷ least.
    """
    return reader.df(
        f"""
        WITH counted AS (SELECT * FROM ({COUNTS}) WHERE dataset = ?),
             by_split AS (SELECT split, class_id, images FROM counted
                          UNION ALL SELECT 'all', class_id, sum(images) FROM counted GROUP BY class_id)
        SELECT split, sum(images)::INTEGER AS images, count(*)::INTEGER AS classes, min(images)::INTEGER AS least,
               median(images) AS median, max(images)::INTEGER AS most, max(images) / nullif(min(images), 0) AS imbalance
        FROM by_split GROUP BY split ORDER BY list_position({[*SPLITS, "all"]}, split)
        """,
        [dataset],
    )


def classes(reader: Reader, dataset: str) -> pd.DataFrame:
    """One row a class and split: class_id, class_name, split, images, `total` in all splits, base_class."""
    return reader.df(
        f"""
        SELECT class_id, class_name, split, images, total, base_class FROM ({COUNTS}) WHERE dataset = ?
        ORDER BY class_id, list_position({list(SPLITS)}, split)
        """,
        [dataset],
    )


def samples(reader: Reader, dataset: str, class_ids: list[int], most: int) -> pd.DataFrame:
    """Up to `most` sample images of each class, as PNG files: class_id, class_name, nth, image."""
    return reader.df(
        f"""
        SELECT s.class_id, s.class_name, s.nth, s.image FROM samples AS s JOIN ({DESCRIBED}) USING (run_id)
        WHERE s.dataset = ? AND list_contains(?, s.class_id) AND s.nth < ? ORDER BY s.class_id, s.nth
        """,
        [dataset, class_ids, most],
    )
