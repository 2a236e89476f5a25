"""Platforms: the constants of the step-time models, fitted to published throughputs, and how well they predict others.

A platform is a device with its framework, mode and precision. Precision that a source does not state is read as fp32.
"""

import numpy as np
import pandas as pd

from compute.core.step_time import StepTime, Work, at_peak_ms, fit
from store.reader import Reader

PLATFORM = ["device", "framework", "mode", "precision"]
# what is left out for a prediction: all measurements of its batch, or of its network
LEFT_OUT = {"batch": "batch", "network": "model"}
# the devices that a device without measurements is predicted from have platforms with as many measurements at least
ENOUGH = 3
# the models: the column of their predictions, and whether they have an overhead for each launch
MODELS = {"paleo": False, "extended": True}


def work(reader: Reader, model: str) -> Work:
    """The work of one image in a counted network, layer by layer; once for each version of the store."""
    memo = reader.memo.setdefault("work", {})
    if model not in memo:
        rows = reader.df(
            "SELECT flops, input_bytes, activation_bytes, params FROM layers WHERE model = ? ORDER BY position", [model]
        )
        flops, inputs, outputs, params = (rows[name].to_numpy(float) for name in rows)
        memo[model] = Work(flops=flops, input_bytes=inputs, output_bytes=outputs, params=params)
    return memo[model]


def implied_ppp(reader: Reader) -> pd.DataFrame:
    """Each published throughput of a counted network, with the Platform Percent of Peak that it implies.

    `at_peak_ms` is PALEO's estimate of a GPU's step at the highest published peak of its precision, memory traffic
    included; `ppp_percent` that estimate ÷ the measured time, the constant that makes PALEO right for this row;
    `flop_utilisation_percent` counts the operations alone. Per GPU where there are several. `confidence` is of the
    throughput, `peak_confidence` of the peak.
    """
    if "implied_ppp" not in reader.memo:
        rows = reader.df("""
            WITH peaks AS (
                SELECT device, precision, max(peak_tflops) AS peak_tflops, max(memory_gbps) AS memory_gbps,
                       arg_max(confidence, peak_tflops)::VARCHAR AS peak_confidence
                FROM devices GROUP BY ALL
            )
            SELECT t.gpu_type, t.device, t.framework, t.platform, t.model, t.mode, t.data,
                   CASE t.precision WHEN 'not stated' THEN 'fp32' ELSE t.precision END AS precision,
                   t.precision = 'not stated' AS precision_assumed, t.gpus, t.batch,
                   t.images_per_s / t.gpus AS images_per_s_gpu, 1e3 * t.batch / images_per_s_gpu AS measured_ms,
                   p.peak_tflops, p.memory_gbps, t.source, t.confidence::VARCHAR AS confidence, p.peak_confidence
            FROM throughputs AS t
            JOIN peaks AS p ON p.device = t.device
                 AND p.precision = CASE t.precision WHEN 'not stated' THEN 'fp32' ELSE t.precision END
            WHERE t.model IN (SELECT model FROM networks)
            ORDER BY t.gpu_type, t.mode, t.framework, t.model, t.batch, t.gpus
        """)
        reader.memo["implied_ppp"] = _with_estimates(reader, rows)
    return reader.memo["implied_ppp"].copy()


def _with_estimates(reader: Reader, rows: pd.DataFrame) -> pd.DataFrame:
    estimates = []
    for row in rows.itertuples():
        one, training = work(reader, row.model), row.mode == "training"
        estimates.append(
            {
                "at_peak_ms": at_peak_ms(
                    one,
                    training=training,
                    batch=row.batch,
                    peak_tflops=row.peak_tflops,
                    memory_gbps=row.memory_gbps,
                    precision=row.precision,
                ),
                "launches": one.launches(training),
                "gflop_per_image": one.image_flops(training) / 1e9,
            }
        )
    found = rows.join(pd.DataFrame(estimates, columns=["at_peak_ms", "launches", "gflop_per_image"], index=rows.index))
    return found.assign(
        ppp_percent=100 * found["at_peak_ms"] / found["measured_ms"],
        flop_utilisation_percent=found["images_per_s_gpu"] * found["gflop_per_image"] / found["peak_tflops"] / 10,
    )


