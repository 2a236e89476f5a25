"""The planner of Problem 3: a step of any counted network on any device, with a band and what it rests on."""

import math

import numpy as np
import pandas as pd

from compute.core.data_parallel import exchange_ms, link_of_ring_gbps
from compute.core.memory import Memory, inference_memory, largest_batch, training_memory
from compute.core.step_time import FP32_BYTES, StepTime, Work, at_peak_ms
from store.flops import platforms
from store.reader import Reader

OWN = "my device"
# what a prediction rests on, best first, and what is left out of the fits that its band comes from
BASES = {
    "network": "this network was measured on this device",
    "device": "other networks were measured on this device",
    "none": "nothing was measured on this device: medians of the constants of others",
}
LEFT_OUT = {"network": "batch", "device": "network", "none": "device"}
RESERVE_GB = 1.0  # of a device's memory, for the framework's context and workspaces


@platforms.once
def devices(reader: Reader) -> pd.DataFrame:
    """Each device with its highest published peak of each precision, bandwidth and memory; `gpu_type` and price."""
    return reader.df("""
        SELECT device, precision, any_value(gpu_type) AS gpu_type, max(peak_tflops) AS peak_tflops,
               max(memory_gbps) AS memory_gbps, max(memory_gb) AS memory_gb,
               arg_max(condition, peak_tflops) AS condition, arg_max(devices.source, peak_tflops) AS source,
               arg_max(devices.confidence, peak_tflops)::VARCHAR AS confidence, any_value(usd_per_hour) AS usd_per_hour
        FROM devices LEFT JOIN prices USING (gpu_type) GROUP BY device, precision ORDER BY min(devices.rowid)
    """)


def steps(
    reader: Reader,
    model: str,
    mode: str,
    precision: str,
    batch: int,
    own: tuple[float, float, float] | None = None,
    device: str | None = None,
    px: int | None = None,
) -> pd.DataFrame:
    """The predicted step of a network on every device that has the precision, or on `device`, in ms for a batch.

    `own` is a reader's device: peak in TFLOPS, bandwidth in GB/s, memory in GB; `px` the side of the images, by
    default that at which the network was counted. Columns: those of `devices`,
    `at_peak_ms`, `launches`, `ppp_percent`, `overhead_us`, `ms` with `low_ms` and `high_ms` (the band in which 90 % of
    the predictions of that kind were, `band_percent` wide), `basis` (a key of BASES), `framework`, `outside` (what was
    not measured, else empty), `images_per_s`, `memory_gb_needed`, `largest_batch`.
    """
    known = devices(reader).query("precision == @precision")
    if own:
        peak, bandwidth, memory = own
        mine = {
            "device": OWN,
            "precision": precision,
            "peak_tflops": peak,
            "memory_gbps": bandwidth,
            "memory_gb": memory,
        }
        known = pd.concat([known, pd.DataFrame([mine])], ignore_index=True)
    if device is not None:
        known = known[known["device"] == device]
    if known.empty:
        return known
    ratio, training = 1.0 if px is None else px / image_px(reader, model), mode == "training"
    work = _sized(reader, model, ratio)
    one, whole = (_memory(reader, model, mode, precision, images, ratio) for images in (1, batch))
    rows = []
    for row in known.itertuples():
        constants = _constants(reader, row.device, model, mode, precision, batch)
        outside = " and ".join(filter(None, [constants["outside"], "" if ratio == 1 else "the size of the images"]))
        estimate = at_peak_ms(
            work,
            training=training,
            batch=batch,
            peak_tflops=row.peak_tflops,
            memory_gbps=row.memory_gbps,
            precision=precision,
        )
        ms = float(constants["model"].ms(estimate, work.launches(training)))
        band = constants["band_percent"] / 100
        most = (
            largest_batch(row.memory_gb * 1e9, one, RESERVE_GB * 1e9)
            if one and row.memory_gb and not math.isnan(row.memory_gb)
            else None
        )
        rows.append(
            {
                "at_peak_ms": estimate,
                "launches": work.launches(training),
                "ppp_percent": 100 * constants["model"].ppp,
                "overhead_us": 1e3 * constants["model"].overhead_ms,
                "ms": ms,
                "low_ms": ms / (1 + band),
                "high_ms": ms * (1 + band),
                "band_percent": constants["band_percent"],
                "basis": constants["basis"],
                "framework": constants["framework"],
                "outside": outside,
                "images_per_s": 1e3 * batch / ms,
                "memory_gb_needed": whole.total_bytes / 1e9 if whole else np.nan,
                "largest_batch": most,
            }
        )
    return known.join(pd.DataFrame(rows, index=known.index))


def image_px(reader: Reader, model: str) -> int | None:
    """The side of the images at which a network was counted; None where it cannot take others.

    Attention grows otherwise than with the number of positions, and some inputs are no images.
    """
    row = reader.one(
        """
        SELECT input_px FROM networks AS n WHERE model = ? AND NOT EXISTS (
            SELECT * FROM layers WHERE layers.model = n.model AND kind = 'matmul'
        )
        """,
        [model],
    )
    return row[0] if row else None


