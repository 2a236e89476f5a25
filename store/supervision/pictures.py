"""Images that the teacher selects, as PNG files (2.3c)."""

import pandas as pd

from store.reader import Reader
from store.supervision.selection import TEACHERS

DOUBLE_PICTURES = 6  # that `double_pictures` holds at most


def ranked_pictures(reader: Reader, p: int, class_id: int) -> pd.DataFrame:
    """The images kept of one class's ranking, by rank: rank, score, true_id, correct, png."""
    return reader.df(
        f"""
        SELECT rank, score, true_id, class_id = true_id AS correct, png
        FROM selected JOIN ({TEACHERS}) USING (run_id) JOIN pictures USING (run_id, image)
        WHERE p = ? AND class_id = ? ORDER BY rank
        """,
        [p, class_id],
    )


def double_pictures(reader: Reader, k: int, p: int) -> pd.DataFrame:
    """Images among the first K of two classes or more: image, classes (list, the best rank first), true_id, png."""
    return reader.df(
        f"""
        SELECT image, list(class_id ORDER BY rank) AS classes, any_value(true_id) AS true_id, any_value(png) AS png
        FROM selected JOIN ({TEACHERS}) USING (run_id) JOIN pictures USING (run_id, image) WHERE p = ? AND rank <= ?
        GROUP BY run_id, image HAVING count(*) > 1 ORDER BY min(rank), image LIMIT ?
        """,
        [p, k, DOUBLE_PICTURES],
    )
