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
# Student's t for as many seeds: the 97.5 % quantile with seeds - 1 degrees of freedom
T_OF_SEEDS = "CASE count(*) WHEN 2 THEN 12.706 WHEN 3 THEN 4.303 WHEN 4 THEN 3.182 WHEN 5 THEN 2.776 ELSE 2.571 END"
STAGES = {"untrained": "before any training", "direct": "by its own last layer", "linear": "after transfer", "pretrained": "before fine-tuning", "final": "after fine-tuning"}


def noise(reader: Reader) -> pd.DataFrame:
    """By percentage of wrong labels and stage (`direct`, `linear`, `untrained`): mean accuracy over seeds, its standard deviation, and what is lost against clean labels.

    `lost` is the mean over the seeds of the difference to the same seed's network on clean labels,
    `lost_spread` its standard deviation.
    """
    return reader.df(f"""
        WITH mine AS (
            SELECT (config->>'noise')::DOUBLE AS noise_percent, stage::VARCHAR AS stage, seed, percent FROM ({JUDGED}) WHERE job = 'noise'
        )
        SELECT m.noise_percent, m.stage, count(*)::INTEGER AS seeds, avg(m.percent) AS percent, stddev_samp(m.percent) AS spread, min(m.percent) AS low,
               max(m.percent) AS high, avg(c.percent - m.percent) AS lost, stddev_samp(c.percent - m.percent) AS lost_spread
        FROM mine AS m LEFT JOIN mine AS c ON (c.stage, c.seed, c.noise_percent) = (m.stage, m.seed, 0)
        GROUP BY m.stage, m.noise_percent ORDER BY m.stage, m.noise_percent
    """)


def resampling(reader: Reader) -> pd.DataFrame:
    """By sampling, stage and part of the classes (`head`: the three commonest, `tail`: the three rarest, `middle`, `all`): mean accuracy over seeds, standard deviation.

    Accuracies are means over classes, so that each class counts alike; `images` is the mean number of
    images of a class of the part in the source. `change` is the mean over the seeds of the difference to
    the same seed's natural sampling, `change_spread` its standard deviation.
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
            SELECT j.run_id, j.seed, j.config->>'sampling' AS sampling, j.stage::VARCHAR AS stage, part, avg(100 * a.correct / a.images) AS percent, avg(n.images) AS images
            FROM ({JUDGED}) AS j JOIN class_accuracy AS a USING (run_id, stage) JOIN named AS n USING (run_id, class_id) WHERE j.job = 'resampling' GROUP BY ALL
        )
        SELECT e.sampling, e.stage, e.part, count(*)::INTEGER AS seeds, avg(e.percent) AS percent, stddev_samp(e.percent) AS spread, min(e.percent) AS low,
               max(e.percent) AS high, avg(e.percent - n.percent) AS change, stddev_samp(e.percent - n.percent) AS change_spread, avg(e.images) AS images
        FROM each AS e LEFT JOIN each AS n ON (n.seed, n.stage, n.part, n.sampling) = (e.seed, e.stage, e.part, 'natural') GROUP BY e.sampling, e.stage, e.part
        ORDER BY e.stage, list_position(['head', 'middle', 'tail', 'all'], e.part), list_position(['natural', 'sqrt', 'uniform'], e.sampling)
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


def steps_between_ks(reader: Reader) -> pd.DataFrame:
    """With the P at which every K was tried, for each stage: the mean over seeds of how much each K differs from the K that is best on average, of the same seed.

    Columns: stage, p, k, percent, best_k, behind (points, of the best one over this one), and the half width of
    its 95 % interval over the seeds (Student's t); NULL for fewer than two seeds, and 0 for the best K itself.
    """
    return reader.df(f"""
        WITH mine AS (
            SELECT stage::VARCHAR AS stage, (config->>'k')::INTEGER AS k, (config->>'p')::INTEGER AS p, seed, percent
            FROM ({JUDGED}) WHERE job = 'student' AND (config->>'kind') = 'selected'
        ), widest AS (
            SELECT p FROM mine GROUP BY p ORDER BY count(DISTINCT k) DESC, p DESC LIMIT 1
        ), best AS (
            SELECT stage, arg_max(k, percent) AS best_k FROM (SELECT stage, k, avg(percent) AS percent FROM mine JOIN widest USING (p) GROUP BY ALL) GROUP BY stage
        )
        SELECT m.stage, m.p, m.k, avg(m.percent) AS percent, best_k, avg(b.percent - m.percent) AS behind,
               stddev_samp(b.percent - m.percent) / sqrt(count(*)) * {T_OF_SEEDS} AS half, count(*)::INTEGER AS seeds
        FROM mine AS m JOIN widest USING (p) JOIN best USING (stage) JOIN mine AS b ON (b.stage, b.p, b.k, b.seed) = (m.stage, m.p, best_k, m.seed)
        GROUP BY m.stage, m.p, m.k, best_k ORDER BY m.stage, m.k
    """)


def run_ids(reader: Reader, *jobs: str) -> list[str]:
    """The runs of some jobs that the figures are made of."""
    frame = reader.df(f"SELECT DISTINCT run_id FROM ({JUDGED}) WHERE list_contains(?, job) AND (job <> 'resampling' OR (config->>'zipf') = ({EXPONENT}))", [list(jobs)])
    return sorted(frame["run_id"])
