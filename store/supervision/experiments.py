"""What networks reach that were pretrained on wrong labels, on a long tail, or on a teacher's selection."""

import pandas as pd

from store.complete import at_complete_scale
from store.interval import half_width
from store.reader import Reader

# evaluated runs of Problem 2 with their accuracy in percent of the test images, each experiment at its most
# complete scale: noise, resampling (of one exponent), teachers together with their students
EVALUATED = at_complete_scale(
    """
    SELECT r.run_id, r.job, r.scale, r.model, r.depth, r.seed, r.config, s.stage, 100 * s.correct / s.images AS percent,
           CASE r.job WHEN 'teacher' THEN 'teaching' WHEN 'student' THEN 'teaching' ELSE r.job || coalesce(r.config->>'zipf', '') END AS experiment,
           concat_ws(' ', r.job, r.model, r.config->>'noise', r.config->>'sampling', r.config->>'kind', r.config->>'k', r.config->>'p', r.seed) AS variant
    FROM runs AS r JOIN scores AS s ON s.run_id = r.run_id AND s.split = 'test' WHERE r.problem = 'supervision'
    """,
    variant="variant",
    within="experiment",
)
# the exponent of the Zipf distribution that has the most runs
EXPONENT = f"SELECT mode(config->>'zipf') FROM ({EVALUATED}) WHERE job = 'resampling'"
STAGES = {"untrained": "before any training", "direct": "by its own last layer", "linear": "after transfer", "pretrained": "before fine-tuning", "final": "after fine-tuning"}


def noise(reader: Reader) -> pd.DataFrame:
    """By percentage of wrong labels and stage (`direct`, `linear`, `untrained`): mean accuracy over seeds, its standard deviation, and what is lost against clean labels.

    `lost` is the mean over the seeds of the difference to the same seed's network on clean labels,
    `lost_spread` its standard deviation.
    """
    return reader.df(f"""
        WITH mine AS (
            SELECT (config->>'noise')::DOUBLE AS noise_percent, stage::VARCHAR AS stage, seed, percent FROM ({EVALUATED}) WHERE job = 'noise'
        )
        SELECT m.noise_percent, m.stage, count(*)::INTEGER AS seeds, avg(m.percent) AS percent, stddev_samp(m.percent) AS spread, min(m.percent) AS low,
               max(m.percent) AS high, avg(c.percent - m.percent) AS lost, stddev_samp(c.percent - m.percent) AS lost_spread
        FROM mine AS m LEFT JOIN mine AS c ON (c.stage, c.seed, c.noise_percent) = (m.stage, m.seed, 0)
        GROUP BY m.stage, m.noise_percent ORDER BY m.stage, m.noise_percent
    """)


def source_images(reader: Reader) -> int | None:
    """Images with which the networks of `noise` were pretrained; None without any."""
    return reader.one(f"SELECT max((config->>'source')::INTEGER) FROM ({EVALUATED}) WHERE job = 'noise'")[0]