def platforms(reader: Reader) -> pd.DataFrame:
    """The fitted constants of each platform, one GPU: PPP of PALEO's model, PPP and overhead of the extended one.

    `measurements`, `batches` and `networks` are those fitted to, `least_batch` to `most_batch` their range.
    """
    columns = [
        *PLATFORM,
        *("ppp_percent", "extended_ppp_percent", "overhead_us"),
        *("measurements", "batches", "networks", "least_batch", "most_batch", "models"),
    ]
    rows = []
    for _, group in _single(reader).groupby(PLATFORM):
        paleo, extended = (_fit(group, overhead) for overhead in MODELS.values())
        batches, models = group["batch"], sorted(group["model"].unique())
        rows.append(
            [
                *group[PLATFORM].iloc[0],
                *(100 * paleo.ppp, 100 * extended.ppp, 1e3 * extended.overhead_ms),
                *(len(group), batches.nunique(), len(models), batches.min(), batches.max(), ", ".join(models)),
            ]
        )
    return pd.DataFrame(rows, columns=columns)


def predictions(reader: Reader) -> pd.DataFrame:
    """Each measurement on one GPU, predicted from others: those of other batches or networks on its platform, or those
    of all other devices (`typical_constants`).

    Long form: the columns of `implied_ppp`, `left_out` (batch, network or device), `by` (paleo or extended),
    `predicted_ms` and
    `error_percent` (signed, of the measured time). Rows for which nothing is left to fit to are not there.
    """
    if "step_predictions" not in reader.memo:
        rows = []
        for _, group in _single(reader).groupby(PLATFORM):
            for left_out, column in LEFT_OUT.items():
                for value in group[column].unique():
                    unseen, seen = group[group[column] == value], group[group[column] != value]
                    if seen.empty:
                        continue
                    for by, overhead in MODELS.items():
                        ms = _fit(seen, overhead).ms(unseen["at_peak_ms"], unseen["launches"])
                        rows.append(unseen.assign(left_out=left_out, by=by, predicted_ms=ms))
            device, _, mode, _ = group[PLATFORM].iloc[0]
            for by, overhead in MODELS.items():
                typical = typical_constants(reader, mode, overhead=overhead, without=device)
                if typical:
                    ms = typical.ms(group["at_peak_ms"], group["launches"])
                    rows.append(group.assign(left_out="device", by=by, predicted_ms=ms))
        found = pd.concat(rows) if rows else _single(reader).assign(left_out=None, by=None, predicted_ms=np.nan)
        found["error_percent"] = 100 * (found["predicted_ms"] / found["measured_ms"] - 1)
        reader.memo["step_predictions"] = found
    return reader.memo["step_predictions"].copy()


def typical_constants(reader: Reader, mode: str, *, overhead: bool, without: str = "") -> StepTime | None:
    """The medians of the constants of all platforms of a mode, those of the device `without` left out.

    They stand for a device of which nothing was measured; None where no platform has ENOUGH measurements.
    """
    found = platforms(reader).query("mode == @mode and measurements >= @ENOUGH and device != @without")
    if found.empty:
        return None
    ppp, overhead_us = found[
        ["extended_ppp_percent", "overhead_us"] if overhead else ["ppp_percent", "measurements"]
    ].median()
    return StepTime(ppp=ppp / 100, overhead_ms=overhead_us / 1e3 if overhead else 0.0)


def accuracy(reader: Reader) -> pd.DataFrame:
    """The accuracy card: median and 90 % quantile of the error on measurements that the fit did not see, in percent.

    By platform, and over all of them (`device` is "all"), by what was left out and by model.
    """
    found = predictions(reader)
    found = found.assign(size=found["error_percent"].abs())
    each = found.groupby([*PLATFORM, "left_out", "by"], as_index=False)["size"].agg(**_SUMMARY)
    every = found.groupby(["left_out", "by"], as_index=False)["size"].agg(**_SUMMARY)
    every = every.assign(**dict.fromkeys(PLATFORM, "all"))
    return pd.concat([every, each])[[*PLATFORM, "left_out", "by", *_SUMMARY]].reset_index(drop=True)


_SUMMARY = {
    "measurements": "count",
    "median_percent": "median",
    "high_percent": lambda errors: errors.quantile(0.9),
    "within_30_percent": lambda errors: 100 * (errors <= 30).mean(),
}


def _single(reader: Reader) -> pd.DataFrame:
    return implied_ppp(reader).query("gpus == 1")


def _fit(rows: pd.DataFrame, overhead: bool) -> StepTime:
    return fit(rows["at_peak_ms"], rows["launches"], rows["measured_ms"], overhead=overhead)
