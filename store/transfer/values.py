"""The queries of Problem 1 that answers quote, of the report's own target data set, each with its keys."""

import math

import pandas as pd

from compute.core.training_flops import last_layer_parameters
from store.quotes import Quotable, quotables
from store.reader import Reader
from store.transfer import classes, costs, curves, dataset, evaluated

# the target data set of the written answers, and the image size that they are about unless they name another
TARGET, PX = "flowers102", 64


def target(reader: Reader) -> pd.DataFrame:
    """One row: the target data set, and `guess_loss`, the cross-entropy of guessing among its classes."""
    rows = dataset.datasets(reader).query("dataset == @TARGET")
    return rows.assign(guess_loss=[math.log(count) for count in rows["classes"]])


def parameters(reader: Reader) -> pd.DataFrame:
    """One row: millions of parameters of ResNet-50 without its last layer, and of one for the target's classes."""
    base = reader.df(
        "SELECT sum(params) / 1e6 AS base_m FROM layers WHERE model = 'resnet50' AND kind <> 'fc' HAVING count(*) > 0"
    )
    heads = [last_layer_parameters(count) / 1e6 for count in target(reader)["classes"]]
    return base.merge(pd.DataFrame({"last_layer_m": heads}), how="cross")


def balance(reader: Reader) -> pd.DataFrame:
    """Images of the target's classes, by split."""
    return dataset.balance(reader, TARGET)


def origins(reader: Reader) -> pd.DataFrame:
    """One row: base weights and devices of the runs."""
    return evaluated.origins(reader, TARGET, PX)


def rates(reader: Reader) -> pd.DataFrame:
    """Accuracies and costs by approach and learning rate."""
    return evaluated.rates(reader, TARGET, PX)


def best(reader: Reader) -> pd.DataFrame:
    """Accuracies and costs of each approach at its chosen rate, by approach and image size."""
    return evaluated.by_size(reader, TARGET)


def compared(reader: Reader) -> pd.DataFrame:
    """Differences and ratios between two approaches at their chosen rates, each at an image size."""
    return costs.compared(reader, TARGET)


def curve_summary(reader: Reader) -> pd.DataFrame:
    """Training losses at the ends and at the first milestone, by approach and learning rate."""
    return curves.curve_summary(reader, TARGET, PX)


def epochs(reader: Reader) -> pd.DataFrame:
    """Seconds of an epoch by what it contains, on the device and with the threads of the last layers."""
    return costs.comparable_epochs(reader, TARGET, PX)


def class_summary(reader: Reader) -> pd.DataFrame:
    """One row: how many classes fine-tuning gains on, and by how much."""
    return classes.class_summary(reader, TARGET, PX)


QUOTABLE = quotables(
    Quotable(query=target),
    Quotable(query=parameters),
    Quotable(query=balance, keys=("split",)),
    Quotable(query=origins),
    Quotable(query=rates, keys=("job", "lr")),
    Quotable(query=best, keys=("job", "px")),
    Quotable(query=compared, keys=("job", "px", "other_job", "other_px")),
    Quotable(query=curve_summary, keys=("job", "lr")),
    Quotable(query=epochs, keys=("what",)),
    Quotable(query=class_summary),
)
