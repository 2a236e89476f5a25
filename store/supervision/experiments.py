"""What networks reach that were pretrained on wrong labels, on a long tail, or on a teacher's selection."""

import pandas as pd

from store.complete import at_complete_scale
from store.reader import Reader

# judged runs of Problem 2 with their accuracy in percent of the test images, each experiment at its most
# complete scale: noise, resampling (of one exponent), teachers together with their students
JUDGED = at_complete_scale(
    """
    SELECT r.run_id, r.job, r.scale, r.model, r.depth, r.seed, r.config, s.stage, 100 * s.correct / s.images AS percent,
           CASE r.job WHEN 'teacher' THEN 'teaching' WHEN 'student' THEN 'teaching' ELSE r.job || coalesce(r.config->>'zipf', '') END AS experiment,
           concat_ws(' ', r.job, r.model, r.config->>'noise', r.config->>'sampling', r.config->>'kind', r.config->>'k', r.config->>'p') AS variant
    FROM runs AS r JOIN scores AS s ON s.run_id = r.run_id AND s.split = 'test' WHERE r.problem = 'supervision'
    """,
    variant="variant",
    within="experiment",
)
# the exponent of the Zipf distribution that has the most runs
EXPONENT = f"SELECT mode(config->>'zipf') FROM ({JUDGED}) WHERE job = 'resampling'"
STAGES = {"direct": "by its own last layer", "linear": "after transfer", "pretrained": "before fine-tuning", "final": "after fine-tuning"}


def noise(reader: Reader) -> pd.DataFrame:
    """By percentage of wrong labels and stage (`direct`, `linear`): mean accuracy over seeds, its standard deviation, and what is lost against clean labels."""
    return reader.df(f"""
        WITH mine AS (
            SELECT (config->>'noise')::DOUBLE AS noise_percent, stage::VARCHAR AS stage, count(*)::INTEGER AS seeds, avg(percent) AS percent,
                   stddev_samp(percent) AS spread, min(percent) AS low, max(percent) AS high
            FROM ({JUDGED}) WHERE job = 'noise' GROUP BY ALL
        )
        SELECT *, max(percent) FILTER (noise_percent = 0) OVER (PARTITION BY stage) - percent AS lost FROM mine ORDER BY stage, noise_percent
    """)


def resampling(reader: Reader) -> pd.DataFrame:
    """By sampling, stage and part of the classes (`head`: the three commonest, `tail`: the three rarest, `middle`, `all`): mean accuracy over seeds, standard deviation.

    Accuracies are means over classes, so that each class counts alike; `images` is the mean number of
    images of a class of the part in the source.
    """
    return reader.df(f"""
        WITH sizes AS (
            SELECT run_id, unnest((config->'sizes')::INTEGER[]) AS images, generate_subscripts((config->'sizes')::INTEGER[], 1) - 1 AS class_id
            FROM (SELECT DISTINCT run_id, config FROM ({JUDGED}) WHERE job = 'resampling' AND (config->>'zipf') = ({EXPONENT}))
        ), ranked AS (
            SELECT *, row_number() OVER (PARTITION BY run_id ORDER BY images DESC, class_id) AS rank, count(*) OVER (PARTITION BY run_id) AS classes FROM sizes
        ), named AS (
            SELECT *, CASE WHEN rank <= 3 THEN 'head' WHEN rank > classes - 3 THEN 'tail' ELSE 'middle' END AS part FROM ranked
            UNION ALL SELECT *, 'all' FROM ranked
        ), each AS (
            SELECT j.run_id, j.config->>'sampling' AS sampling, j.stage::VARCHAR AS stage, part, avg(100 * a.correct / a.images) AS percent, avg(n.images) AS images
            FROM ({JUDGED}) AS j JOIN class_accuracy AS a USING (run_id, stage) JOIN named AS n USING (run_id, class_id) WHERE j.job = 'resampling' GROUP BY ALL
        )
        SELECT sampling, stage, part, count(*)::INTEGER AS seeds, avg(percent) AS percent, stddev_samp(percent) AS spread, min(percent) AS low, max(percent) AS high,
               avg(images) AS images
        FROM each GROUP BY sampling, stage, part
        ORDER BY stage, list_position(['head', 'middle', 'tail', 'all'], part), list_position(['natural', 'sqrt', 'uniform'], sampling)
    """)


def teachers(reader: Reader) -> pd.DataFrame:
    """Each teacher's network: mean accuracy on the test images and on those without labels, in percent, over seeds; `main` is the deepest."""
    return reader.df(f"""
        SELECT model, depth, count(*)::INTEGER AS seeds, avg(percent) AS percent, stddev_samp(percent) AS spread,
               avg(100 * u.correct / u.images) AS unlabelled_percent, any_value(u.images) AS unlabelled, depth = max(depth) OVER () AS main
        FROM ({JUDGED}) AS j JOIN scores AS u ON u.run_id = j.run_id AND u.split = 'train'
        WHERE j.job = 'teacher' GROUP BY model, depth ORDER BY depth DESC
    """)


def students(reader: Reader) -> pd.DataFrame:
    """By kind, K, P and stage: mean accuracy over seeds, standard deviation, and gain over the student on labelled data alone, in percent points.

    Kinds: `selected` (the teacher's labels), `truth` (the same images with their true labels), `self`
    (a teacher of the student's own network), `labelled` (that teacher itself: no selection). A gain is
    the mean over the seeds of the difference to the same seed's, `gain_spread` its standard deviation.
    """
    return reader.df(f"""
        WITH alone AS (
            SELECT seed, percent FROM ({JUDGED}) WHERE job = 'teacher' AND model = (SELECT any_value(model) FROM ({JUDGED}) WHERE job = 'student')
        ), every AS (
            SELECT config->>'kind' AS kind, (config->>'k')::INTEGER AS k, (config->>'p')::INTEGER AS p, stage::VARCHAR AS stage, seed, percent
            FROM ({JUDGED}) WHERE job = 'student'
            UNION ALL SELECT 'labelled', NULL, NULL, 'final', seed, percent FROM alone
        )
        SELECT kind, k, p, stage, count(*)::INTEGER AS seeds, avg(e.percent) AS percent, stddev_samp(e.percent) AS spread, min(e.percent) AS low,
               max(e.percent) AS high, avg(e.percent - a.percent) AS gain, stddev_samp(e.percent - a.percent) AS gain_spread
        FROM every AS e LEFT JOIN alone AS a USING (seed) GROUP BY kind, k, p, stage ORDER BY kind, p, k, stage
    """)


def run_ids(reader: Reader, *jobs: str) -> list[str]:
    """The runs of some jobs that the figures are made of."""
    frame = reader.df(f"SELECT DISTINCT run_id FROM ({JUDGED}) WHERE list_contains(?, job) AND (job <> 'resampling' OR (config->>'zipf') = ({EXPONENT}))", [list(jobs)])
    return sorted(frame["run_id"])
