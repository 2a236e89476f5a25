"""The experiment `extract`: new last layers on the frozen ResNet-50 at four rates, and a linear probe (1.2a).

It shows which learning rate suits a last layer alone, and what fine-tuning has above it and costs more:

    python -m compute extract                       four rates with five seeds each, and the probe
    python -m compute extract --px 128              the same on the images enlarged
    python -m compute extract --batchnorm target    the same on BatchNorm statistics of the target (AdaBN)

Cost at scale paper, on a CPU in fp32: 4 core-minutes for all last layers at 64 pixels, 9 at 128, and 5 with
AdaBN at 64, most of them for the features; the probe takes 1 at 64 pixels and 2 at 128. Accuracies: the tables
of the answers 1.2a and 1.2b, `rates(extract, …)` and `best(linear_probe, …)` of `store/transfer/values.py`.
"""

import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from compute.core.runs import Run, now, write_run
from compute.core.training_flops import RESNET50_FEATURES
from compute.data import Images
from compute.training import device as devices
from compute.training.device_dataset import DeviceDataset
from compute.training.evaluation import confusions, metrics, score
from compute.training.records import columns
from compute.training.sweep import already_done, has_artefact
from compute.transfer.base import IMAGENET_MEAN, IMAGENET_STD, pretrained
from compute.transfer.extraction import Extraction
from compute.transfer.features import Features, extract
from compute.transfer.frozen import Frozen, frozen_network
from compute.transfer.heads import Head, train_heads
from compute.transfer.probe import C_VALUES, best_probe
from compute.transfer.task import SCALES, record_of, splits

HEAD_NOTE = (
    "the features were computed once for {heads} last layers, which were trained together; seconds are those of the "
    "features that training and choosing need, and this layer's share of the rest"
)
PROBE_NOTE = (
    "scikit-learn's LogisticRegression on standardised features of the images without augmentation; "
    "seconds contain every C that was tried"
)


def run(request: Extraction) -> list[Path]:
    """Train all heads and the linear probe on cached features and write a run for each; returns their folders.

    All heads are one problem, so that they are trained together or, where all of them have run already and are
    not asked for `again`, not at all.
    """
    planned = request.planned()
    if not request.again and all(has_artefact(request.runs / run.run_id, request.origin) for run in planned):
        print(already_done(len(planned), len(planned)))
        return []
    started_at, weights = now(), pretrained(request.weights)
    val_data, test_data = splits(request.target, request.data, request.px)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    device_dataset = DeviceDataset(val_data, devices.pick(request.device), IMAGENET_MEAN, IMAGENET_STD)
    frozen = frozen_network(request, weights, device_dataset, test_data)
    features = extract(frozen.model, val_data, test_data, device_dataset, request.augmentations, frozen.origin)
    config = {
        "px": request.px,
        "forward_flops": frozen.forward_flops,
        "batchnorm": request.batchnorm,
        "threads": torch.get_num_threads(),
        **record_of(request.target, request.data, request.px),
    }
    written = run_heads(request, features, frozen, val_data, test_data, config, started_at)
    if request.job == "extract":
        written.append(run_probe(request, features, val_data, test_data, config))
    return written


def run_heads(
    request: Extraction,
    features: Features,
    frozen: Frozen,
    val_data: Images,
    test_data: Images,
    config: dict,
    started_at: str,
) -> list[Path]:
    """Train the heads of all rates and seeds and write a run for each; returns their folders."""
    recipe, start = SCALES[request.scale].recipe(1.0, 0), time.perf_counter()
    heads = train_heads(
        features.train,
        test_data.train_labels,
        features.val,
        val_data.test_labels,
        classes=len(test_data.classes),
        lrs=request.lrs,
        seeds=tuple(range(request.seeds)),
        recipe=recipe,
    )
    heads_s = time.perf_counter() - start
    features_s = frozen.adapt_s + features.seconds["train"] + features.seconds["val"]
    config = {
        **recipe.as_dict(),
        "execution_mode": "eager",
        **config,
        "features_s": features_s,
        "augmentations_s": features.seconds["train"],
        "augmentations": request.augmentations,
        "heads_together": len(heads),
        "heads_s": heads_s,
    }
    written = []
    for head in heads:
        record = replace(
            request.head_record(head.lr, head.seed),
            config={**config, "lr": head.lr, "seed": head.seed},
            seconds=features_s + heads_s / len(heads),
            started_at=started_at,
            note=HEAD_NOTE.format(heads=len(heads)),
        )
        written.append(write_head(record, head, features, val_data, test_data, request.runs))
    return written


def write_head(record: Run, head: Head, features: Features, val_data: Images, test_data: Images, runs: Path) -> Path:
    """Evaluate a head on val and test and write its run; returns the folder. The first seed's are printed."""
    tables = evaluation_tables(
        head.logits(features.test), test_data.test_labels, head.logits(features.val), val_data.test_labels
    )
    if head.seed == 0:
        test = tables["scores"][0]
        val_accuracy = head.epochs[-1]["val_accuracy"]
        tqdm.write(f"{record.run_id}: val {val_accuracy:.1%}, test {test['correct'] / test['images']:.1%}")
    return write_run(record, {"epochs": columns(head.epochs), **tables}, runs)


def run_probe(request: Extraction, features: Features, val_data: Images, test_data: Images, config: dict) -> Path:
    """Fit the linear probe on the features of the unaugmented images and write its run; returns the folder."""
    started_at = now()
    probe = best_probe(features, test_data.train_labels, val_data.test_labels, len(test_data.classes))
    tables = evaluation_tables(probe.test, test_data.test_labels, probe.val, val_data.test_labels)
    features_s = features.seconds["unaugmented"] + features.seconds["val"]
    record = replace(
        request.probe_record(),
        config={
            **config,
            "C": probe.C,
            "C_values": list(C_VALUES),
            "features": RESNET50_FEATURES,
            "features_s": features_s,
        },
        seconds=features_s + probe.seconds,
        started_at=started_at,
        note=PROBE_NOTE,
    )
    test = tables["scores"][0]
    tqdm.write(f"{record.run_id}: test {test['correct'] / test['images']:.1%}")
    return write_run(record, tables, request.runs)


def evaluation_tables(test: Tensor, test_labels: Tensor, val: Tensor, val_labels: Tensor) -> dict[str, list[dict]]:
    """The tables `scores`, `class_accuracy` and `confusions` of logits N x classes on both splits."""
    tables = {**metrics(test, test_labels), "confusions": confusions(test, test_labels)}
    tables["scores"].append(score("val", val, val_labels))
    return tables
