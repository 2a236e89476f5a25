"""What fine-tuning, new last layers and the baselines reach on the target data set, and what they cost."""

import pandas as pd

from store.complete import at_complete_scale
from store.interval import Z, half_width
from store.reader import Reader
from store.transfer.dataset import DESCRIBED

# the order in which approaches are listed
APPROACHES = "list_position(['finetune', 'extract', 'adabn', 'linear', 'scratch'], job)"

# every evaluated run of a data set at one scale, made from the base weights that most of its runs have,
# accuracies in percent; `flops` is what its training took: forward and backward of every image seen (three
# forward passes), or one forward pass of every cached view (and of the images themselves, which the linear
# classifier and new BatchNorm statistics use) and the last layer's own work. Trainers that trained together shared their device.
EVALUATED = at_complete_scale(
    f"""
    SELECT r.run_id, r.job, r.dataset, r.lr, coalesce(r.seed, 0) AS seed, r.scale, r.device, r.weights,
           r.seconds / coalesce((config->>'concurrency')::INTEGER, 1) AS seconds, (config->>'px')::INTEGER AS px, (config->>'epochs')::INTEGER AS epochs,
           config->>'precision' AS precision, (config->>'views')::INTEGER AS views,
           (config->>'train_images')::INTEGER // (config->>'batch')::INTEGER AS epoch_steps, coalesce((config->>'concurrency')::INTEGER, 1) AS concurrency, (config->>'threads')::INTEGER AS threads,
           (config->>'views_s')::DOUBLE / (config->>'views')::INTEGER AS forward_s, (config->>'heads_together')::INTEGER AS heads_together, s.images, s.correct, s.loss,
           (SELECT avg(100 * a.correct / a.images) FROM class_accuracy AS a WHERE a.run_id = r.run_id) AS class_percent,
           100 * s.correct / s.images AS test_percent, 100 * v.correct / v.images AS val_percent,
           100 * (s.correct + {Z**2 / 2} - {Z} * sqrt(s.correct * (s.images - s.correct) / s.images + {Z**2 / 4})) / (s.images + {Z**2}) AS low,
           100 * (s.correct + {Z**2 / 2} + {Z} * sqrt(s.correct * (s.images - s.correct) / s.images + {Z**2 / 4})) / (s.images + {Z**2}) AS high,
           CASE WHEN r.job IN ('finetune', 'scratch')
                THEN 3 * (config->>'forward_flops')::DOUBLE * (config->>'epochs')::DOUBLE * ((config->>'train_images')::INTEGER // (config->>'batch')::INTEGER)
                     * (config->>'batch')::INTEGER
                ELSE (config->>'forward_flops')::DOUBLE * (config->>'train_images')::DOUBLE * (coalesce((config->>'views')::INTEGER, 1) + (r.job = 'adabn')::INTEGER)
                     + coalesce((config->>'epochs')::DOUBLE * (config->>'train_images')::DOUBLE * 6 * 2048 * (config->>'classes')::INTEGER, 0)
           END AS flops
    FROM runs AS r JOIN scores AS s ON s.run_id = r.run_id AND s.split = 'test' JOIN scores AS v ON v.run_id = r.run_id AND v.split = 'val'
    WHERE r.problem = 'transfer' AND r.dataset <> 'synthetic'
    QUALIFY r.weights IS NULL OR r.weights = mode(r.weights) OVER (PARTITION BY r.dataset, px)
    """,
    variant="job || coalesce(lr, 0)",
    within="(dataset, px)",
)


def base_parameters(reader: Reader) -> int | None:
    """Weights of ResNet-50 without its last layer, from the layer table; None where that is not there."""
    return reader.one("SELECT sum(params)::BIGINT FROM layers WHERE model = 'resnet50' AND kind <> 'fc'")[0]


def sizes(reader: Reader, jobs: list[str]) -> pd.DataFrame:
    """Data sets and image sizes for which every one of the `jobs` has run: dataset, px, runs."""
    return reader.df(
        f"""
        SELECT dataset, px, count(*)::INTEGER AS runs FROM ({EVALUATED}) GROUP BY ALL
        HAVING list_has_all(list(DISTINCT job), ?) ORDER BY dataset, px
        """,
        [jobs],
    )


