"""The target data set: how many images of which class, in which split, and what they look like."""

import pandas as pd

from store.reader import Reader

# the description of each data set at the smallest image size, the newest; images made in memory for tests are none
DESCRIBED = """
    SELECT run_id, dataset, config FROM runs WHERE problem = 'transfer' AND job = 'dataset' AND scale <> 'smoke'
    QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY (config->>'px')::INTEGER, started_at DESC) = 1
"""


def datasets(reader: Reader) -> pd.DataFrame:
    """Each described data set: images and classes in all, pixels of a side, and how many classes share a name with one of ImageNet."""
    return reader.df(f"""
        SELECT d.dataset, d.run_id, sum(images)::INTEGER AS images, count(DISTINCT class_id)::INTEGER AS classes, any_value(config->>'px')::INTEGER AS px,
               count(DISTINCT class_id) FILTER (base_class IS NOT NULL)::INTEGER AS base_classes
        FROM ({DESCRIBED}) AS d JOIN class_counts USING (run_id) GROUP BY d.dataset, d.run_id ORDER BY d.dataset
    """)


def balance(reader: Reader, dataset: str) -> pd.DataFrame:
    """For each split and for `all` of them: images, classes, least, median and most images of a class, and most ÷ least (the imbalance ratio)."""
    return reader.df(
        f"""
        WITH mine AS (SELECT c.* FROM class_counts AS c JOIN ({DESCRIBED}) USING (run_id) WHERE c.dataset = ?),
             every AS (SELECT split, class_id, images FROM mine UNION ALL SELECT 'all', class_id, sum(images) FROM mine GROUP BY class_id)
        SELECT split, sum(images)::INTEGER AS images, count(*)::INTEGER AS classes, min(images)::INTEGER AS least, median(images) AS median,
               max(images)::INTEGER AS most, max(images) / nullif(min(images), 0) AS imbalance
        FROM every GROUP BY split ORDER BY list_position(['train', 'val', 'test', 'all'], split)
        """,
        [dataset],
    )


def classes(reader: Reader, dataset: str) -> pd.DataFrame:
    """One row a class and split: class_id, class_name, split, images, its images in all splits (`total`), base_class."""
    return reader.df(
        f"""
        SELECT c.class_id, c.class_name, c.split, c.images, sum(c.images) OVER (PARTITION BY c.class_id)::INTEGER AS total, c.base_class
        FROM class_counts AS c JOIN ({DESCRIBED}) USING (run_id) WHERE c.dataset = ?
        ORDER BY c.class_id, list_position(['train', 'val', 'test'], c.split)
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
