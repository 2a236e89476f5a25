"""Published peaks and throughputs: implied Platform Percent of Peak, inference on the K80."""

import pandas as pd

from compute.core.vocabulary import GPU_TYPES
from store.reader import Reader

# the three networks of question 3.4
K80_MODELS = ("vgg16", "googlenet", "resnet50")
# forward, gradient with respect to the inputs, gradient with respect to the weights
TRAINING_PASSES = 3


def devices(reader: Reader) -> pd.DataFrame:
    """Published peaks: TFLOPS (a multiply-accumulate as two) and memory bandwidth, as `label` names them."""
    return reader.df("""
        SELECT device || ', ' || precision || ', ' || condition AS label, device, gpu_type, condition, precision, peak_tflops, memory_gbps,
               source, confidence::VARCHAR AS confidence
        FROM devices ORDER BY rowid
    """)


def implied_ppp(reader: Reader) -> pd.DataFrame:
    """Published throughput × FLOPs of an image ÷ peak: the Platform Percent of Peak that a measurement implies.

    FLOPs are our count (convolutions and matrix products, two a multiply-accumulate) in GFLOP; a
    training image costs three forward passes. The peak in TFLOPS is the device's highest published
    one at the same precision; rows whose precision is not stated are read as fp32. `confidence` is of
    the throughput, `peak_confidence` of the peak.
    """
    return reader.df(
        """
        WITH peaks AS (
            SELECT device, precision, max(peak_tflops) AS peak_tflops, arg_max(confidence, peak_tflops)::VARCHAR AS peak_confidence
            FROM devices WHERE precision IN ('fp32', 'mixed') GROUP BY ALL
        )
        SELECT t.gpu_type, t.device, t.framework, t.platform, t.model, t.mode, t.data, t.precision, t.gpus, t.batch,
               t.images_per_s / t.gpus AS images_per_s_gpu, CASE t.mode WHEN 'training' THEN ? ELSE 1 END * 2 * n.macs / 1e9 AS gflop_per_image,
               p.peak_tflops, 100 * images_per_s_gpu * gflop_per_image / 1e3 / p.peak_tflops AS ppp_percent,
               t.source, t.confidence::VARCHAR AS confidence, p.peak_confidence
        FROM throughputs AS t
        JOIN networks AS n USING (model)
        JOIN peaks AS p ON p.device = t.device AND p.precision = CASE t.precision WHEN 'mixed' THEN 'mixed' ELSE 'fp32' END
        WHERE list_contains(?, t.gpu_type)
        ORDER BY t.gpu_type, t.mode, t.framework, t.model, t.batch, t.gpus
        """,
        [TRAINING_PASSES, list(GPU_TYPES)],
    )


def k80_inference(reader: Reader) -> pd.DataFrame:
    """Inference time of one image (ms) and peak throughput (images/s) on the K80 under every reading.

    `counted_by`: the paper's printed FLOPs or our own count (torchvision's network, convolutions and
    matrix products); `factor`: those operations as they are (1) or doubled (2), as peak figures count
    multiply-accumulates; the paper's total also holds a little work that is not, and is doubled with
    it. `board_images_per_s` is at the board's own peak at the same clock, both GPUs at work. `recommended` marks
    the reading that fits what runs: doubled, one GK210, boost clock.
    """
    return reader.df(
        """
        WITH work AS (
            SELECT model, 'Lu et al. 2017' AS counted_by, mflops * 1e6 AS ops FROM lu_flops WHERE kind = 'Total' AND list_contains(?, model)
            UNION ALL
            SELECT model, 'our count', macs FROM networks WHERE list_contains(?, model)
        )
        SELECT network_name(model) AS network, counted_by, factor, factor * ops / 1e9 AS giga_ops, device, condition, peak_tflops,
               giga_ops / peak_tflops AS ms, 1e3 / ms AS images_per_s, max(peak_tflops) OVER (PARTITION BY condition) AS board_tflops, 1e3 * board_tflops / giga_ops AS board_images_per_s,
               confidence::VARCHAR AS peak_confidence, model,
               counted_by = 'Lu et al. 2017' AND factor = 2 AND device = 'K80, one GK210' AND condition = 'boost' AS recommended
        FROM work CROSS JOIN (VALUES (1), (2)) AS c(factor)
        JOIN devices ON gpu_type = 'K80' AND precision = 'fp32' AND condition IN ('boost', 'base clock')
        ORDER BY recommended DESC, model = 'resnet50', model = 'googlenet', counted_by, factor DESC, peak_tflops
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