def resampling(reader: Reader) -> pd.DataFrame:
    """By sampling, stage and part of the classes (`head`: the three commonest, `tail`: the three rarest, `middle`, `all`): mean accuracy over seeds, standard deviation.

    Accuracies are means over classes, so that each class counts alike; `images` is the mean number of
    images of a class of the part in the source. `change` is the mean over the seeds of the difference to
    the same seed's natural sampling, `change_spread` its standard deviation.
    """
    return reader.df(f"""
        WITH sizes AS (
            SELECT run_id, unnest((config->'sizes')::INTEGER[]) AS images, generate_subscripts((config->'sizes')::INTEGER[], 1) - 1 AS class_id
            FROM (SELECT DISTINCT run_id, config FROM ({EVALUATED}) WHERE job = 'resampling' AND (config->>'zipf') = ({EXPONENT}))
        ), ranked AS (
            SELECT *, row_number() OVER (PARTITION BY run_id ORDER BY images DESC, class_id) AS rank, count(*) OVER (PARTITION BY run_id) AS classes FROM sizes
        ), named AS (
            SELECT *, CASE WHEN rank <= 3 THEN 'head' WHEN rank > classes - 3 THEN 'tail' ELSE 'middle' END AS part FROM ranked
            UNION ALL SELECT *, 'all' FROM ranked
        ), each AS (
            SELECT j.run_id, j.seed, j.config->>'sampling' AS sampling, j.stage::VARCHAR AS stage, part, avg(100 * a.correct / a.images) AS percent, avg(n.images) AS images
            FROM ({EVALUATED}) AS j JOIN class_accuracy AS a USING (run_id, stage) JOIN named AS n USING (run_id, class_id) WHERE j.job = 'resampling' GROUP BY ALL
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
        FROM ({EVALUATED}) AS j JOIN scores AS u ON u.run_id = j.run_id AND u.split = 'train'
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
            SELECT seed, percent FROM ({EVALUATED}) WHERE job = 'teacher' AND model = (SELECT any_value(model) FROM ({EVALUATED}) WHERE job = 'student')
        ), every AS (
            SELECT config->>'kind' AS kind, (config->>'k')::INTEGER AS k, (config->>'p')::INTEGER AS p, stage::VARCHAR AS stage, seed, percent
            FROM ({EVALUATED}) WHERE job = 'student'
            UNION ALL SELECT 'labelled', NULL, NULL, 'final', seed, percent FROM alone
        )
        SELECT kind, k, p, stage, count(*)::INTEGER AS seeds, avg(e.percent) AS percent, stddev_samp(e.percent) AS spread, min(e.percent) AS low,
               max(e.percent) AS high, avg(e.percent - a.percent) AS gain, stddev_samp(e.percent - a.percent) AS gain_spread
        FROM every AS e LEFT JOIN alone AS a USING (seed) GROUP BY kind, k, p, stage ORDER BY kind, p, k, stage
    """)


def by_k(reader: Reader) -> pd.DataFrame:
    """With the P at which every K was tried, for each stage and K, means over the seeds of differences within a seed, each with half its 95 % interval.

    Columns: stage, p, k, seeds, percent (test accuracy), best_k (the K that is best on average), behind
    (points that the best one is ahead), truth (accuracy with true labels for the same images),
    truth_behind (points that it is behind its own at best_k), price (points by which it is ahead, what the
    wrong labels cost), behind_half, truth_behind_half and price_half (Student's t over the seeds; NULL for
    fewer than two). Those of truth are NULL where there is no such student.
    """
    return reader.df(f"""
        WITH every AS (
            SELECT stage::VARCHAR AS stage, config->>'kind' AS kind, (config->>'k')::INTEGER AS k, (config->>'p')::INTEGER AS p, seed, percent
            FROM ({EVALUATED}) WHERE job = 'student'
        ), widest AS (
            SELECT p FROM every WHERE kind = 'selected' GROUP BY p ORDER BY count(DISTINCT k) DESC, p DESC LIMIT 1
        ), mine AS (
            SELECT e.*, t.percent AS truth, t.percent - e.percent AS price FROM every AS e JOIN widest USING (p)
            LEFT JOIN every AS t ON (t.stage, t.k, t.p, t.seed, t.kind) = (e.stage, e.k, e.p, e.seed, 'truth') WHERE e.kind = 'selected'
        ), best AS (
            SELECT stage, arg_max(k, percent) AS best_k FROM (SELECT stage, k, avg(percent) AS percent FROM mine GROUP BY ALL) GROUP BY stage
        ), paired AS (
            SELECT m.*, best_k, b.percent - m.percent AS behind, b.truth - m.truth AS truth_behind FROM mine AS m JOIN best USING (stage) JOIN mine AS b ON (b.stage, b.k, b.seed) = (m.stage, best_k, m.seed)
        )
        SELECT stage, p, k, count(*)::INTEGER AS seeds, avg(percent) AS percent, best_k, avg(behind) AS behind, {half_width("behind")} AS behind_half,
               avg(truth) AS truth, avg(truth_behind) AS truth_behind, {half_width("truth_behind")} AS truth_behind_half, avg(price) AS price, {half_width("price")} AS price_half
        FROM paired GROUP BY stage, p, k, best_k ORDER BY stage, k
    """)


