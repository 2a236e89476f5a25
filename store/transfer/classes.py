"""Accuracy class by class of fine-tuning and of the last layer, and the classes that are confused."""

import pandas as pd

from store.reader import Reader
from store.transfer.dataset import DESCRIBED
from store.transfer.evaluated import EVALUATED, RATES

# test accuracy in percent of every class with the chosen rate of both approaches, as means over seeds
BY_CLASS = f"""
    WITH each AS (
        SELECT job, class_id, 100 * sum(a.correct) / sum(a.images) AS percent
        FROM ({EVALUATED}) AS e
        JOIN (SELECT dataset, px, job, lr FROM ({RATES}) WHERE chosen) AS best USING (dataset, px, job, lr)
        JOIN class_accuracy AS a USING (run_id)
        WHERE dataset = $dataset AND px = $px AND job IN ('finetune', 'extract') GROUP BY job, class_id
    ), counts AS (
        SELECT class_id, any_value(class_name) AS class_name, any_value(base_class) AS base_class,
               sum(images) FILTER (split = 'train')::INTEGER AS train_images,
               sum(images) FILTER (split = 'test')::INTEGER AS test_images, sum(images)::INTEGER AS images
        FROM class_counts JOIN ({DESCRIBED}) AS d USING (run_id) WHERE d.dataset = $dataset GROUP BY class_id
    )
    SELECT class_id, class_name, base_class, base_class IS NOT NULL AS in_imagenet, train_images, test_images, images,
           max(percent) FILTER (job = 'finetune') AS finetune_percent,
           max(percent) FILTER (job = 'extract') AS extract_percent, finetune_percent - extract_percent AS gain
    FROM each JOIN counts USING (class_id) GROUP BY ALL
"""


def by_class(reader: Reader, dataset: str, px: int) -> pd.DataFrame:
    """One row a class: test accuracy in percent of fine-tuning and of the last layer at their chosen rates.

    They are means over seeds; `gain` is their difference. With it the class's images, all of them and by split,
    and base_class.
    """
    return reader.df(f"{BY_CLASS} ORDER BY class_id", {"dataset": dataset, "px": px})


def class_summary(reader: Reader, dataset: str, px: int) -> pd.DataFrame:
    """One row: classes in which fine-tuning is better and worse, its mean gain in points, the class of the largest one.

    `rank_correlation` is Spearman's, of a class's accuracy after fine-tuning and its images in all splits.
    """
    return reader.df(
        f"""
        WITH each AS ({BY_CLASS}),
        ranked AS (
            SELECT *, {mean_rank("images")} AS images_rank, {mean_rank("finetune_percent")} AS accuracy_rank
            FROM each WHERE gain IS NOT NULL
        )
        SELECT count(*)::INTEGER AS classes, count(*) FILTER (gain > 0)::INTEGER AS better,
               count(*) FILTER (gain < 0)::INTEGER AS worse, avg(gain) AS mean_gain,
               first(class_name ORDER BY gain DESC, class_id) AS most_gained,
               first(extract_percent ORDER BY gain DESC, class_id) AS most_gained_extract_percent,
               first(finetune_percent ORDER BY gain DESC, class_id) AS most_gained_finetune_percent,
               corr(accuracy_rank, images_rank) AS rank_correlation
        FROM ranked HAVING count(*) > 0
        """,
        {"dataset": dataset, "px": px},
    )


def mean_rank(column: str) -> str:
    """SQL of the rank of a row by a column, less a constant; equal values have the mean of their ranks."""
    return f"(rank() OVER (ORDER BY {column}) + count(*) OVER (PARTITION BY {column}) / 2)"


def confusions(reader: Reader, run: str, most: int) -> pd.DataFrame:
    """The `most` most frequent confusions of a run: class and predicted class with their ids, and images.

    `percent` is of the class's test images.
    """
    return reader.df(
        f"""
        WITH names AS (
            SELECT class_id, class_name FROM class_counts JOIN ({DESCRIBED}) AS d USING (run_id)
            WHERE d.dataset = (SELECT dataset FROM runs WHERE run_id = $run) AND split = 'test'
        )
        SELECT c.class_id, a.class_name, c.predicted_id, b.class_name AS predicted_class, c.images,
               100 * c.images / t.images AS percent
        FROM confusions AS c JOIN class_accuracy AS t USING (run_id, class_id)
        JOIN names AS a USING (class_id) JOIN names AS b ON b.class_id = c.predicted_id
        WHERE c.run_id = $run ORDER BY c.images DESC, percent DESC, c.class_id LIMIT $most
        """,
        {"run": run, "most": most},
    )
