"""Time and memory of networks, predicted from the profile of a device, and how well that agrees with measurements."""

import numpy as np
import pandas as pd

from compute.core.augur import Element, Network, Product, Profile, layers_forward_ms, layers_step_ms
from compute.core.memory import inference_memory, training_memory
from store.reader import Reader

# how a page names the models of `time_predictions`, from the simplest
PREDICTORS = {
    "flops": "FLOPs over peak",
    "paleo": "PALEO with a fitted PPP",
    "paleo_overhead": "PALEO with a fitted PPP and overhead per layer",
    "augur_products": "matrix products profiled (Lu et al.)",
    "augur_layers": "every layer profiled",
    "augur_fitted": "every layer profiled, times a fitted factor",
}


def evaluated(reader: Reader) -> pd.DataFrame:
    """Measured times beside every model's prediction, of each device's largest scale; `error_percent` is signed."""
    rows = reader.df("""
        SELECT run_id, t.device, (r.config->>'threads')::INTEGER AS threads, t.model, network_name(t.model) AS network,
               pass, batch, predictor, predicted_ms, measured_ms, repeats,
               100 * (predicted_ms / measured_ms - 1) AS error_percent
        FROM time_predictions AS t JOIN runs AS r USING (run_id)
        QUALIFY r.scale = max(r.scale) OVER (PARTITION BY t.device, r.config->>'threads')
        ORDER BY t.device, threads, pass, measured_ms, predictor
    """)
    return rows.assign(name=rows["predictor"].map(PREDICTORS))


def errors(reader: Reader) -> pd.DataFrame:
    """Absolute relative error of each model in percent, by device and pass: median, 90 % quantile, largest; networks.

    `accuracy_percent` is 100 less the median. From the best.
    """
    rows = evaluated(reader)
    rows = rows.assign(error=rows["error_percent"].abs())
    grouped = rows.groupby(["run_id", "device", "threads", "pass", "predictor", "name"], as_index=False)["error"]
    found = grouped.agg(median="median", p90=lambda errors: errors.quantile(0.9), worst="max", networks="count")
    return found.assign(accuracy_percent=100 - found["median"]).sort_values(["device", "pass", "median"])


def profiles(reader: Reader) -> pd.DataFrame:
    """The profiled devices, each at its largest scale: run_id, device, threads, points, and a `label` of its own."""
    return reader.df("""
        SELECT run_id, p.device, p.threads, count(*) AS points, any_value(r.scale)::VARCHAR AS scale,
               p.device || ', ' || p.threads || CASE p.threads WHEN 1 THEN ' thread' ELSE ' threads' END AS label
        FROM profile_points AS p JOIN runs AS r USING (run_id) GROUP BY run_id, p.device, p.threads, r.scale
        QUALIFY r.scale = max(r.scale) OVER (PARTITION BY p.device, p.threads) ORDER BY p.device, p.threads
    """)


def profile_of(reader: Reader, run_id: str) -> Profile:
    """The profile that a run holds; remembered for this version of the store."""
    key = ("profile", run_id)
    if key not in reader.memo:
        rows = reader.df("SELECT * EXCLUDE (run_id) FROM profile_points WHERE run_id = ? ORDER BY position", [run_id])
        reader.memo[key] = Profile.of_rows(rows.to_dict("records"))
    return reader.memo[key]


def network_of(reader: Reader, model: str) -> Network:
    """What of a counted network decides its time."""
    layers = reader.df("SELECT position, kind, params, activation_bytes FROM layers WHERE model = ?", [model])
    products = reader.df(
        "SELECT * EXCLUDE (run_id, model, position, nth) FROM products WHERE model = ? ORDER BY position, nth", [model]
    )
    inside = reader.df("SELECT DISTINCT position FROM products WHERE model = ?", [model])["position"]
    others = layers[~layers["position"].isin(inside)]
    return Network(
        products=tuple(Product(**row) for row in products.to_dict("records")),
        elements=tuple(
            Element(kind=row.kind, elements=row.activation_bytes / 4) for row in others.itertuples(index=False)
        ),
        params=float(layers["params"].sum()),
    )


def predictable(reader: Reader) -> list[str]:
    """The counted networks whose matrix products are known."""
    return reader.df("SELECT DISTINCT model FROM products ORDER BY model")["model"].tolist()


def prediction(reader: Reader, model: str, run_id: str, batch: int) -> pd.DataFrame:
    """One row: ms of a forward pass and of a training step of a batch on a profiled device, memory of both in MiB
    (momentum, fp32), and the share of the multiply-accumulates whose sizes were profiled, in percent.

    The device's name is that of the profile's run.
    """
    network, profile = network_of(reader, model), profile_of(reader, run_id)
    layers = reader.df("SELECT params, live_bytes, kept_bytes, kept_index_bytes FROM layers WHERE model = ?", [model])
    counted = layers.fillna(0)
    inference = inference_memory(counted["params"], counted["live_bytes"], batch=batch)
    training = training_memory(
        counted["params"], counted["kept_bytes"], float(np.sum(counted["kept_index_bytes"])), batch=batch
    )
    return pd.DataFrame(
        [
            {
                "model": model,
                "batch": batch,
                "forward_ms": layers_forward_ms(network, profile, batch),
                "step_ms": layers_step_ms(network, profile, batch),
                "inference_mib": inference.total_bytes / 2**20,
                "training_mib": training.total_bytes / 2**20,
                "covered_percent": profile.covered_percent([one.of_batch(batch) for one in network.products]),
            }
        ]
    )


def lu_memory(reader: Reader) -> pd.DataFrame:
    """Lu et al.'s Table 4 beside the counts of Caffe's networks, in MiB, and the difference in percent.

    weights: all parameters; data: the input and the output of every layer, ReLU and Scale too, as if nothing
    were done in place; workspace: the patches (im2col) of every convolution, one group at a time.
    """
    return reader.df("""
        WITH counted AS (
            SELECT model, sum(params) * 4 AS weights,
                   sum(activation_bytes) + coalesce(sum(activation_bytes) FILTER (kind = 'norm'), 0)
                       + max(input_bytes) FILTER (position = 0) AS data
            FROM layers GROUP BY model
        ), patches AS (
            SELECT model, sum(4 * depth * columns * repeats) AS workspace FROM products WHERE kernel > 0 GROUP BY model
        ), long AS (
            UNPIVOT (SELECT model, weights::DOUBLE AS weights, data::DOUBLE AS data, workspace::DOUBLE AS workspace
                     FROM counted JOIN patches USING (model))
            ON weights, data, workspace INTO NAME part VALUE bytes
        )
        SELECT l.place, l.model, network_name(l.model) AS network, l.part, l.mebibytes AS printed,
               bytes / 1048576 AS counted, 100 * (counted / printed - 1) AS difference_percent
        FROM lu_memory AS l JOIN long AS c
             ON c.part = l.part AND c.model = CASE l.model WHEN 'vgg16' THEN 'vgg16' ELSE 'caffe_' || l.model END
        ORDER BY l.rowid
    """)
