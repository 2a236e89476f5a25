"""What teachers and students reach, by what they were trained on and by K (2.3a, 2.3d)."""

import pandas as pd

from compute.core.supervision import StudentKind
from store.reader import Reader
from store.supervision.evaluated import EVALUATED, mean_and_half, mean_and_sd, over_seeds
from store.supervision.selection import selected_sets

# what `curve_shape` may find
CURVE_SHAPES = ("rises to the end", "falls from the start", "rises and falls", "rises", "falls", "unresolved")


def teachers(reader: Reader) -> pd.DataFrame:
    """Each teacher's network: mean accuracy over seeds on the test images and on those without labels, in percent.

    `role` is `larger` for the deepest network, whose selections teach all students but those of
    self-training, and `self` for the student's own network, which is the supervised baseline too.
    `unlabelled_images` is the number of images without labels.
    """
    return reader.df(f"""
        SELECT model, depth, CASE WHEN depth = max(depth) OVER () THEN 'larger' ELSE 'self' END AS role,
               count(*)::INTEGER AS seeds, avg(percent) AS percent, stddev_samp(percent) AS sd,
               avg(100 * u.correct / u.images) AS unlabelled_percent, any_value(u.images) AS unlabelled_images
        FROM ({EVALUATED}) AS e JOIN scores AS u ON u.run_id = e.run_id AND u.split = 'train'
        WHERE e.job = 'teacher' GROUP BY model, depth ORDER BY depth DESC
    """)


def students(reader: Reader) -> pd.DataFrame:
    """Accuracy by kind, K, P and stage: one row each, means over the seeds.

    The kinds are those of `StudentKind`; the supervised baseline has no K and no P. `gain` is the difference to
    the same seed's baseline, in percentage points.
    """
    return reader.df(
        f"""
        WITH baseline AS (
            SELECT seed, percent FROM ({EVALUATED})
            WHERE job = 'teacher' AND model = (SELECT any_value(model) FROM ({EVALUATED}) WHERE job = 'student')
        ), networks AS (
            SELECT kind, k, p, stage, seed, percent FROM ({EVALUATED}) WHERE job = 'student'
            UNION ALL SELECT '{StudentKind.SUPERVISED}', NULL, NULL, 'final', seed, percent FROM baseline
        )
        SELECT kind, k, p, stage, {over_seeds("n.percent")}, {mean_and_sd("n.percent - b.percent", "gain")}
        FROM networks AS n LEFT JOIN baseline AS b USING (seed) GROUP BY kind, k, p, stage
        ORDER BY list_position(?, kind), p, k, stage
        """,
        [[str(kind) for kind in StudentKind]],
    )


def students_compared(reader: Reader) -> pd.DataFrame:
    """The rows of `students` at the K and P of self-training, where there is every kind, and the supervised baseline.

    Empty where there is no self-training.
    """
    rows = students(reader)
    own = rows[rows["kind"] == StudentKind.SELF]
    if own.empty:
        return own
    k, p = own.iloc[0][["k", "p"]]
    return rows[(rows["kind"] == StudentKind.SUPERVISED) | ((rows["k"] == k) & (rows["p"] == p))]


