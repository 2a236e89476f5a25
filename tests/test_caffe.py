"""Caffe's networks, counted, against what Lu et al. print in their Tables 2, 3, 4, 5 and 6."""

import csv
from functools import cache

import pytest

from compute.flops.layers import layers_of
from tests.conftest import PROJECT

KINDS = {
    "CONV": "conv",
    "POOL": "pool",
    "LRN": "lrn",
    "ReLU": "relu",
    "FC": "fc",
    "BatchNorm": "norm",
    "Scale": "scale",
    "Eltwise": "eltwise",
}
NETWORKS = {"alexnet": "caffe_alexnet", "vgg16": "vgg16", "googlenet": "caffe_googlenet", "resnet50": "caffe_resnet50"}

with open(PROJECT / "store" / "published" / "lu_flops.csv", encoding="utf-8", newline="") as file:
    PRINTED = {(row["model"], row["kind"]): row for row in csv.DictReader(file)}


@cache
def rows(model: str) -> list:
    return layers_of(NETWORKS[model])[1]


def mops(model: str, kind: str | None = None) -> float:
    """Millions of operations, a multiply-accumulate counted once."""
    return sum(row.macs + row.other_ops for row in rows(model) if kind in (None, row.kind)) / 1e6


@pytest.mark.parametrize(
    ("model", "kind"), [key for key in PRINTED if key[1] != "Total" and key != ("resnet50", "CONV")]
)
def test_each_row_is_what_they_print(model, kind):
    printed = PRINTED[model, kind]["mflops"]
    digits = len(printed.partition(".")[2])
    assert round(mops(model, KINDS[kind]), digits) == float(printed)


def test_their_resnet_has_a_bias_in_every_convolution():
    conv = [row for row in rows("resnet50") if row.kind == "conv"]
    assert sum(row.other_ops > 0 for row in conv) == 1
    as_theirs = sum(row.macs + row.activation_bytes / 4 for row in conv) / 1e6
    assert abs(as_theirs - float(PRINTED["resnet50", "CONV"]["mflops"])) < 1
    assert abs(mops("resnet50", "conv") - as_theirs) > 9


def test_their_total_for_resnet_leaves_the_sums_out():
    conv = [row for row in rows("resnet50") if row.kind == "conv"]
    as_theirs = (
        mops("resnet50") - mops("resnet50", "conv") + sum(row.macs + row.activation_bytes / 4 for row in conv) / 1e6
    )
    total = float(PRINTED["resnet50", "Total"]["mflops"])
    assert round(as_theirs - mops("resnet50", "eltwise")) == total
    assert as_theirs - total > 5


@pytest.mark.parametrize("model", ["alexnet", "vgg16", "googlenet"])
def test_totals(model):
    assert abs(mops(model) - float(PRINTED[model, "Total"]["mflops"])) < 1


@pytest.mark.parametrize(("model", "kind"), [key for key in PRINTED if key[1] != "Total"])
def test_numbers_of_layers(model, kind):
    found = sum(row.kind == KINDS[kind] for row in rows(model))
    extra = (model, kind) == ("vgg16", "POOL")  # torchvision's VGG has one more, which changes nothing at 224 px
    assert found == int(PRINTED[model, kind]["layers"]) + extra


@pytest.mark.parametrize(
    ("model", "megabytes"), [("alexnet", 233), ("vgg16", 528), ("googlenet", 26), ("resnet50", 97)]
)
def test_weights_fill_the_memory_of_their_table_4(model, megabytes):
    assert abs(4 * sum(row.params for row in rows(model)) / 2**20 - megabytes) < 1
