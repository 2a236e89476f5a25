"""Problem 3's queries: counted layers, Lu et al.'s tables, measured times, implied Platform Percent of Peak."""

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
# the three networks of question 3.4
K80_MODELS = ("vgg16", "googlenet", "resnet50")
# forward, gradient with respect to the inputs, gradient with respect to the weights
TRAINING_PASSES = 3
LU_NAMES = "CASE model WHEN 'alexnet' THEN 'AlexNet' WHEN 'vgg16' THEN 'VGG-16' WHEN 'googlenet' THEN 'GoogLeNet' ELSE 'ResNet-50' END"


def networks(reader: Reader) -> pd.DataFrame:
    """Every counted network: parameters, MACs, other operations, what its library prints, the difference in percent."""
    return reader.df("""
        SELECT model, variant, family, input_px, params, macs, 2 * macs AS flops, other_ops, published_gmacs,
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
    """VGG-16's and VGG-19's convolutions and fully connected layers under their usual names (conv3_4, fc6)."""
    return reader.df("""
        WITH staged AS (
            SELECT *, 1 + coalesce(sum((kind = 'pool' AND name NOT LIKE 'avgpool%')::INTEGER)
                               OVER (PARTITION BY model ORDER BY position ROWS UNBOUNDED PRECEDING), 0) AS stage
            FROM layers WHERE model IN ('vgg16', 'vgg19')
        ), weighted AS (
            SELECT *, row_number() OVER (PARTITION BY model, kind, CASE kind WHEN 'conv' THEN stage END ORDER BY position) AS nth
            FROM staged WHERE macs > 0
        )
        SELECT CASE model WHEN 'vgg16' THEN 'VGG-16' ELSE 'VGG-19' END AS network,
               CASE kind WHEN 'conv' THEN 'conv' || stage::INTEGER || '_' || nth ELSE 'fc' || (5 + nth) END AS layer,
               kind, output_shape, params, macs, flops, other_ops, 100 * macs / sum(macs) OVER (PARTITION BY model) AS share_percent
        FROM weighted ORDER BY model, position
    """)


def kinds(reader: Reader, model: str) -> pd.DataFrame:
    """What each kind of layer adds up to in one network: layers, parameters, MACs, FLOPs, other operations."""
    return reader.df(
        """
        SELECT kind, count(*) AS layers, sum(params)::BIGINT AS params, sum(macs)::BIGINT AS macs, sum(flops)::BIGINT AS flops,
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
    counted = reader.df("SELECT model, kind, sum(macs + other_ops) / 1e6 AS mops FROM layers GROUP BY ALL").merge(names, on="kind")
    totals = counted.groupby("model", as_index=False)["mops"].sum().assign(lu_kind="Total")
    counted = pd.concat([counted, totals])[["model", "lu_kind", "mops"]]
    lu = reader.df("SELECT place, model, kind AS lu_kind, mflops AS printed FROM lu_flops")
    caffe = counted[counted["model"].str.startswith("caffe_") | (counted["model"] == "vgg16")]
    caffe = caffe.assign(model=caffe["model"].str.removeprefix("caffe_")).rename(columns={"mops": "caffe"})
    both = lu.merge(counted.rename(columns={"mops": "torchvision"}), how="left").merge(caffe, how="left")
    for name in ("torchvision", "caffe"):
        both[f"{name}_difference_percent"] = 100 * (both[name] / both["printed"] - 1)
    return both


def lu_gap(reader: Reader) -> pd.DataFrame:
    """Lu et al.'s sum of layer times against the whole forward pass: ratio, overhead in ms, in all and for each layer."""
    return reader.df(f"""
        SELECT t.place, model, {LU_NAMES} AS network, platform, CASE WHEN platform LIKE '%GPU' THEN 'GPU' ELSE 'CPU' END AS processor,
               f.layers, t.ms AS sum_ms, w.ms AS forward_ms, t.ms - w.ms AS overhead_ms, t.ms / w.ms AS ratio,
               (t.ms - w.ms) / f.layers AS overhead_per_layer_ms
        FROM lu_times AS t
        JOIN lu_times AS w USING (model, platform)
        JOIN lu_flops AS f USING (model)
        WHERE t.kind = 'Total' AND w.kind = 'Forward' AND f.kind = 'Total'
        ORDER BY t.place, platform
    """)


def lu_times(reader: Reader) -> pd.DataFrame:
    """Tables 2, 3, 5 and 6 of Lu et al. as printed: ms and standard deviation by layer type and platform."""
    return reader.df("SELECT place, model, platform, kind, ms, sd_ms, share_percent FROM lu_times ORDER BY place, platform, rowid")


def own_gap(reader: Reader) -> pd.DataFrame:
    """Our own measurement: whole pass, sum of synchronised layers, and sum of amortised layers, at the largest scale of each device."""
    return reader.df("""
        WITH mine AS (
            SELECT t.*, r.scale, r.provenance, max(r.scale) OVER (PARTITION BY t.device, t.model, t.batch) AS largest
            FROM timings AS t JOIN runs AS r USING (run_id)
        ), modes AS (
            SELECT run_id, model, device, batch, mode, sum(ms) AS ms, count(*) AS rows, max(repeats) AS repeats
            FROM mine WHERE scale = largest GROUP BY ALL
        )
        SELECT run_id, model, device, batch, max(repeats) AS repeats, max(CASE mode WHEN 'layerwise' THEN rows END) AS layers,
               max(CASE mode WHEN 'full' THEN ms END) AS forward_ms,
               max(CASE mode WHEN 'layerwise' THEN ms END) AS sum_ms, max(CASE mode WHEN 'amortised' THEN ms END) AS amortised_ms,
               sum_ms / forward_ms AS ratio, amortised_ms / forward_ms AS amortised_ratio, (sum_ms - forward_ms) / layers AS overhead_per_layer_ms
        FROM modes GROUP BY run_id, model, device, batch ORDER BY device, model, batch
    """)


def timings(reader: Reader, run: str) -> pd.DataFrame:
    """Every measured row of one run: layer by layer, in each mode."""
    return reader.df("SELECT mode, position, what, kind, ms, sd_ms, repeats FROM timings WHERE run_id = ? ORDER BY mode, position", [run])


def devices(reader: Reader) -> pd.DataFrame:
    """Published peaks: TFLOPS (a multiply-accumulate as two) and memory bandwidth, as `label` names them."""
    return reader.df("""
        SELECT device || ', ' || precision || ', ' || condition AS label, device, gpu_type, condition, precision, peak_tflops, memory_gbps,
               source, confidence::VARCHAR AS confidence
        FROM devices ORDER BY rowid
    """)


def implied_ppp(reader: Reader) -> pd.DataFrame:
    """Published throughput × FLOPs of an image ÷ peak: the Platform Percent of Peak that a measurement implies.

    FLOPs are our count (convolutions and matrix products, two a multiply-accumulate); a training image
    costs three forward passes. The peak is the device's highest published one at the same precision;
    rows whose precision is not stated are read as fp32.
    """
    return reader.df(
        """
        WITH peaks AS (
            SELECT device, precision, max(peak_tflops) AS peak_tflops FROM devices
            WHERE precision IN ('fp32', 'mixed') GROUP BY ALL
        )
        SELECT t.gpu_type, t.device, t.framework, t.platform, t.model, t.mode, t.data, t.precision, t.gpus, t.batch,
               t.images_per_s / t.gpus AS images_per_s_gpu, CASE t.mode WHEN 'training' THEN ? ELSE 1 END * 2 * n.macs / 1e9 AS gflop_per_image,
               p.peak_tflops, 100 * images_per_s_gpu * gflop_per_image / 1e3 / p.peak_tflops AS ppp_percent,
               t.source, t.confidence::VARCHAR AS confidence
        FROM throughputs AS t
        JOIN networks AS n USING (model)
        JOIN peaks AS p ON p.device = t.device AND p.precision = CASE t.precision WHEN 'mixed' THEN 'mixed' ELSE 'fp32' END
        WHERE t.gpu_type IN ('K80', 'P100', 'V100')
        ORDER BY t.gpu_type, t.mode, t.framework, t.model, t.batch, t.gpus
        """,
        [TRAINING_PASSES],
    )


def k80_inference(reader: Reader) -> pd.DataFrame:
    """Inference time of one image and peak throughput on the K80 under every reading.

    `count`: the paper's printed FLOPs or our own (torchvision's network, convolutions and matrix
    products); `ops_per_mac`: as printed (1) or as peak figures count (2); `recommended` marks the
    reading that fits what runs: two operations, one GK210, boost clock.
    """
    return reader.df(
        f"""
        WITH work AS (
            SELECT model, 'Lu et al. 2017' AS counted_by, mflops * 1e6 AS macs FROM lu_flops WHERE kind = 'Total' AND list_contains(?, model)
            UNION ALL
            SELECT model, 'our count', macs FROM networks WHERE list_contains(?, model)
        )
        SELECT model, {LU_NAMES} AS network, counted_by, ops_per_mac, ops_per_mac * macs / 1e9 AS giga_ops, device, condition, peak_tflops,
               giga_ops / peak_tflops AS ms, 1e3 * peak_tflops / giga_ops AS images_per_s,
               counted_by = 'Lu et al. 2017' AND ops_per_mac = 2 AND device = 'K80, one GK210' AND condition = 'boost' AS recommended
        FROM work CROSS JOIN (VALUES (1), (2)) AS c(ops_per_mac)
        JOIN devices ON gpu_type = 'K80' AND precision = 'fp32' AND condition IN ('boost', 'base clock')
        ORDER BY recommended DESC, model = 'resnet50', model = 'googlenet', counted_by, ops_per_mac DESC, peak_tflops
        """,
        [list(K80_MODELS)] * 2,
    )


def k80_reality(reader: Reader) -> pd.DataFrame:
    """Measured K80 inference throughput by batch beside the recommended peak: the percentage is the PPP."""
    peak = k80_inference(reader).query("recommended")[["model", "network", "images_per_s"]].rename(columns={"images_per_s": "peak_images_per_s"})
    measured = reader.df("""
        SELECT model, batch, images_per_s, source, platform, framework FROM throughputs
        WHERE gpu_type = 'K80' AND mode = 'inference' ORDER BY model, batch
    """)
    both = measured.merge(peak, on="model")
    return both.assign(percent_of_peak=100 * both["images_per_s"] / both["peak_images_per_s"])


def values(reader: Reader) -> dict[str, object]:
    """What the written answers of Problem 3 quote, by placeholder; None where the store has nothing."""
    return _vgg_values(reader) | _gap_values(reader) | _ppp_values(reader) | _k80_values(reader)


def _vgg_values(reader: Reader) -> dict[str, object]:
    rows, found = vgg_layers(reader), {}
    for network, key in (("VGG-16", "vgg16"), ("VGG-19", "vgg19")):
        mine = rows[rows["network"] == network]
        conv = mine[mine["kind"] == "conv"]
        if conv.empty:
            continue
        every = kinds(reader, key).assign(ops=lambda k: k["macs"] + k["other_ops"]).set_index("kind")["ops"]
        found |= {
            f"{key}_gflop": mine["flops"].sum() / 1e9,
            f"{key}_conv_gflop": conv["flops"].sum() / 1e9,
            f"{key}_fc_gflop": (mine["flops"].sum() - conv["flops"].sum()) / 1e9,
            f"{key}_conv_share": conv["share_percent"].sum(),
            f"{key}_conv_share_all": 100 * every["conv"] / every.sum(),
            f"{key}_conv_param_share": 100 * conv["params"].sum() / mine["params"].sum(),
            f"{key}_params_m": mine["params"].sum() / 1e6,
            f"{key}_conv_mops": every["conv"] / 1e6,
        }
    lu = reader.df("SELECT model, kind, mflops, share_percent FROM lu_flops WHERE kind IN ('CONV', 'Total')")
    for row in lu.itertuples():
        found[f"lu_{row.model}_{row.kind.lower()}_mflops"] = row.mflops
        if row.kind == "CONV":
            found[f"lu_{row.model}_conv_share"] = row.share_percent
    return found


def _gap_values(reader: Reader) -> dict[str, object]:
    rows, found = lu_gap(reader), {}
    if not rows.empty:
        worst, cpu = rows.loc[rows["ratio"].idxmax()], rows[rows["processor"] == "CPU"]
        found |= {
            "gap_worst_ratio": worst["ratio"],
            "gap_worst_network": worst["network"],
            "gap_worst_platform": worst["platform"],
            "gap_worst_sum_ms": worst["sum_ms"],
            "gap_worst_forward_ms": worst["forward_ms"],
            "gap_cpu_percent": 100 * (cpu["ratio"] - 1).abs().max(),
        }
        for row in rows.itertuples():
            found[f"gap_{row.model}_{row.platform.replace(' ', '_').lower()}_ms"] = row.overhead_ms
    own = own_gap(reader)
    if not own.empty:
        found |= {
            "own_device": own["device"].iloc[0],
            "own_ratio_low": own["ratio"].min(),
            "own_ratio_high": own["ratio"].max(),
            "own_amortised_low": own["amortised_ratio"].min(),
            "own_amortised_high": own["amortised_ratio"].max(),
        }
    return found


def _ppp_values(reader: Reader) -> dict[str, object]:
    rows, found = implied_ppp(reader), {}
    if rows.empty:
        return found
    one = rows[(rows["gpus"] == 1) & (rows["model"] == "resnet50") & (rows["precision"] != "mixed")]
    for (gpu, mode), group in one.groupby(["gpu_type", "mode"]):
        found[f"ppp_{gpu}_{mode}_low".lower()] = group["ppp_percent"].min()
        found[f"ppp_{gpu}_{mode}_high".lower()] = group["ppp_percent"].max()
    mixed = rows[(rows["gpus"] == 1) & (rows["precision"] == "mixed")]
    found["ppp_v100_mixed_high"] = mixed["ppp_percent"].max() if len(mixed) else None
    return found


def _k80_values(reader: Reader) -> dict[str, object]:
    found = {}
    for row in k80_inference(reader).query("recommended").itertuples():
        found |= {f"k80_{row.model}_ms": row.ms, f"k80_{row.model}_images_per_s": row.images_per_s, "k80_peak_tflops": row.peak_tflops}
    for model, group in k80_reality(reader).groupby("model"):
        found |= {f"k80_{model}_percent_low": group["percent_of_peak"].min(), f"k80_{model}_percent_high": group["percent_of_peak"].max()}
    return found
