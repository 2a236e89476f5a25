"""The evaluated runs of Problem 2 with the keys of their `config` as columns; the other queries read these."""

from store.complete import at_complete_scale
from store.interval import half_width
from store.reader import Reader

# one row a run and stage, `percent` being its accuracy on the test images. Each experiment (noise, resampling with
# one Zipf exponent, teachers together with their students) is shown at its most complete scale
EVALUATED = at_complete_scale(
    """
    SELECT *, concat_ws(' ', job, model, noise_percent, sampling, kind, k, p, seed) AS variant,
           CASE WHEN job IN ('teacher', 'student') THEN 'teaching' ELSE concat(job, zipf) END AS experiment
    FROM (
        SELECT r.run_id, r.job, r.scale, r.model, r.depth, r.seed, r.config,
               s.stage::VARCHAR AS stage, 100 * s.correct / s.images AS percent,
               (config->>'noise')::DOUBLE AS noise_percent, (config->>'source_images')::INTEGER AS source_images,
               config->>'sampling' AS sampling, (config->>'zipf')::DOUBLE AS zipf,
               (config->'sizes')::INTEGER[] AS class_sizes, (config->'classes')::VARCHAR[] AS classes,
               (config->'ks')::INTEGER[] AS ks, (config->'ps')::INTEGER[] AS ps,
               config->>'kind' AS kind, (config->>'k')::INTEGER AS k, (config->>'p')::INTEGER AS p,
               (config->>'epochs')::INTEGER AS recipe_epochs, config->>'precision' AS precision
        FROM runs AS r JOIN scores AS s ON s.run_id = r.run_id AND s.split = 'test' WHERE r.problem = 'supervision'
    )
    """,
    variant="variant",
    within="experiment",
)
# the Zipf exponent that has the most runs of `resampling`
EXPONENT = f"SELECT mode(zipf) FROM ({EVALUATED}) WHERE job = 'resampling'"


def over_seeds(percent: str) -> str:
    """The SQL columns seeds, percent, sd, low and high of a group that has one row a seed.

    They are the number of seeds and an accuracy's mean, standard deviation, least and largest value.
    """
    return (
        f"count(*)::INTEGER AS seeds, avg({percent}) AS percent, stddev_samp({percent}) AS sd, "
        f"min({percent}) AS low, max({percent}) AS high"
    )


def mean_and_sd(difference: str, name: str) -> str:
    """The SQL columns `name` and `name_sd` of differences within a seed: mean and standard deviation over the seeds."""
    return f"avg({difference}) AS {name}, stddev_samp({difference}) AS {name}_sd"


def mean_and_half(difference: str, name: str) -> str:
    """The SQL columns `name` and `name_half` of differences within a seed: their mean and half its 95 % interval.

    The interval is Student's t over the seeds; `name_half` is NULL for fewer than two of them.
    """
    return f"avg({difference}) AS {name}, {half_width(difference)} AS {name}_half"


def precisions(reader: Reader, *jobs: str) -> list[str]:
    """The arithmetic precisions in which the runs of some jobs were trained (`bf16`, `fp32`), in alphabetical order."""
    sql = f"SELECT DISTINCT precision FROM ({EVALUATED}) WHERE list_contains(?, job) ORDER BY precision"
    return reader.df(sql, [list(jobs)])["precision"].tolist()


def run_ids(reader: Reader, *jobs: str) -> list[str]:
    """The ids of the runs of some jobs that the figures are made of, in alphabetical order."""
    sql = f"""
        SELECT DISTINCT run_id FROM ({EVALUATED})
        WHERE list_contains(?, job) AND (job <> 'resampling' OR zipf = ({EXPONENT})) ORDER BY run_id
    """
    return reader.df(sql, [list(jobs)])["run_id"].tolist()
