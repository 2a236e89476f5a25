"""What a teacher selects by K and P, from the pool as it is and from a long-tailed part of it (2.3b, 2.3c)."""

import pandas as pd

from store.reader import Reader
from store.supervision.evaluated import EVALUATED

# the selections of the deepest teacher, one row a seed
TEACHERS = f"""
    SELECT run_id, seed, config, classes, ks, ps FROM ({EVALUATED})
    WHERE job = 'teacher' QUALIFY depth = max(depth) OVER ()
"""


def class_names(reader: Reader) -> list[str]:
    """The names of the classes that the teachers know; none without a teacher."""
    row = reader.one(f"SELECT classes FROM ({TEACHERS}) LIMIT 1")
    return list(row[0] or []) if row else []


def unlabelled_pool(reader: Reader) -> pd.DataFrame:
    """The images without labels that the teachers select from, in one row: seeds, images_per_class (mean over classes).

    For a K above `images_per_class` wrong labels are certain. Empty without a teacher.
    """
    return reader.df(f"""
        SELECT count(*)::INTEGER AS seeds, avg(s.images / len(classes)) AS images_per_class
        FROM ({TEACHERS}) JOIN scores AS s USING (run_id) WHERE s.split = 'train' HAVING count(*) > 0
    """)


def images_per_class(reader: Reader) -> float | None:
    """`images_per_class` of `unlabelled_pool`; None without a teacher."""
    return next(iter(unlabelled_pool(reader)["images_per_class"]), None)


def long_tailed_selection(reader: Reader) -> pd.DataFrame:
    """What the teacher selects from a long-tailed pool (Zipf-distributed classes) by K and P, means over seeds.

    `rarest_found_percent` of the rarest class's images get its label, `rarest_precision_percent` of the
    images that get it show it.
    """
    return reader.df(f"""
        SELECT k, p, avg(labels) AS labels, avg(100 * correct / labels) AS precision_percent,
               avg(rarest_images) AS rarest_images, avg(rarest_labels) AS rarest_labels,
               avg(rarest_correct) AS rarest_correct,
               avg(100 * rarest_correct / rarest_images) AS rarest_found_percent,
               avg(100 * rarest_correct / nullif(rarest_labels, 0)) AS rarest_precision_percent
        FROM long_tailed JOIN ({TEACHERS}) USING (run_id) GROUP BY k, p ORDER BY k, p
    """)


def selected_sets(reader: Reader) -> pd.DataFrame:
    """For each K and P (means over seeds): labels, different images, those with two labels or more, share of correct
    labels in percent.

    `precision_low` and `precision_high` are the least and the most over the seeds, `twice_sd` the
    standard deviation of `twice_percent`. `least` and `most` are the labels of the class with the fewest
    and the most, `true_least` and `true_most` the same by what the images really show; `differ` the
    labels that are given by this P or by the middle one, and not by both.
    """
    return reader.df(f"""
        WITH settings AS (
            SELECT run_id, unnest((config->'ks')::INTEGER[]) AS k FROM ({TEACHERS})
        ), whole AS (
            SELECT run_id, p, class_id, image, rank, true_id FROM selected WHERE run_id IN (SELECT run_id FROM settings)
        ), labels AS (
            SELECT t.run_id, t.k, s.p, s.class_id, count(*) FILTER (s.rank <= t.k) AS given,
                   count(*) FILTER (s.rank <= t.k AND s.class_id = s.true_id) AS correct
            FROM whole AS s JOIN settings AS t USING (run_id) GROUP BY ALL
        ), shown AS (
            SELECT t.run_id, t.k, s.p, s.true_id AS class_id, count(*) FILTER (s.rank <= t.k) AS labels FROM whole AS s
            JOIN settings AS t USING (run_id) GROUP BY ALL
        ), firsts AS (
            -- the two smallest ranks of an image say from which K on it is selected, and from which on twice
            SELECT run_id, p, image, min(rank) AS first, min(rank, 2)[2] AS second FROM whole GROUP BY ALL
        ), images AS (
            SELECT t.run_id, t.k, f.p, count(*) FILTER (first <= k) AS images, count(*) FILTER (second <= k) AS twice
            FROM firsts AS f JOIN settings AS t USING (run_id) GROUP BY ALL
        ), middles AS (
            SELECT run_id, list_extract((config->'ps')::INTEGER[], len((config->'ps')::INTEGER[]) // 2 + 1) AS p
            FROM ({TEACHERS})
        ), common AS (
            SELECT s.run_id, s.p, greatest(s.rank, m.rank) AS rank FROM whole AS s JOIN (SELECT w.* FROM whole AS w
            JOIN middles USING (run_id, p)) AS m USING (run_id, class_id, image)
        ), shared AS (
            SELECT t.run_id, t.k, b.p, count(*) FILTER (rank <= k) AS shared FROM common AS b
            JOIN settings AS t USING (run_id) GROUP BY ALL
        ), every AS (
            -- a class that finds no image at all counts as 0
            SELECT m.run_id, m.k, m.p, c.class_id, coalesce(g.given, 0) AS given, coalesce(g.correct, 0) AS correct,
                   coalesce(s.labels, 0) AS shown
            FROM (SELECT DISTINCT run_id, k, p FROM labels) AS m
            JOIN (SELECT run_id, unnest(range(len((config->'classes')::VARCHAR[]))) AS class_id
            FROM ({TEACHERS})) AS c USING (run_id)
            LEFT JOIN labels AS g USING (run_id, k, p, class_id) LEFT JOIN shown AS s USING (run_id, k, p, class_id)
        ), sets AS (
            SELECT run_id, k, p, sum(given) AS labels, 100 * sum(correct) / sum(given) AS precision_percent,
                   min(given) AS least, max(given) AS most,
                   min(shown) AS true_least, max(shown) AS true_most FROM every GROUP BY ALL
        )
        SELECT s.k, s.p, count(*)::INTEGER AS seeds, avg(s.labels) AS labels, avg(images) AS images,
               avg(twice) AS twice, 100 * avg(twice / images) AS twice_percent,
               100 * stddev_samp(twice / images) AS twice_sd, avg(s.precision_percent) AS precision_percent,
                   min(s.precision_percent) AS precision_low,
               max(s.precision_percent) AS precision_high, avg(s.least) AS least, avg(s.most) AS most,
                   avg(s.true_least) AS true_least, avg(s.true_most) AS true_most,
               avg(s.labels + o.labels - 2 * coalesce(shared, 0)) AS differ
        FROM sets AS s JOIN images USING (run_id, k, p) LEFT JOIN shared USING (run_id, k, p)
        JOIN middles AS m ON m.run_id = s.run_id
        JOIN sets AS o ON (o.run_id, o.k, o.p) = (s.run_id, s.k, m.p) GROUP BY s.k, s.p ORDER BY s.k, s.p
    """)