def evaluated(reader: Reader, dataset: str, px: int) -> pd.DataFrame:
    """Every evaluated run: accuracies in percent with Wilson's 95 % interval of the test accuracy, seconds, FLOPs of its training.

    `class_percent` is the mean of the classes' test accuracies, each of which counts alike; `forward_s` the
    seconds of one pass of all training images through the frozen network.
    """
    return reader.df(
        f"""
        SELECT *, test_percent / (flops / 1e15) AS percent_per_pflop,
               (SELECT median(images_per_s) * j.concurrency FROM epochs WHERE run_id = j.run_id) AS images_per_s
        FROM ({EVALUATED}) AS j WHERE dataset = ? AND px = ? ORDER BY {APPROACHES}, lr DESC, seed
        """,
        [dataset, px],
    )


def rates(reader: Reader, dataset: str, px: int) -> pd.DataFrame:
    """One row an approach and rate, means over the seeds; `chosen` is the approach's best on val, `spread` the standard deviation of the test accuracy.

    `low` and `high` hold the 95 % interval of the test accuracy: Wilson's, for the choice of test images,
    and from three seeds on together with that of their mean (Student's t), for the choice of seeds.
    """
    return reader.df(
        f"""
        WITH mine AS (
            SELECT job, lr, count(*)::INTEGER AS seeds, avg(val_percent) AS val_percent, avg(test_percent) AS test_percent, stddev_samp(test_percent) AS spread,
                   avg(class_percent) AS class_percent, avg(loss) AS test_loss,
                   sqrt(avg(high - low) ** 2 / 4 + CASE WHEN count(*) >= 3 THEN ({half_width('test_percent')}) ** 2 ELSE 0 END) AS half,
                   avg(low + high) / 2 AS centre, avg(seconds) AS seconds, avg(flops) AS flops, any_value(threads) AS threads, any_value(epochs) AS epochs, any_value(precision) AS precision,
                   min_by(run_id, seed) AS run_id, string_agg(run_id, ' ' ORDER BY seed) AS run_ids, any_value(scale)::VARCHAR AS scale
            FROM ({EVALUATED}) WHERE dataset = ? AND px = ? GROUP BY job, lr
        )
        SELECT * EXCLUDE (half, centre), centre - half AS low, centre + half AS high,
               row_number() OVER (PARTITION BY job ORDER BY val_percent DESC, lr) = 1 AS chosen
        FROM mine ORDER BY {APPROACHES}, lr DESC
        """,
        [dataset, px],
    )


def curves(reader: Reader, dataset: str, px: int, job: str) -> pd.DataFrame:
    """By rate and epoch (from 1) the mean over the seeds of training loss and accuracies in percent, with least and most; val is NULL where it was not evaluated."""
    return reader.df(
        f"""
        SELECT format('{{:g}}', j.lr) AS rate, j.lr, epoch + 1 AS epoch, avg(e.lr) AS lr_now, avg(train_loss) AS train_loss, min(train_loss) AS train_loss_low, max(train_loss) AS train_loss_high,
               100 * avg(train_accuracy) AS train_percent, 100 * min(train_accuracy) AS train_low, 100 * max(train_accuracy) AS train_high, 100 * avg(val_accuracy) AS val_percent, 100 * min(val_accuracy) AS val_low, 100 * max(val_accuracy) AS val_high,
               count(*)::INTEGER AS seeds
        FROM ({EVALUATED}) AS j JOIN epochs AS e USING (run_id) WHERE j.dataset = ? AND j.px = ? AND j.job = ?
        GROUP BY j.lr, epoch ORDER BY j.lr DESC, epoch
        """,
        [dataset, px, job],
    )


def milestones(reader: Reader, dataset: str, px: int, job: str) -> pd.DataFrame:
    """The epochs after which the learning rate fell: epoch (from 1)."""
    return reader.df(
        f"""
        SELECT DISTINCT epoch::DOUBLE AS epoch FROM (
            SELECT epoch, e.lr < lag(e.lr) OVER (PARTITION BY run_id ORDER BY epoch) AS fell
            FROM ({EVALUATED}) AS j JOIN epochs AS e USING (run_id) WHERE j.dataset = ? AND j.px = ? AND j.job = ?
        ) WHERE fell ORDER BY epoch
        """,
        [dataset, px, job],
    )


