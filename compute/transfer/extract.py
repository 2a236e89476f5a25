"""The experiment `extract`: ResNet-50 frozen, new last layers at several rates and seeds, and a linear classifier beside them (1.2a)."""

import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from compute import ComputeError
from compute import device as devices
from compute.batches import Resident
from compute.data import Images, Location
from compute.flops.count import count
from compute.judge import confusions, judgement, logistic, score
from compute.records import columns
from compute.transfer.base import FEATURES, IMAGENET_MEAN, IMAGENET_STD, adapt_batchnorm, origin_of, pretrained, resnet50
from compute.transfer.features import Features, digest, extract
from compute.transfer.heads import train_heads
from compute.transfer.task import SCALES, SYNTHETIC, record_of, splits
from compute.worklist import made_from
from store.artefact import Run, now, write_run

STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)  # of scikit-learn's C, chosen on val


def run(
    *, runs: Path, dataset: str, data: Location, px: int, scale: str, rates: tuple[float, ...], seeds: int, views: int, batchnorm: str, weights: Path | None,
    device: str, contributor: str, again: bool = False,
) -> list[Path]:  # fmt: skip
    """Cache the features, train all heads on them, fit the linear classifier, and write a run for each; returns their folders.

    With `batchnorm` = "target" the frozen network first takes BatchNorm's statistics from the train images
    as they are; the job is then `adabn`, a control beside `extract`, and has no linear classifier.
    All heads are one problem, so that they are trained together or, where all of them are there already
    and not asked for `again`, not at all.
    """
    if seeds < 1 or views < 1:
        raise ComputeError(f"--seeds is {seeds} and --views is {views}; both must be at least 1")
    target, place = SYNTHETIC if scale == "smoke" else dataset, devices.pick(device)
    origin = origin_of(weights)
    common = {
        "problem": "transfer",
        "scale": scale,
        "provenance": "measured",
        "model": "resnet50",
        "depth": 50,
        "dataset": target,
        "weights": origin,
        "device": devices.name(place),
        "contributor": contributor,
        "started_at": now(),
    }
    job = "extract" if batchnorm == "base" else "adabn"
    planned = [head_run(job, lr, seed, {"px": px}, common).run_id for lr in rates for seed in range(seeds)]
    planned += [linear_run({"px": px}, common).run_id] if job == "extract" else []
    if not again and all(made_from(runs / run_id, origin) for run_id in planned):
        print(f"{len(planned)} of {len(planned)} runs are there already; --again trains them anew")
        return []
    state = pretrained(weights)  # unfit weights are found before the images are decoded
    choose, report = splits(target, data, px)
    model = resnet50(len(report.classes), state, 0)
    forward = sum(layer.flops + layer.other_ops for layer in count(model, (3, px, px)))
    model.fc = nn.Identity()
    model.to(place, memory_format=torch.channels_last)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    resident, adapt_s, body = Resident(choose, place, IMAGENET_MEAN, IMAGENET_STD), 0.0, origin
    if job == "adabn":
        start = time.perf_counter()
        adapt_batchnorm(model, resident.testing(report.train_images, report.train_labels))
        body = f"{origin}, BatchNorm {digest(model.layer4[2].bn3.running_var.cpu())}"
        adapt_s = time.perf_counter() - start
    found = extract(model, choose, report, resident, views, body)
    base = {"px": px, "forward_flops": forward, "batchnorm": batchnorm, "threads": torch.get_num_threads(), **record_of(target, data, px)}
    recipe = SCALES[scale].recipe(1.0, 0)
    start = time.perf_counter()
    heads = train_heads(
        found.train, report.train_labels, found.val, choose.test_labels,
        classes=len(report.classes), rates=rates, seeds=tuple(range(seeds)), recipe=recipe,
    )  # fmt: skip
    heads_s = time.perf_counter() - start
    features_s = {"features_s": adapt_s + found.seconds["train"] + found.seconds["val"], "views_s": found.seconds["train"]}
    together = {"views": views, "heads_together": len(heads), "heads_s": heads_s}
    written = []
    for head in heads:
        config = {**recipe.plain(), "engine": "eager", "lr": head.lr, "seed": head.seed, **base, **features_s, **together}
        made = replace(
            head_run(job, head.lr, head.seed, config, common),
            seconds=features_s["features_s"] + heads_s / len(heads),
            note=f"the features were computed once for {len(heads)} last layers, which were trained together; seconds are those of the features that "
            "training and choosing need, and this layer's share of the rest",
        )
        test, val = head.logits(found.test), head.logits(found.val)
        tables = {**judgement(test, report.test_labels), "confusions": confusions(test, report.test_labels)}
        tables["scores"].append(score("val", val, choose.test_labels))
        written.append(write_run(made, {"epochs": columns(head.epochs), **tables}, runs))
        if head.seed == 0:
            right = tables["scores"][0]
            tqdm.write(f"{made.run_id}: val {head.epochs[-1]['val_accuracy']:.1%}, test {right['correct'] / right['images']:.1%}")
    return [*written, *([linear(found, choose.test_labels, report, base, common, runs)] if job == "extract" else [])]


def head_run(job: str, lr: float, seed: int, config: dict, common: dict) -> Run:
    """The record of one last layer."""
    return Run(job=job, identity=("dataset", "lr", "px"), config=config, lr=lr, seed=seed, **common)


def linear_run(config: dict, common: dict) -> Run:
    """The record of the linear classifier."""
    return Run(job="linear", identity=("dataset", "px"), config=config, **common)


def linear(found: Features, val_labels: Tensor, report: Images, base: dict, common: dict, runs: Path) -> Path:
    """A logistic regression on the features of the images as they are, its strength chosen on val; returns the run's folder."""
    started_at, start = now(), time.perf_counter()
    bar = tqdm(STRENGTHS, desc="linear classifier", unit="fit")
    fits = [logistic(found.plain, report.train_labels, [found.test, found.val], len(report.classes), strength) for strength in bar]
    fit_s = time.perf_counter() - start
    test, val = max(fits, key=lambda fit: int((fit[1].argmax(1) == val_labels).sum()))
    strength = next(each for each, fit in zip(STRENGTHS, fits, strict=True) if fit[0] is test)
    tables = {**judgement(test, report.test_labels), "confusions": confusions(test, report.test_labels)}
    tables["scores"].append(score("val", val, val_labels))
    if strength in (STRENGTHS[0], STRENGTHS[-1]):
        tqdm.write(f"the linear classifier chose the strength {strength:g}, the end of its list; the best may lie beyond")
    features_s = found.seconds["plain"] + found.seconds["val"]
    config = {**base, "strength": strength, "strengths": list(STRENGTHS), "features": FEATURES, "features_s": features_s}
    made = replace(
        linear_run(config, common),
        seconds=features_s + fit_s,
        started_at=started_at,
        note="scikit-learn's LogisticRegression on standardised features of the images without augmentation; seconds contain every strength that was tried",
    )
    right = tables["scores"][0]
    tqdm.write(f"{made.run_id}: test {right['correct'] / right['images']:.1%}")
    return write_run(made, tables, runs)
