"""What a teacher selects: how often it is right, by rank and by K, how balanced, which images twice, and the images themselves."""

import pandas as pd

from store.reader import Reader
from store.supervision import experiments

# the selections of the deepest teacher, with every seed, at the scale that the other figures show
TEACHERS = f"""
    SELECT run_id, seed, config FROM ({experiments.JUDGED}) WHERE job = 'teacher' QUALIFY depth = max(depth) OVER ()
"""


def class_names(reader: Reader) -> list[str]:
    """The names of the classes that the teachers know; none without a teacher."""
    row = reader.one(f"SELECT (config->'classes')::VARCHAR[] FROM ({TEACHERS}) LIMIT 1")
    return list(row[0] or []) if row else []


def precision_by_rank(reader: Reader, bins: int = 40) -> pd.DataFrame:
    """For each P: share of correct labels in percent among neighbouring ranks (mean over classes and seeds), rank at the middle of each of about `bins` bins."""
    return reader.df(
        f"""
        WITH mine AS (
            SELECT p, rank, class_id = true_id AS correct, floor((rank - 1) * $bins / max(rank) OVER ()) AS bin FROM selected JOIN ({TEACHERS}) USING (run_id)
        )
        SELECT p, avg(rank) AS rank, 100 * avg(correct::INTEGER) AS precision_percent, count(*)::INTEGER AS labels FROM mine GROUP BY p, bin ORDER BY p, rank
        """,
        {"bins": bins},
    )


def by_k(reader: Reader) -> pd.DataFrame:
    """For each K and P (means over seeds): labels, different images, those with two labels or more, share of correct labels in percent.

    `least` and `most` are the labels of the class with the fewest and the most, `true_least` and
    `true_most` the same by what the images really show.
    """
    return reader.df(f"""
        WITH settings AS (
            SELECT run_id, unnest((config->'ks')::INTEGER[]) AS k FROM ({TEACHERS})
        ), mine AS (
            SELECT s.run_id, t.k, s.p, s.class_id, s.image, s.true_id FROM selected AS s JOIN settings AS t ON t.run_id = s.run_id AND s.rank <= t.k
        ), images AS (
            SELECT run_id, k, p, count(*) AS images, count(*) FILTER (times > 1) AS twice
            FROM (SELECT run_id, k, p, image, count(*) AS times FROM mine GROUP BY ALL) GROUP BY ALL
        ), every AS (
            -- a class that finds no image at all counts as 0
            SELECT m.run_id, m.k, m.p, c.class_id
            FROM (SELECT DISTINCT run_id, k, p FROM mine) AS m
            JOIN (SELECT run_id, unnest(range(len((config->'classes')::VARCHAR[]))) AS class_id FROM ({TEACHERS})) AS c USING (run_id)
        ), given AS (
            SELECT run_id, k, p, class_id, count(*) AS labels FROM mine GROUP BY ALL
        ), shown AS (
            SELECT run_id, k, p, true_id AS class_id, count(*) AS labels FROM mine GROUP BY ALL
        ), classes AS (
            SELECT e.run_id, e.k, e.p, min(coalesce(g.labels, 0)) AS least, max(coalesce(g.labels, 0)) AS most,
                   min(coalesce(s.labels, 0)) AS true_least, max(coalesce(s.labels, 0)) AS true_most
            FROM every AS e LEFT JOIN given AS g USING (run_id, k, p, class_id) LEFT JOIN shown AS s USING (run_id, k, p, class_id) GROUP BY ALL
        ), labels AS (
            SELECT run_id, k, p, count(*) AS labels, 100 * avg((class_id = true_id)::INTEGER) AS precision_percent FROM mine GROUP BY ALL
        )
        SELECT k, p, avg(labels) AS labels, avg(images) AS images, avg(twice) AS twice, 100 * avg(twice / images) AS twice_percent, avg(precision_percent) AS precision_percent,
               avg(least) AS least, avg(most) AS most, avg(true_least) AS true_least, avg(true_most) AS true_most
        FROM labels JOIN images USING (run_id, k, p) JOIN classes USING (run_id, k, p) GROUP BY k, p ORDER BY k, p
    """)


def ranked_pictures(reader: Reader, p: int, class_id: int) -> pd.DataFrame:
    """The images kept of one class's ranking, by rank: rank, score, true_id, correct, png."""
    return reader.df(
        f"""
        SELECT rank, score, true_id, class_id = true_id AS correct, png
        FROM selected JOIN ({TEACHERS}) USING (run_id) JOIN pictures USING (run_id, image) WHERE p = ? AND class_id = ? ORDER BY rank
        """,
        [p, class_id],
    )


def double_pictures(reader: Reader, k: int, p: int, most: int = 6) -> pd.DataFrame:
    """Images that two classes or more took: image, classes (list), ranks (list), true_id, png."""
    return reader.df(
        f"""
        SELECT image, list(class_id ORDER BY rank) AS classes, list(rank ORDER BY rank) AS ranks, any_value(true_id) AS true_id, any_value(png) AS png
        FROM selected JOIN ({TEACHERS}) USING (run_id) JOIN pictures USING (run_id, image) WHERE p = ? AND rank <= ?
        GROUP BY run_id, image HAVING count(*) > 1 ORDER BY min(rank), image LIMIT ?
        """,
        [p, k, most],
    )