def epoch_seconds(reader: Reader, dataset: str, px: int) -> pd.DataFrame:
    """Median seconds and images/s of an epoch by `what` it is of, device and threads, from the slowest; precision of the runs behind it.

    Beside the approaches: `forward`, one pass of the training images through the frozen network. The epoch
    of a last layer (`extract`) is its share of all that were trained together, on features that are there;
    `whole` has its part of computing them as well (its run's seconds over its epochs).
    """
    return reader.df(
        f"""
        WITH mine AS (SELECT * FROM ({EVALUATED}) WHERE dataset = $dataset AND px = $px),
        trained AS (
            SELECT j.job AS what, j.device, j.threads, string_agg(DISTINCT j.precision, ' and ' ORDER BY j.precision) AS precision, median(e.seconds / j.concurrency) AS epoch_s, median(e.images_per_s * j.concurrency) AS images_per_s
            FROM mine AS j JOIN epochs AS e USING (run_id) WHERE j.job <> 'adabn' GROUP BY ALL
        ), frozen AS (
            SELECT device, threads, precision, forward_s, seconds / epochs AS whole_s FROM mine WHERE job = 'extract' AND forward_s > 0
        )
        FROM trained
        UNION ALL SELECT 'forward', device, threads, string_agg(DISTINCT precision, ' and ' ORDER BY precision), median(forward_s), NULL FROM frozen GROUP BY ALL
        UNION ALL SELECT 'whole', device, threads, string_agg(DISTINCT precision, ' and ' ORDER BY precision), median(whole_s), NULL FROM frozen GROUP BY ALL
        ORDER BY epoch_s DESC
        """,
        {"dataset": dataset, "px": px},
    )


def comparable(rows: pd.DataFrame) -> pd.Series:
    """Of `epoch_seconds` the seconds by `what`, timed on the device and with the threads of the last layers (of several such the slowest's); empty without any."""
    own = rows[rows["what"] == "extract"]
    if own.empty:
        return pd.Series(dtype=float)
    same = rows[rows["device"].eq(own["device"].iloc[0]) & rows["threads"].fillna(0).eq(own["threads"].fillna(0).iloc[0])]
    return same.set_index("what")["epoch_s"]


def by_size(reader: Reader, dataset: str) -> pd.DataFrame:
    """The rows of `rates` that each approach chose, at every image size at which it has run: px and the columns of `rates`."""
    found = sizes(reader, []).query("dataset == @dataset")
    rows = [rates(reader, dataset, px).query("chosen").assign(px=px) for px in found["px"]]
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def by_class(reader: Reader, dataset: str, px: int) -> pd.DataFrame:
    """One row a class: test accuracy in percent of the chosen fine-tuning and of the chosen last layer (means over seeds), images, base_class."""
    return reader.df(
        f"""
        WITH best AS (
            SELECT job, lr FROM ({EVALUATED}) WHERE dataset = $dataset AND px = $px AND job IN ('finetune', 'extract')
            GROUP BY job, lr QUALIFY row_number() OVER (PARTITION BY job ORDER BY avg(val_percent) DESC, lr) = 1
        ), each AS (
            SELECT j.job, a.class_id, 100 * sum(a.correct) / sum(a.images) AS percent
            FROM ({EVALUATED}) AS j JOIN best USING (job, lr) JOIN class_accuracy AS a USING (run_id) WHERE j.dataset = $dataset AND j.px = $px GROUP BY ALL
        ), counts AS (
            SELECT class_id, any_value(class_name) AS class_name, any_value(base_class) AS base_class, sum(images) FILTER (split = 'train')::INTEGER AS train_images,
                   sum(images) FILTER (split = 'test')::INTEGER AS test_images, sum(images)::INTEGER AS images
            FROM class_counts WHERE dataset = $dataset AND run_id IN (SELECT run_id FROM ({DESCRIBED})) GROUP BY class_id
        )
        SELECT class_id, class_name, base_class, base_class IS NOT NULL AS in_imagenet, train_images, test_images, images,
               max(percent) FILTER (job = 'finetune') AS finetune_percent, max(percent) FILTER (job = 'extract') AS extract_percent,
               finetune_percent - extract_percent AS gain
        FROM each JOIN counts USING (class_id) GROUP BY ALL ORDER BY class_id
        """,
        {"dataset": dataset, "px": px},
    )


def confusions(reader: Reader, run: str, most: int) -> pd.DataFrame:
    """The most confused pairs of a run: class, what it was taken for, test images of it, and their share of the class in percent."""
    return reader.df(
        f"""
        WITH names AS (
            SELECT class_id, class_name FROM class_counts JOIN ({DESCRIBED}) AS d USING (run_id)
            WHERE d.dataset = (SELECT dataset FROM runs WHERE run_id = $run) AND split = 'test'
        )
        SELECT c.class_id, a.class_name, c.predicted_id, b.class_name AS taken_for, c.images, 100 * c.images / t.images AS percent
        FROM confusions AS c JOIN class_accuracy AS t USING (run_id, class_id) JOIN names AS a USING (class_id) JOIN names AS b ON b.class_id = c.predicted_id
        WHERE c.run_id = $run ORDER BY c.images DESC, percent DESC, c.class_id LIMIT $most
        """,
        {"run": run, "most": most},
    )
