"""Counted networks and layers, and Lu et al.'s FLOPs beside them."""

import pandas as pd

from store.reader import Reader

# Lu et al.'s name of a layer type for each kind that the counter knows
LU_KINDS = {
    "conv": "CONV",
    "pool": "POOL",
    "lrn": "LRN",
    "relu": "ReLU",
    "fc": "FC",
    "norm": "BatchNorm",
    "scale": "Scale",
    "eltwise": "Eltwise",
    "concat": "Concat",
}


# every layer of VGG-16 and VGG-19 under its usual name (conv3_4, relu3_4, pool3, fc6)
VGG_LAYERS = """
    WITH staged AS (
        SELECT *, 1 + coalesce(sum((kind = 'pool')::INTEGER) OVER before, 0) AS stage
        FROM layers WHERE model IN ('vgg16', 'vgg19') AND name NOT LIKE 'avgpool%'
        WINDOW before AS (PARTITION BY model ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), numbered AS (
        SELECT *, row_number() OVER (PARTITION BY model, kind, stage ORDER BY position) AS nth FROM staged
    )
    SELECT network_name(model) AS network, position,
           CASE WHEN kind = 'pool' THEN 'pool' || stage WHEN stage > 5 THEN kind || (5 + nth)
               ELSE kind || stage || '_' || nth END AS layer,
           kind, output_shape, params, macs, flops, other_ops,
               100 * macs / sum(macs) OVER (PARTITION BY model) AS share_percent,
           100 * (macs + other_ops) / sum(macs + other_ops) OVER (PARTITION BY model) AS every_percent
    FROM numbered
"""


def networks(reader: Reader) -> pd.DataFrame:
    """Every counted network: parameters, MACs, other operations, what its library prints, the difference in percent.

    `shape` is of one input; `uncounted` names operations without a rule (NULL: there are none), with their shares of
    parameters and of leaf modules in percent.
    """
    return reader.df("""
        SELECT run_id, model, variant, family, coalesce(input_shape, concat_ws('×', 3, input_px, input_px)) AS shape,
               uncounted, 100 * uncounted_params / params AS uncounted_params_percent,
               100 * uncounted_modules / modules AS uncounted_modules_percent,
               params, macs, 2 * macs AS flops, other_ops, published_gmacs,
               100 * (macs / 1e9 / published_gmacs - 1) AS difference_percent
        FROM networks ORDER BY variant DESC, model
    """)


def layers(reader: Reader, model: str) -> pd.DataFrame:
    """The rows of one network in order of execution, with each row's share of all MACs."""
    return reader.df(
        """
        SELECT position, name, kind, output_shape, params, macs, flops, other_ops, input_bytes, activation_bytes,
               100 * macs / sum(macs) OVER () AS share_percent
        FROM layers WHERE model = ? ORDER BY position
        """,
        [model],
    )


def vgg_layers(reader: Reader) -> pd.DataFrame:
    """Every layer of VGG-16 and VGG-19 under its usual name (conv3_4, relu3_4, pool3, fc6), in order of execution.

    `share_percent` is of the network's MACs, `every_percent` of all its operations, a MAC counted once.
    """
    return reader.df(f"SELECT * EXCLUDE (position) FROM ({VGG_LAYERS}) ORDER BY network, position")


def kinds(reader: Reader, model: str) -> pd.DataFrame:
    """What each kind of layer adds up to in one network: layers, parameters, MACs, FLOPs, other operations."""
    return reader.df(
        """
        SELECT kind, count(*) AS layers, sum(params)::BIGINT AS params, sum(macs)::BIGINT AS macs,
               sum(flops)::BIGINT AS flops,
               sum(other_ops)::BIGINT AS other_ops, sum(activation_bytes)::BIGINT AS activation_bytes
        FROM layers WHERE model = ? GROUP BY kind ORDER BY sum(macs) DESC, sum(other_ops) DESC
        """,
        [model],
    )


def lu_against_counts(reader: Reader) -> pd.DataFrame:
    """Lu et al.'s FLOPs rows beside two counts: torchvision's network, and the Caffe version that they measured.

    All in millions with a multiply-accumulate counted once and everything else once, as they count;
    differences in percent of the printed value. VGG-16 is the same network in both.
    """
    names = pd.DataFrame({"kind": LU_KINDS.keys(), "lu_kind": LU_KINDS.values()})
    counted = reader.df("SELECT model, kind, sum(macs + other_ops) / 1e6 AS mops FROM layers GROUP BY ALL").merge(
        names, on="kind"
    )
    totals = counted.groupby("model", as_index=False)["mops"].sum().assign(lu_kind="Total")
    counted = pd.concat([counted, totals])[["model", "lu_kind", "mops"]]
    lu = reader.df("SELECT place, model, kind AS lu_kind, mflops AS printed FROM lu_flops")
    caffe = counted[counted["model"].str.startswith("caffe_") | (counted["model"] == "vgg16")]
    caffe = caffe.assign(model=caffe["model"].str.removeprefix("caffe_")).rename(columns={"mops": "caffe"})
    both = lu.merge(counted.rename(columns={"mops": "torchvision"}), how="left").merge(caffe, how="left")
    for name in ("torchvision", "caffe"):
        both[f"{name}_difference_percent"] = 100 * (both[name] / both["printed"] - 1)
    return both
