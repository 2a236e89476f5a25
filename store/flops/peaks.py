"""Published peaks of devices, and inference on the K80."""

import pandas as pd

from store.reader import Reader

# the three networks of question 3.4
K80_MODELS = ("vgg16", "googlenet", "resnet50")


def devices(reader: Reader) -> pd.DataFrame:
    """Published peaks: TFLOPS (a multiply-accumulate as two) and memory bandwidth, as `label` names them."""
    return reader.df("""
        SELECT device || ', ' || precision || ', ' || condition AS label, device, gpu_type, condition, precision,
               peak_tflops, memory_gbps,
               source, confidence::VARCHAR AS confidence
        FROM devices ORDER BY rowid
    """)


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
            SELECT model, 'Lu et al. 2017' AS counted_by, mflops * 1e6 AS ops FROM lu_flops
            WHERE kind = 'Total' AND list_contains(?, model)
            UNION ALL
            SELECT model, 'our count', macs FROM networks WHERE list_contains(?, model)
        )
        SELECT network_name(model) AS network, counted_by, factor, factor * ops / 1e9 AS giga_ops, device, condition,
               peak_tflops,
               giga_ops / peak_tflops AS ms, 1e3 / ms AS images_per_s,
                   max(peak_tflops) OVER (PARTITION BY condition) AS board_tflops,
                       1e3 * board_tflops / giga_ops AS board_images_per_s,
               confidence::VARCHAR AS peak_confidence, model,
               counted_by = 'Lu et al. 2017' AND factor = 2 AND device = 'K80, one GK210' AND condition
                   = 'boost' AS recommended
        FROM work CROSS JOIN (VALUES (1), (2)) AS c(factor)
        JOIN devices ON gpu_type = 'K80' AND precision = 'fp32' AND condition IN ('boost', 'base clock')
        ORDER BY recommended DESC, model = 'resnet50', model = 'googlenet', counted_by, factor DESC, peak_tflops
        """,
        [list(K80_MODELS)] * 2,
    )


def k80_reality(reader: Reader) -> pd.DataFrame:
    """Measured K80 inference throughput by batch beside the recommended peak; `percent_of_peak` is FLOP utilisation."""
    peak = (
        k80_inference(reader)
        .query("recommended")[["model", "network", "images_per_s"]]
        .rename(columns={"images_per_s": "peak_images_per_s"})
    )
    measured = reader.df("""
        SELECT model, batch, images_per_s, source, platform, framework FROM throughputs
        WHERE gpu_type = 'K80' AND mode = 'inference' ORDER BY model, batch
    """)
    both = measured.merge(peak, on="model")
    return both.assign(percent_of_peak=100 * both["images_per_s"] / both["peak_images_per_s"])
