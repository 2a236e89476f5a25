"""The teacher's rankings within a class: correct labels by rank, hardness and diversity of the first K (2.3d)."""

import pandas as pd

from compute.core.supervision import middle
from store.reader import Reader
from store.supervision.evaluated import EVALUATED
from store.supervision.selection import TEACHERS, class_names

RANK_BINS = 40


def precision_by_rank(reader: Reader, bins: int = RANK_BINS) -> pd.DataFrame:
    """Share of correct labels in percent by P and bin of neighbouring ranks, `rank` being the mean rank of a bin.

    There are about `bins` bins.
    Each seed's share is the mean over the classes that have images there, of which there are fewer towards
    the end of the ranking (`classes`, the fewest of any seed); mean and range over the seeds.
    """
    return reader.df(
        f"""
        WITH entries AS (
            SELECT run_id, p, class_id, rank, class_id = true_id AS correct,
                   floor((rank - 1) * $bins / max(rank) OVER ()) AS bin
            FROM selected JOIN ({TEACHERS}) USING (run_id)
        ), classes AS (
            SELECT run_id, p, class_id, bin, avg(rank) AS rank, 100 * avg(correct::INTEGER) AS percent
            FROM entries GROUP BY ALL
        ), seeds AS (
            SELECT run_id, p, bin, avg(rank) AS rank, avg(percent) AS percent, count(*) AS classes
            FROM classes GROUP BY ALL
        )
        SELECT p, avg(rank) AS rank, avg(percent) AS precision_percent, min(percent) AS low, max(percent) AS high,
               min(classes)::INTEGER AS classes, count(*)::INTEGER AS seeds
        FROM seeds GROUP BY p, bin ORDER BY p, rank
        """,
        {"bins": bins},
    )


def ends_of_ranking(reader: Reader) -> pd.DataFrame:
    """The first and the last row of `precision_by_rank`, with the middle P, in which every class still has images.

    The column `end` is `first` or `last`. Empty without a selection.
    """
    rows = precision_by_rank(reader)
    if rows.empty:
        return rows.assign(end=None)
    middle_p = middle(sorted(rows["p"].unique()))
    complete = rows[(rows["p"] == middle_p) & (rows["classes"] == len(class_names(reader)))]
    return complete.iloc[[0, -1] if len(complete) else []].assign(end=["first", "last"] if len(complete) else [])


def hardness_and_spread(reader: Reader) -> pd.DataFrame:
    """How hard and how different the selected images are by K and P: one row each, means over seeds.

    `hardness` is the cross-entropy at the true label of the same seed's other network, which had no part in
    the selection, `own_hardness` that of the teacher itself; `feature_spread` the root mean square distance of
    the correctly labelled images' features from their class's mean.
    """
    # sums by rank come first: joined row by row, each label once for every K, the query takes three times the memory
    return reader.df(f"""
        WITH others AS (
            SELECT e.seed, u.image, u.loss FROM unlabelled_losses AS u JOIN ({EVALUATED}) AS e USING (run_id)
            WHERE e.job = 'teacher' AND run_id NOT IN (SELECT run_id FROM ({TEACHERS}))
        ), ranks AS (
            SELECT run_id, s.p, s.rank, sum(o.loss) AS other, count(o.loss) AS others, sum(u.loss) AS own,
                   count(*) AS labels
            FROM selected AS s JOIN ({TEACHERS}) AS t USING (run_id) JOIN unlabelled_losses AS u USING (run_id, image)
            LEFT JOIN others AS o ON (o.seed, o.image) = (t.seed, s.image) GROUP BY ALL
        ), losses AS (
            SELECT run_id, t.k, r.p, sum(other) / sum(others) AS hardness, sum(own) / sum(labels) AS own_hardness
            FROM ranks AS r JOIN (SELECT run_id, unnest(ks) AS k FROM ({TEACHERS})) AS t USING (run_id)
            WHERE r.rank <= t.k GROUP BY ALL
        )
        SELECT k, p, avg(hardness) AS hardness, avg(own_hardness) AS own_hardness, avg(spread) AS feature_spread
        FROM losses JOIN selection_spread USING (run_id, k, p) GROUP BY k, p ORDER BY k, p
    """)