def student_curve(reader: Reader) -> pd.DataFrame:
    """Accuracy by stage and K at the P with which every K was tried: one row each, means over the seeds.

    Differences within a seed, in percentage points, each with half its 95 % interval: `gap_to_best`, to the K
    that is best on average (`best_k`), `oracle_gap_to_best`, that of the oracle to its own accuracy at the same
    `best_k`, and `label_noise_gap`, by which the oracle (whose accuracy is `oracle`) is ahead: what the wrong
    labels cost. Those of the oracle are NULL where there is none.
    """
    return reader.df(f"""
        WITH networks AS (
            SELECT stage, kind, k, p, seed, percent FROM ({EVALUATED}) WHERE job = 'student'
        ), widest AS (
            SELECT p FROM networks WHERE kind = '{StudentKind.SELECTED}'
            GROUP BY p ORDER BY count(DISTINCT k) DESC, p DESC LIMIT 1
        ), selected_networks AS (
            SELECT n.*, t.percent AS oracle FROM networks AS n JOIN widest USING (p)
            LEFT JOIN networks AS t
                ON (t.stage, t.k, t.p, t.seed, t.kind) = (n.stage, n.k, n.p, n.seed, '{StudentKind.ORACLE}')
            WHERE n.kind = '{StudentKind.SELECTED}'
        ), best AS (
            SELECT stage, arg_max(k, percent) AS best_k
            FROM (SELECT stage, k, avg(percent) AS percent FROM selected_networks GROUP BY ALL) GROUP BY stage
        ), paired AS (
            SELECT s.*, best_k, b.percent AS best_percent, b.oracle AS best_oracle
            FROM selected_networks AS s JOIN best USING (stage)
            JOIN selected_networks AS b ON (b.stage, b.k, b.seed) = (s.stage, best_k, s.seed)
        )
        SELECT stage, p, k, count(*)::INTEGER AS seeds, avg(percent) AS percent, best_k,
               {mean_and_half("best_percent - percent", "gap_to_best")}, avg(oracle) AS oracle,
               {mean_and_half("best_oracle - oracle", "oracle_gap_to_best")},
               {mean_and_half("oracle - percent", "label_noise_gap")}
        FROM paired GROUP BY stage, p, k, best_k ORDER BY stage, k
    """)


def curve_shape(curve: pd.DataFrame) -> str:
    """One of CURVE_SHAPES for the rows of one stage of `student_curve`.

    A rise or a fall is named only where at some K the 95 % interval of the gap to the best K leaves out 0.
    """
    best_k = curve["best_k"].iloc[0]
    worse_k = curve.loc[curve["gap_to_best"] > curve["gap_to_best_half"], "k"]
    rises, falls = (worse_k < best_k).any(), (worse_k > best_k).any()
    if rises and falls:
        return "rises and falls"
    if rises:
        return "rises to the end" if best_k == curve["k"].max() else "rises"
    if falls:
        return "falls from the start" if best_k == curve["k"].min() else "falls"
    return "unresolved"


def finetuning_gains(reader: Reader) -> pd.DataFrame:
    """What the final fine-tuning adds by K, in percentage points, at the P that has oracles; means over seeds.

    `gain` is that of students on the teacher's labels, `oracle_gain` that of oracles, which have no labels to
    repair, `repaired` the difference, with half its 95 % interval.
    """
    return reader.df(f"""
        WITH gains AS (
            SELECT kind, k, p, seed,
                   max(percent) FILTER (stage = 'final') - max(percent) FILTER (stage = 'pretrained') AS gain
            FROM ({EVALUATED}) WHERE job = 'student' GROUP BY ALL
        )
        SELECT s.k, s.p, count(*)::INTEGER AS seeds, avg(s.gain) AS gain, avg(t.gain) AS oracle_gain,
               {mean_and_half("s.gain - t.gain", "repaired")}
        FROM gains AS s JOIN gains AS t USING (k, p, seed)
        WHERE s.kind = '{StudentKind.SELECTED}' AND t.kind = '{StudentKind.ORACLE}' GROUP BY ALL ORDER BY s.k
    """)


def untrained_difference(reader: Reader) -> float | None:
    """The most labels in which a selected set that no student was trained on differs from the middle P's at the same K.

    None where there is a student for every set.
    """
    trained = students(reader)
    trained = trained.loc[trained["kind"] == StudentKind.SELECTED, ["k", "p"]].drop_duplicates()
    sets = selected_sets(reader).merge(trained, on=["k", "p"], how="left", indicator=True)
    untrained = sets.loc[sets["_merge"] == "left_only", "differ"]
    return float(untrained.max()) if len(untrained) else None


def student_steps(reader: Reader) -> pd.DataFrame:
    """Optimisation steps of a student, in one row: `steps` with its fine-tuning, `pretraining_steps` without."""
    return reader.df(f"""
        SELECT max(step)::INTEGER AS steps, (max(step) FILTER (epoch < e.recipe_epochs))::INTEGER AS pretraining_steps
        FROM epochs JOIN ({EVALUATED}) AS e USING (run_id) WHERE e.job = 'student'
    """)