def repair(reader: Reader) -> pd.DataFrame:
    """What the final fine-tuning adds, in percent points, by K and P where there are students with true labels for the same images.

    Means over seeds: `tuned` with the teacher's labels, `truth_tuned` with true ones, where there is nothing
    to repair, and the difference `repaired` with half its 95 % interval (Student's t over the seeds).
    """
    return reader.df(f"""
        WITH gains AS (
            SELECT config->>'kind' AS kind, (config->>'k')::INTEGER AS k, (config->>'p')::INTEGER AS p, seed,
                   max(percent) FILTER (stage = 'final') - max(percent) FILTER (stage = 'pretrained') AS tuned
            FROM ({EVALUATED}) WHERE job = 'student' GROUP BY ALL
        )
        SELECT s.k, s.p, count(*)::INTEGER AS seeds, avg(s.tuned) AS tuned, avg(t.tuned) AS truth_tuned, avg(s.tuned - t.tuned) AS repaired, {half_width("s.tuned - t.tuned")} AS repaired_half
        FROM gains AS s JOIN gains AS t USING (k, p, seed) WHERE s.kind = 'selected' AND t.kind = 'truth' GROUP BY ALL ORDER BY s.k
    """)


def shape(curve: pd.DataFrame) -> str:
    """What a curve over K does, in words: a rise or a fall is called one where at some K the 95 % interval of the paired differences to the best one leaves out 0.

    `curve` holds one stage of `by_k`.
    """
    behind = curve[curve["behind"] > curve["behind_half"]]
    rises, falls = ((behind["k"] < behind["best_k"]).any(), (behind["k"] > behind["best_k"]).any())
    if rises and curve["best_k"].iloc[0] == curve["k"].max():
        return "still rises at the largest K that was tried"
    if falls and curve["best_k"].iloc[0] == curve["k"].min():
        return "falls from the smallest K on"
    return {
        (True, True): "rises and then falls",
        (True, False): "rises, and whether it falls in the end the seeds leave open",
        (False, True): "falls in the end, and whether it rises before the seeds leave open",
        (False, False): "neither rises nor falls by more than the seeds leave open",
    }[bool(rises), bool(falls)]


def steps(reader: Reader) -> tuple[int | None, int | None]:
    """Optimisation steps of a student, fine-tuning included, and those before it; None without any."""
    return reader.one(f"""
        SELECT max(step)::INTEGER, max(step) FILTER (epoch < (j.config->>'epochs')::INTEGER)::INTEGER
        FROM epochs JOIN ({EVALUATED}) AS j USING (run_id) WHERE j.job = 'student'
    """)


def precisions(reader: Reader, *jobs: str) -> str:
    """The arithmetic in which the runs of some jobs were trained (`bf16`, or `bf16 and fp32`)."""
    rows = reader.df(f"SELECT DISTINCT coalesce(config->>'precision', 'fp32') AS name FROM ({EVALUATED}) WHERE list_contains(?, job) ORDER BY name", [list(jobs)])
    return " and ".join(rows["name"])


def run_ids(reader: Reader, *jobs: str) -> list[str]:
    """The runs of some jobs that the figures are made of."""
    frame = reader.df(f"SELECT DISTINCT run_id FROM ({EVALUATED}) WHERE list_contains(?, job) AND (job <> 'resampling' OR (config->>'zipf') = ({EXPONENT}))", [list(jobs)])
    return sorted(frame["run_id"])
