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
    """For each P: share of correct labels in percent among neighbouring ranks, rank at the middle of each of about `bins` bins.

    Means over the classes that have images there, of which there are fewer towards the end of the ranking
    (`classes`, mean over seeds).
    """
    return reader.df(
        f"""
        WITH mine AS (
            SELECT run_id, p, class_id, rank, class_id = true_id AS correct, floor((rank - 1) * $bins / max(rank) OVER ()) AS bin FROM selected JOIN ({TEACHERS}) USING (run_id)
        ), each AS (
            SELECT run_id, p, class_id, bin, avg(rank) AS rank, 100 * avg(correct::INTEGER) AS percent, count(*) AS labels FROM mine GROUP BY ALL
        )
        SELECT p, avg(rank) AS rank, avg(percent) AS precision_percent, count(*) / count(DISTINCT run_id) AS classes, sum(labels)::INTEGER AS labels
        FROM each GROUP BY p, bin ORDER BY p, rank
        """,
        {"bins": bins},
    )


def character(reader: Reader) -> pd.DataFrame:
    """For each K and P (means over seeds): how hard and how different the images of the set are.

    `hardness` is the cross-entropy at the true label of the same seed's other network, which had no part in
    the selection, `own_hardness` that of the teacher itself; `spread` the root mean square distance of
    features from their class's mean.
    """
    return reader.df(f"""
        WITH settings AS (
            SELECT run_id, seed, unnest((config->'ks')::INTEGER[]) AS k FROM ({TEACHERS})
        ), others AS (
            SELECT seed, image, loss FROM unlabelled JOIN ({experiments.JUDGED}) AS j USING (run_id) WHERE j.job = 'teacher' AND run_id NOT IN (SELECT run_id FROM ({TEACHERS}))
        ), losses AS (
            SELECT t.run_id, t.k, s.p, avg(o.loss) AS hardness, avg(u.loss) AS own_hardness
            FROM selected AS s JOIN settings AS t ON t.run_id = s.run_id AND s.rank <= t.k JOIN unlabelled AS u ON (u.run_id, u.image) = (s.run_id, s.image)
            LEFT JOIN others AS o ON (o.seed, o.image) = (t.seed, s.image) GROUP BY ALL
        )
        SELECT k, p, avg(hardness) AS hardness, avg(own_hardness) AS own_hardness, avg(spread) AS spread
        FROM losses JOIN selection_spread USING (run_id, k, p) GROUP BY k, p ORDER BY k, p
    """)


def thinned(reader: Reader) -> pd.DataFrame:
    """For each K and P (means over seeds): what the teacher selects from a Zipf-distributed pool; `rarest_found_percent` of the rarest class's images carry its label."""
    return reader.df(f"""
        SELECT k, p, avg(labels) AS labels, avg(100 * correct / labels) AS precision_percent, avg(rarest_images) AS rarest_images, avg(rarest_labels) AS rarest_labels,
               avg(rarest_correct) AS rarest_correct, avg(100 * rarest_correct / rarest_images) AS rarest_found_percent
        FROM thinned JOIN ({TEACHERS}) USING (run_id) GROUP BY k, p ORDER BY k, p
    """)


def by_k(reader: Reader) -> pd.DataFrame:
    """For each K and P (means over seeds): labels, different images, those with two labels or more, share of correct labels in percent.

    `least` and `most` are the labels of the class with the fewest and the most, `true_least` and
    `true_most` the same by what the images really show; `differ` the labels that the teacher's middle P
    does not give.
    """
    return reader.df(f"""
        WITH settings AS (
            SELECT run_id, unnest((config->'ks')::INTEGER[]) AS k, list_extract((config->'ps')::INTEGER[], len((config->'ps')::INTEGER[]) // 2 + 1) AS middle FROM ({TEACHERS})
        ), mine AS (
            SELECT s.run_id, t.k, s.p, t.middle, s.class_id, s.image, s.true_id FROM selected AS s JOIN settings AS t ON t.run_id = s.run_id AND s.rank <= t.k
        ), others AS (
            SELECT m.run_id, m.k, m.p, count(*) FILTER (r.image IS NULL) AS differ
            FROM mine AS m LEFT JOIN mine AS r ON (r.run_id, r.k, r.p, r.class_id, r.image) = (m.run_id, m.k, m.middle, m.class_id, m.image) GROUP BY ALL
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
               avg(least) AS least, avg(most) AS most, avg(true_least) AS true_least, avg(true_most) AS true_most, avg(differ) AS differ
        FROM labels JOIN images USING (run_id, k, p) JOIN others USING (run_id, k, p) JOIN classes USING (run_id, k, p) GROUP BY k, p ORDER BY k, p
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