def _sized(reader: Reader, model: str, ratio: float) -> Work:
    work = platforms.work(reader, model)
    return work if ratio == 1 else work.at_size(ratio, _by_position(reader, model))


def _by_position(reader: Reader, model: str) -> np.ndarray:
    """Which layers of a network work at every position of the image: those before its first fully connected one."""
    kinds = reader.df("SELECT kind FROM layers WHERE model = ? ORDER BY position", [model])["kind"]
    return ~(kinds == "fc").cummax().to_numpy()


def gradient_bytes(reader: Reader, model: str) -> float:
    """The bytes of a network's gradients in fp32."""
    return FP32_BYTES * float(np.sum(platforms.work(reader, model).params))


def scaled(
    reader: Reader, model: str, step_ms: float, devices: int, how: str, link_gbps: float, latency_us: float
) -> float:
    """A training step on several devices, each with a batch of its own (weak scaling), in ms: nothing overlaps."""
    return step_ms + exchange_ms(
        how, gradient_bytes(reader, model), devices=devices, link_gbps=link_gbps, latency_us=latency_us, servers=devices
    )


def scaling(reader: Reader) -> pd.DataFrame:
    """Published throughputs on several GPUs beside those on one: weak scaling's efficiency, and the link it implies.

    `link_gbps` is the bandwidth at which a ring all-reduce that nothing hides would take the extra time; NULL where
    several GPUs were not slower each.
    """
    rows = platforms.implied_ppp(reader).query("mode == 'training'")
    keys = ["source", "device", "framework", "platform", "model", "data", "precision", "batch"]
    one = rows.query("gpus == 1")[[*keys, "measured_ms"]].rename(columns={"measured_ms": "alone_ms"})
    many = rows.query("gpus > 1").merge(one, on=keys)
    extra = many["measured_ms"] - many["alone_ms"]
    many["efficiency_percent"] = 100 * many["alone_ms"] / many["measured_ms"]
    many["link_gbps"] = [
        link_of_ring_gbps(ms, gradient_bytes(reader, row.model), row.gpus) if ms > 0 else np.nan
        for ms, row in zip(extra, many.itertuples(), strict=True)
    ]
    return many[[*keys, "gpus", "alone_ms", "measured_ms", "efficiency_percent", "link_gbps"]].sort_values(
        ["device", "model", "platform", "gpus"]
    )


def _constants(reader: Reader, device: str, model: str, mode: str, precision: str, batch: int) -> dict:
    """The constants for a device, the band of such predictions, and what they rest on."""
    found = platforms.platforms(reader)
    mine = found[(found["device"] == device) & (found["mode"] == mode) & (found["precision"] == precision)]
    if mine.empty:
        typical = platforms.typical_constants(reader, mode, overhead=True)
        return {
            "model": typical or StepTime(ppp=1.0),
            "band_percent": _band(reader, "none", None),
            "basis": "none",
            "framework": "",
            "outside": "the device" if typical else "the device and the mode",
        }
    mine = mine.assign(has=[model in models.split(", ") for models in mine["models"]])
    best = mine.sort_values(["has", "measurements"], ascending=False).iloc[0]
    basis = "network" if best["has"] else "device"
    outside = [] if best["has"] else ["the network"]
    if not best["least_batch"] <= batch <= best["most_batch"]:
        least, most = best["least_batch"], best["most_batch"]
        outside.append(f"the batch (measured: {least if least == most else f'{least} to {most}'})")
    return {
        "model": StepTime(ppp=best["extended_ppp_percent"] / 100, overhead_ms=best["overhead_us"] / 1e3),
        "band_percent": _band(reader, basis, best),
        "basis": basis,
        "framework": best["framework"],
        "outside": " and ".join(outside),
    }


def _band(reader: Reader, basis: str, platform: pd.Series | None) -> float:
    """The error that 90 % of the predictions stayed within, in percent: of the platform, or else over all of them."""
    card = platforms.accuracy(reader).query("by == 'extended' and left_out == @LEFT_OUT[@basis]")
    if platform is not None:
        own = card[(card[platforms.PLATFORM] == platform[platforms.PLATFORM]).all(axis=1)]
        if len(own) and own["measurements"].iloc[0] >= platforms.ENOUGH:
            return float(own["high_percent"].iloc[0])
    return float(card[card["device"] == "all"]["high_percent"].iloc[0]) if len(card) else np.nan


def _memory(reader: Reader, model: str, mode: str, precision: str, batch: int, ratio: float) -> Memory | None:
    rows = reader.df(
        "SELECT params, live_bytes, kept_bytes, kept_index_bytes FROM layers WHERE model = ? ORDER BY position", [model]
    )
    if rows.empty or rows["live_bytes"].isna().any():
        return None
    grown = np.where(_by_position(reader, model), ratio**2, 1.0)
    rows[["live_bytes", "kept_bytes", "kept_index_bytes"]] *= grown[:, None]
    if mode == "training":
        return training_memory(
            rows["params"], rows["kept_bytes"], rows["kept_index_bytes"], batch=batch, precision=precision
        )
    return inference_memory(rows["params"], rows["live_bytes"], batch=batch, precision=precision)
