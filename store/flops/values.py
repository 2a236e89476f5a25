"""What the written answers of Problem 3 quote."""

from store.flops import counts, peaks, times
from store.reader import Reader


def values(reader: Reader) -> dict[str, object]:
    """What the written answers of Problem 3 quote, by placeholder; None where the store has nothing."""
    return _vgg_values(reader) | _gap_values(reader) | _ppp_values(reader) | _k80_values(reader)


def _vgg_values(reader: Reader) -> dict[str, object]:
    rows, found = counts.vgg_layers(reader), {}
    for network, mine in rows.groupby("network"):
        key, conv, fc = network.replace("-", "").lower(), mine[mine["kind"] == "conv"], mine[mine["kind"] == "fc"]
        found |= {
            f"{key}_gflop": mine["flops"].sum() / 1e9,
            f"{key}_conv_gflop": conv["flops"].sum() / 1e9,
            f"{key}_fc_gflop": fc["flops"].sum() / 1e9,
            f"{key}_conv_share": conv["share_percent"].sum(),
            f"{key}_conv_share_all": conv["every_percent"].sum(),
            f"{key}_conv_param_share": 100 * conv["params"].sum() / mine["params"].sum(),
            f"{key}_params_m": mine["params"].sum() / 1e6,
            f"{key}_conv_mops": (conv["macs"] + conv["other_ops"]).sum() / 1e6,
        }
    for row in reader.df("SELECT model, mflops FROM lu_flops WHERE kind = 'Total'").itertuples():
        found[f"lu_{row.model}_total_mflops"] = row.mflops
    printed = reader.one("SELECT mflops, share_percent FROM lu_flops WHERE model = 'vgg16' AND kind = 'CONV'") or (None, None)
    return found | {"lu_vgg16_conv_mflops": printed[0], "lu_vgg16_conv_share": printed[1]}


def _gap_values(reader: Reader) -> dict[str, object]:
    rows, found = times.lu_gap(reader), {}
    if not rows.empty:
        worst, cpu = rows.loc[rows["ratio"].idxmax()], rows[rows["processor"] == "CPU"]
        found |= {f"gap_worst_{name}": worst[name] for name in ("ratio", "network", "platform", "place", "sum_ms", "forward_ms")}
        found["gap_cpu_percent"] = 100 * (cpu["ratio"] - 1).abs().max()
        overheads = rows[rows["platform"] == "TX1 GPU"].set_index("model")["overhead_ms"]
        found |= {f"gap_{model}_tx1_gpu_ms": overheads.get(model) for model in ("googlenet", "resnet50")}
    own = times.own_gap(reader).query("device_kind == 'cpu' and batch == 1")
    if not own.empty:
        found |= {
            "own_device": own["device"].iloc[0],
            **{f"own_{end}_{name}": own.loc[at, name] for end, at in (("below", own["ratio"].idxmin()), ("near", own["ratio"].idxmax())) for name in ("network", "layers")},
            "own_ratio_low": own["ratio"].min(),
            "own_ratio_high": own["ratio"].max(),
            "own_amortised_low": own["amortised_ratio"].min(),
            "own_amortised_high": own["amortised_ratio"].max(),
        }
    return found | _rate_values(reader)


def _rate_values(reader: Reader) -> dict[str, object]:
    """Rates of two kinds of ResNet-50's layers on the CPU at hand."""
    rows = times.own_rates(reader)
    mine = rows.query("model == 'caffe_resnet50' and device_kind == 'cpu' and batch == 1").drop_duplicates("kind").set_index("kind")
    return {
        f"own_{kind}_{name}": mine[column].get(kind)
        for kind in ("conv", "relu")
        for name, column in (("rate", "giga_ops_per_s"), ("time_percent", "time_percent"))
    }


def _ppp_values(reader: Reader) -> dict[str, object]:
    rows, found = peaks.implied_ppp(reader), {}
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
    for row in peaks.k80_inference(reader).query("recommended").itertuples():
        found |= {
            f"k80_{row.model}_ms": row.ms,
            f"k80_{row.model}_images_per_s": row.images_per_s,
            f"k80_{row.model}_board_images_per_s": row.board_images_per_s,
            "k80_peak_tflops": row.peak_tflops,
            "k80_board_tflops": row.board_tflops,
            "k80_peak_confidence": row.peak_confidence,
        }
    for model, group in peaks.k80_reality(reader).groupby("model"):
        found |= {f"k80_{model}_percent_low": group["percent_of_peak"].min(), f"k80_{model}_percent_high": group["percent_of_peak"].max()}
    return found

QUOTABLE: dict = {}
