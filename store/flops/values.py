"""The queries of Problem 3 that answers quote, each with the columns that tell its rows apart."""

import pandas as pd

from store.flops import counts, peaks, platforms, times
from store.quotes import Quotable, quotables
from store.reader import Reader


def vgg_totals(reader: Reader) -> pd.DataFrame:
    """VGG-16 and VGG-19: GFLOP of all layers, convolutions and fully connected layers, and shares of the convolutions.

    `conv_share` is of the multiply-accumulates, `conv_share_all` of all operations counted once, in percent.
    """
    return reader.df(f"""
        SELECT network, sum(flops) / 1e9 AS gflop, sum(params) / 1e6 AS params_m,
               sum(flops) FILTER (kind = 'conv') / 1e9 AS conv_gflop, sum(flops) FILTER (kind = 'fc') / 1e9 AS fc_gflop,
               sum(share_percent) FILTER (kind = 'conv') AS conv_share,
               sum(every_percent) FILTER (kind = 'conv') AS conv_share_all,
               100 * sum(params) FILTER (kind = 'conv') / sum(params) AS conv_param_share,
               sum(macs + other_ops) FILTER (kind = 'conv') / 1e6 AS conv_mops
        FROM ({counts.VGG_LAYERS}) GROUP BY network
    """)


def lu_flops(reader: Reader) -> pd.DataFrame:
    """The FLOPs rows that Lu et al. print: millions of operations and share in percent, by network and layer type."""
    return reader.df("SELECT model, kind, mflops, share_percent FROM lu_flops")


def lu_gap_extremes(reader: Reader) -> pd.DataFrame:
    """One row: the measurement of Lu et al. with the largest ratio, and the largest difference on a CPU in percent."""
    rows = times.lu_gap(reader)
    if rows.empty:
        return rows
    cpu = rows[rows["processor"] == "CPU"]
    return rows.loc[[rows["ratio"].idxmax()]].assign(cpu_percent=100 * (cpu["ratio"] - 1).abs().max())


def own_gap_range(reader: Reader) -> pd.DataFrame:
    """Our own timings of single images on a CPU: the networks with the lowest and with the highest ratio of layers to
    pass.

    `end` is `lowest` or `highest`; `amortised_ratio` is the lowest or highest of all networks.
    """
    rows = times.own_gap(reader).query("device_kind == 'cpu' and batch == 1")
    if rows.empty:
        return rows.assign(end=[])
    ends = rows.loc[[rows["ratio"].idxmin(), rows["ratio"].idxmax()]]
    amortised = rows["amortised_ratio"]
    return ends.assign(end=["lowest", "highest"], amortised_ratio=[amortised.min(), amortised.max()])


def own_resnet_rates(reader: Reader) -> pd.DataFrame:
    """Rates by kind of layer of Caffe's ResNet-50 for single images on the CPU at hand."""
    rows = times.own_rates(reader).query("model == 'caffe_resnet50' and device_kind == 'cpu' and batch == 1")
    return rows.drop_duplicates("kind")


def implied_ppp_range(reader: Reader) -> pd.DataFrame:
    """Lowest and highest implied PPP of ResNet-50 on one GPU, in fp32 (stated or assumed), by GPU type and mode."""
    rows = platforms.implied_ppp(reader).query("gpus == 1 and model == 'resnet50' and precision == 'fp32'")
    return rows.groupby(["gpu_type", "mode"], as_index=False)["ppp_percent"].agg(low="min", high="max")


def k80_recommended(reader: Reader) -> pd.DataFrame:
    """Inference on the K80 under the recommended reading, by network."""
    return peaks.k80_inference(reader).query("recommended")


def k80_peaks(reader: Reader) -> pd.DataFrame:
    """One row: the peaks that the recommended reading takes, of one GPU and of the board, and how surely they are
    known.
    """
    return k80_recommended(reader)[["peak_tflops", "board_tflops", "peak_confidence"]].drop_duplicates()


def k80_reality_range(reader: Reader) -> pd.DataFrame:
    """Lowest and highest measured share of the peak throughput on the K80 in percent, by network."""
    rows = peaks.k80_reality(reader)
    return rows.groupby("model", as_index=False)["percent_of_peak"].agg(low="min", high="max")


QUOTABLE = quotables(
    Quotable(query=vgg_totals, keys=("network",)),
    Quotable(query=lu_flops, keys=("model", "kind")),
    Quotable(query=lu_gap_extremes),
    Quotable(query=times.lu_gap, keys=("model", "platform")),
    Quotable(query=own_gap_range, keys=("end",)),
    Quotable(query=own_resnet_rates, keys=("kind",)),
    Quotable(query=implied_ppp_range, keys=("gpu_type", "mode")),
    Quotable(query=platforms.accuracy, keys=(*platforms.PLATFORM, "left_out", "by")),
    Quotable(query=k80_recommended, keys=("model",)),
    Quotable(query=k80_peaks),
    Quotable(query=k80_reality_range, keys=("model",)),
)
