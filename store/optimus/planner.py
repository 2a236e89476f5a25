"""Plans for any training: the presets that a reader starts from, and every plan of the numbers that they give."""

import math

import pandas as pd

from compute.core import plans
from compute.core.speed import (
    AllReduceSpeed,
    AsynchronousSpeed,
    Network,
    SynchronousSpeed,
    by_size_and_link,
)
from compute.core.vocabulary import ASKED_EPOCHS, HELD_OUT_DEPTH
from store.optimus.plans import speed_models
from store.optimus.speeds import coefficients
from store.reader import Reader

SERVERS, ALL_REDUCE = "parameter servers", "all-reduce"
EXCHANGES = (SERVERS, ALL_REDUCE)
CIFAR, IMAGENET, PAPER = "CIFAR-10, ResNet-50", "ImageNet, ResNet-50", "ImageNet, ResNet-50 on the paper's cluster"
PRESETS = (IMAGENET, PAPER, CIFAR)
# a usual recipe and its batch, for a reader to change: neither is a result
IMAGENET_EPOCHS, IMAGENET_BATCH, LINK_GBPS = 90, 256, 10.0


def preset(reader: Reader, name: str) -> pd.DataFrame:
    """One row: epochs, images of an epoch, batch, parameters in millions and link in Gbit/s of a preset.

    Published are the images and parameters of ImageNet's ResNet-50, and M and link of the paper's cluster;
    CIFAR's images and parameters are those of the report's trainings. The rest are usual values to be changed.
    """
    row = reader.df("""
        SELECT max(try_cast(value AS DOUBLE)) FILTER (key = 'optimus_resnet50_params_millions') AS parameters_millions,
               max(try_cast(value AS DOUBLE)) FILTER (key = 'optimus_testbed_network_gbps') AS link_gbps,
               max(try_cast(value AS DOUBLE)) FILTER (key = 'optimus_m_implied') AS batch,
               (SELECT value FROM optimus_jobs WHERE network = 'ResNet-50' AND quantity = 'examples') AS images
        FROM published
    """)
    if name == PAPER:
        return row.assign(epochs=IMAGENET_EPOCHS)
    if name == IMAGENET:
        return row.assign(epochs=IMAGENET_EPOCHS, batch=IMAGENET_BATCH, link_gbps=LINK_GBPS)
    trained = reader.df("""
        SELECT any_value((config->>'parameters')::DOUBLE) / 1e6 AS parameters_millions FROM runs
        WHERE problem = 'optimus' AND job = 'plan'
    """)
    known = trained["parameters_millions"].fillna(1.0)
    return row.assign(epochs=ASKED_EPOCHS, images=50_000, batch=128, link_gbps=LINK_GBPS, parameters_millions=known)


def paper_theta(reader: Reader) -> tuple[float, ...]:
    """θ0 to θ4 of the synchronous model in the paper's Table 2."""
    rows = reader.df(
        "SELECT try_cast(value AS DOUBLE) AS value FROM published WHERE key LIKE 'optimus_sync_theta_' ORDER BY key"
    )
    return tuple(rows["value"])


def known_coefficients(reader: Reader) -> pd.DataFrame:
    """The synchronous models whose θ a reader can start from: name, theta0 to theta4, and `measured` here or not.

    First the paper's own, then those fitted to its first author's published speeds and to those measured here.
    """
    paper = pd.DataFrame(
        {"name": ["the paper, Table 2"], **{f"theta{i}": [value] for i, value in enumerate(paper_theta(reader))}}
    ).assign(measured=False)
    fitted = coefficients(reader).query("mode == @MODES[0]")
    return pd.concat([paper, fitted[[*paper.columns]]], ignore_index=True).dropna()


def workers(reader: Reader, name: str) -> pd.DataFrame:
    """Kinds of worker to start from: worker, images_per_s of one, usd_per_hour, source of the throughput.

    For ImageNet the largest published training throughput in fp32 of one GPU, for CIFAR that of the plan's own
    speed models; the paper's cluster has one kind, whose price is not known (0).
    """
    prices = reader.df("SELECT gpu_type AS worker, usd_per_hour FROM prices")
    if name == PAPER:
        return pd.DataFrame({"worker": ["its worker"], "images_per_s": [math.nan], "usd_per_hour": [0.0]})
    if name == CIFAR:
        models = speed_models(reader).dropna(subset=["gpu_type"])
        rows = pd.DataFrame(
            {"worker": models["gpu_type"], "images_per_s": 1 / models["theta0"], "source": models["source"]}
        )
    else:
        rows = reader.df(
            """
            SELECT gpu_type AS worker, max(images_per_s) AS images_per_s, arg_max(source, images_per_s) AS source
            FROM throughputs
            WHERE model = ? AND mode = 'training' AND precision = 'fp32' AND gpus = 1 GROUP BY gpu_type
            """,
            [f"resnet{HELD_OUT_DEPTH}"],
        )
    return rows.merge(prices, on="worker").sort_values("usd_per_hour", ignore_index=True)


def planned(
    kinds: tuple[tuple[str, float, float], ...],
    *,
    epochs: float,
    images: float,
    batch: float,
    network: Network,
    exchange: str,
    server_usd_per_h: float,
) -> pd.DataFrame:
    """Every plan of a training on kinds of workers (name, images/s, USD/h) by the network's size and link (Eq. 2).

    Columns as of `priced`; a worker by itself has no servers.
    """
    parts = []
    for name, images_per_s, usd_per_h in kinds:
        speed = (
            AllReduceSpeed(network=network, images_per_s=images_per_s, batch=batch)
            if exchange == ALL_REDUCE
            else by_size_and_link(network, images_per_s=images_per_s, batch=batch)
        )
        parts.append(priced(name, speed, epochs * images, epochs, batch, usd_per_h, server_usd_per_h))
    return with_front(parts)


def by_theta(
    model: SynchronousSpeed | AsynchronousSpeed,
    *,
    epochs: float,
    images: float,
    batch: float,
    usd_per_h: float,
    server_usd_per_h: float,
) -> pd.DataFrame:
    """Every plan of a training on a cluster whose speed model is known by its θ. Columns as of `priced`."""
    return with_front([priced("your cluster", model, epochs * images, epochs, batch, usd_per_h, server_usd_per_h)])


def priced(
    name: str,
    speed: SynchronousSpeed | AsynchronousSpeed | AllReduceSpeed,
    images: float,
    epochs: float,
    batch: float,
    usd_per_h: float,
    server_usd_per_h: float,
) -> pd.DataFrame:
    """The plans of one kind of worker: worker, servers, workers, hours, epoch_hours, usd."""
    alone = isinstance(speed, SynchronousSpeed)
    servers = (0,) if isinstance(speed, AllReduceSpeed) else plans.SERVERS
    grid = plans.plan(speed, images=images, batch=batch, servers=servers, standalone=alone)
    usd = plans.cost_usd(
        grid.hours, grid.workers, grid.servers, gpu_usd_per_h=usd_per_h, server_usd_per_h=server_usd_per_h
    )
    return pd.DataFrame({"worker": name, **vars(grid), "epoch_hours": grid.hours / epochs, "usd": usd})


def with_front(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """All plans, fastest first; `front`: no other is both as fast and as cheap. Empty without any."""
    if not parts:
        return pd.DataFrame()
    rows = pd.concat(parts).sort_values(["hours", "usd"], ignore_index=True)
    return rows.assign(front=plans.pareto_front(rows["hours"], rows["usd"]))
