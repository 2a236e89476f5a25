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

    Each seed's share is the mean over the classes that have images there, of which there are fewer towards
    the end of the ranking (`classes`, the fewest of any seed); mean, least and most over the seeds.
    """
    return reader.df(
        f"""
        WITH mine AS (
            SELECT run_id, p, class_id, rank, class_id = true_id AS correct, floor((rank - 1) * $bins / max(rank) OVER ()) AS bin FROM selected JOIN ({TEACHERS}) USING (run_id)
        ), each AS (
            SELECT run_id, p, class_id, bin, avg(rank) AS rank, 100 * avg(correct::INTEGER) AS percent FROM mine GROUP BY ALL
        ), seeds AS (
            SELECT run_id, p, bin, avg(rank) AS rank, avg(percent) AS percent, count(*) AS classes FROM each GROUP BY ALL
        )
        SELECT p, avg(rank) AS rank, avg(percent) AS precision_percent, min(percent) AS low, max(percent) AS high, min(classes)::INTEGER AS classes, count(*)::INTEGER AS seeds
        FROM seeds GROUP BY p, bin ORDER BY p, rank
        """,
        {"bins": bins},
    )


def ends_of_ranking(reader: Reader) -> pd.DataFrame:
    """The first and the last row of `precision_by_rank` in which every class still has images, with the middle P; empty without a selection."""
    rows = precision_by_rank(reader)
    if rows.empty:
        return rows
    ps = sorted(rows["p"].unique())
    mine = rows[(rows["p"] == ps[len(ps) // 2]) & (rows["classes"] == len(class_names(reader)))]
    return mine.iloc[[0, -1]] if len(mine) else mine


def images_of_a_class(reader: Reader) -> float | None:
    """Images of a class among those without labels, on average; a K above it cannot be filled with correct labels. None without a teacher."""
    row = reader.one(f"SELECT avg(s.images / len((config->'classes')::VARCHAR[])) FROM ({TEACHERS}) JOIN scores AS s USING (run_id) WHERE s.split = 'train'")
    return row[0] if row else None


def character(reader: Reader) -> pd.DataFrame:
    """For each K and P (means over seeds): how hard and how different the images of the set are.

    `hardness` is the cross-entropy at the true label of the same seed's other network, which had no part in
    the selection, `own_hardness` that of the teacher itself; `spread` the root mean square distance of
    the correctly labelled images' features from their class's mean.
    """
    # sums by rank come first: joined row by row, each label once for every K, the query takes three times the memory
    return reader.df(f"""
        WITH others AS (
            SELECT seed, image, loss FROM unlabelled JOIN ({experiments.JUDGED}) AS j USING (run_id)
            WHERE j.job = 'teacher' AND run_id NOT IN (SELECT run_id FROM ({TEACHERS}))
        ), ranks AS (
            SELECT run_id, s.p, s.rank, sum(o.loss) AS other, count(o.loss) AS others, sum(u.loss) AS own, count(*) AS labels
            FROM selected AS s JOIN ({TEACHERS}) AS t USING (run_id) JOIN unlabelled AS u USING (run_id, image)
            LEFT JOIN others AS o ON (o.seed, o.image) = (t.seed, s.image) GROUP BY ALL
        ), losses AS (
            SELECT run_id, t.k, r.p, sum(other) / sum(others) AS hardness, sum(own) / sum(labels) AS own_hardness
            FROM ranks AS r JOIN (SELECT run_id, unnest((config->'ks')::INTEGER[]) AS k FROM ({TEACHERS})) AS t USING (run_id)
            WHERE r.rank <= t.k GROUP BY ALL
        )
        SELECT k, p, avg(hardness) AS hardness, avg(own_hardness) AS own_hardness, avg(spread) AS spread
        FROM losses JOIN selection_spread USING (run_id, k, p) GROUP BY k, p ORDER BY k, p
    """)


def thinned(reader: Reader) -> pd.DataFrame:
    """For each K and P (means over seeds): what the teacher selects from a Zipf-distributed pool.

    `rarest_found_percent` of the rarest class's images get its label, `rarest_precision_percent` of the
    images that get it show it.
    """
    return reader.df(f"""
        SELECT k, p, avg(labels) AS labels, avg(100 * correct / labels) AS precision_percent, avg(rarest_images) AS rarest_images, avg(rarest_labels) AS rarest_labels,
               avg(rarest_correct) AS rarest_correct, avg(100 * rarest_correct / rarest_images) AS rarest_found_percent,
               avg(100 * rarest_correct / nullif(rarest_labels, 0)) AS rarest_precision_percent
        FROM thinned JOIN ({TEACHERS}) USING (run_id) GROUP BY k, p ORDER BY k, p
    """)


def by_k(reader: Reader) -> pd.DataFrame:
    """For each K and P (means over seeds): labels, different images, those with two labels or more, share of correct labels in percent.

    `precision_low` and `precision_high` are the least and the most over the seeds, `twice_spread` the
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
            SELECT t.run_id, t.k, s.p, s.class_id, count(*) FILTER (s.rank <= t.k) AS given, count(*) FILTER (s.rank <= t.k AND s.class_id = s.true_id) AS correct
            FROM whole AS s JOIN settings AS t USING (run_id) GROUP BY ALL
        ), shown AS (
            SELECT t.run_id, t.k, s.p, s.true_id AS class_id, count(*) FILTER (s.rank <= t.k) AS labels FROM whole AS s JOIN settings AS t USING (run_id) GROUP BY ALL
        ), firsts AS (
            -- the two smallest ranks of an image say from which K on it is selected, and from which on twice
            SELECT run_id, p, image, min(rank) AS first, min(rank, 2)[2] AS second FROM whole GROUP BY ALL
        ), images AS (
            SELECT t.run_id, t.k, f.p, count(*) FILTER (first <= k) AS images, count(*) FILTER (second <= k) AS twice FROM firsts AS f JOIN settings AS t USING (run_id) GROUP BY ALL
        ), middles AS (
            SELECT run_id, list_extract((config->'ps')::INTEGER[], len((config->'ps')::INTEGER[]) // 2 + 1) AS p FROM ({TEACHERS})
        ), common AS (
            SELECT s.run_id, s.p, greatest(s.rank, m.rank) AS rank FROM whole AS s JOIN (SELECT w.* FROM whole AS w JOIN middles USING (run_id, p)) AS m USING (run_id, class_id, image)
        ), shared AS (
            SELECT t.run_id, t.k, b.p, count(*) FILTER (rank <= k) AS shared FROM common AS b JOIN settings AS t USING (run_id) GROUP BY ALL
        ), every AS (
            -- a class that finds no image at all counts as 0
            SELECT m.run_id, m.k, m.p, c.class_id, coalesce(g.given, 0) AS given, coalesce(g.correct, 0) AS correct, coalesce(s.labels, 0) AS shown
            FROM (SELECT DISTINCT run_id, k, p FROM labels) AS m
            JOIN (SELECT run_id, unnest(range(len((config->'classes')::VARCHAR[]))) AS class_id FROM ({TEACHERS})) AS c USING (run_id)
            LEFT JOIN labels AS g USING (run_id, k, p, class_id) LEFT JOIN shown AS s USING (run_id, k, p, class_id)
        ), sets AS (
            SELECT run_id, k, p, sum(given) AS labels, 100 * sum(correct) / sum(given) AS precision_percent, min(given) AS least, max(given) AS most,
                   min(shown) AS true_least, max(shown) AS true_most FROM every GROUP BY ALL
        )
        SELECT s.k, s.p, count(*)::INTEGER AS seeds, avg(s.labels) AS labels, avg(images) AS images, avg(twice) AS twice, 100 * avg(twice / images) AS twice_percent,
               100 * stddev_samp(twice / images) AS twice_spread, avg(s.precision_percent) AS precision_percent, min(s.precision_percent) AS precision_low,
               max(s.precision_percent) AS precision_high, avg(s.least) AS least, avg(s.most) AS most, avg(s.true_least) AS true_least, avg(s.true_most) AS true_most,
               avg(s.labels + o.labels - 2 * coalesce(shared, 0)) AS differ
        FROM sets AS s JOIN images USING (run_id, k, p) LEFT JOIN shared USING (run_id, k, p) JOIN middles AS m ON m.run_id = s.run_id
        JOIN sets AS o ON (o.run_id, o.k, o.p) = (s.run_id, s.k, m.p) GROUP BY s.k, s.p ORDER BY s.k, s.p
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
    """Images that two classes or more took: image, classes (list, the best rank first), true_id, png."""
    return reader.df(
        f"""
        SELECT image, list(class_id ORDER BY rank) AS classes, any_value(true_id) AS true_id, any_value(png) AS png
        FROM selected JOIN ({TEACHERS}) USING (run_id) JOIN pictures USING (run_id, image) WHERE p = ? AND rank <= ?
        GROUP BY run_id, image HAVING count(*) > 1 ORDER BY min(rank), image LIMIT ?
        """,
        [p, k, most],
    )
