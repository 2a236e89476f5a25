"""The experiment `extract`: ResNet-50 frozen, new last layers at several rates and seeds, and a linear classifier beside them (1.2a)."""

import time
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from tqdm import tqdm

from compute import ComputeError
from compute import device as devices
from compute.batches import Resident
from compute.flops.count import count
from compute.judge import confusions, judgement, score
from compute.records import columns
from compute.transfer.base import FEATURES, IMAGENET_MEAN, IMAGENET_STD, pretrained, resnet50
from compute.transfer.features import Features, extract
from compute.transfer.heads import train_heads
from compute.transfer.task import SCALES, SYNTHETIC, record_of, splits
from store.artefact import Run, write_run

STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)  # of scikit-learn's C, chosen on val


def run(
    *, runs: Path, dataset: str, data: Path | None, px: int, scale: str, rates: tuple[float, ...], seeds: int, views: int, weights: Path | None,
    device: str, contributor: str,
) -> list[Path]:  # fmt: skip
    """Cache the features, train all heads on them, fit the linear classifier, and write a run for each; returns their folders."""
    if seeds < 1 or views < 1:
        raise ComputeError(f"--seeds is {seeds} and --views is {views}; both must be at least 1")
    target, place = SYNTHETIC if scale == "smoke" else dataset, devices.pick(device)
    choose, report = splits(target, data, px)
    state, origin = pretrained(weights)
    model = resnet50(len(report.classes), state, 0)
    forward = sum(layer.flops + layer.other_ops for layer in count(model, (3, px, px)))
    model.fc = nn.Identity()
    model.to(place, memory_format=torch.channels_last)
    start = time.perf_counter()
    found = extract(model, choose, report, Resident(choose, place, IMAGENET_MEAN, IMAGENET_STD), views, origin)
    features_s = time.perf_counter() - start

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
    }
    base = {"px": px, "forward_flops": forward, "features_s": features_s, **record_of(target, data, px)}
    recipe = SCALES[scale].recipe(1.0, 0)
    start = time.perf_counter()
    heads = train_heads(
        found.train, report.train_labels, found.val, choose.test_labels,
        classes=len(report.classes), rates=rates, seeds=tuple(range(seeds)), recipe=recipe,
    )  # fmt: skip
    heads_s = time.perf_counter() - start
    written = []
    for head in heads:
        config = {**recipe.plain(), "lr": head.lr, "seed": head.seed, **base, "views": views, "heads_together": len(heads), "heads_s": heads_s}
        made = Run(
            job="extract",
            identity=("dataset", "lr", "px"),
            config=config,
            lr=head.lr,
            seed=head.seed,
            seconds=features_s + heads_s / len(heads),
            note=f"the features were computed once for {len(heads)} last layers, which were trained together; seconds are those of the features "
            "and this layer's share of the rest",
            **common,
        )
        test, val = head.logits(found.test), head.logits(found.val)
        tables = {**judgement(test, report.test_labels), "confusions": confusions(test, report.test_labels)}
        tables["scores"].append(score("val", val, choose.test_labels))
        written.append(write_run(made, {"epochs": columns(head.epochs), **tables}, runs))
        if head.seed == 0:
            right = tables["scores"][0]
            tqdm.write(f"{made.run_id}: val {head.epochs[-1]['val_accuracy']:.1%}, test {right['correct'] / right['images']:.1%}")
    return [*written, linear(found, choose.test_labels, report, base, common, runs)]


def linear(found: Features, val_labels: Tensor, report, base: dict, common: dict, runs: Path) -> Path:
    """Scikit-learn's logistic regression on the features of the images as they are, its strength chosen on val; returns the run's folder."""
    start = time.perf_counter()
    scaled = [(split - found.plain.mean(0)) / found.plain.std(0).clamp_min(1e-6) for split in (found.plain, found.val, found.test)]
    train, val, test = (split.numpy() for split in scaled)
    fits = [
        LogisticRegression(C=strength, max_iter=1000).fit(train, report.train_labels.numpy())
        for strength in tqdm(STRENGTHS, desc="linear classifier", unit="fit")
    ]
    best = max(range(len(fits)), key=lambda i: fits[i].score(val, val_labels.numpy()))
    logits = [torch.from_numpy(np.asarray(scores_of(fits[best], split, len(report.classes)))) for split in (test, val)]
    tables = {**judgement(logits[0], report.test_labels), "confusions": confusions(logits[0], report.test_labels)}
    tables["scores"].append(score("val", logits[1], val_labels))
    made = Run(
        job="linear",
        identity=("dataset", "px"),
        config={**base, "strength": STRENGTHS[best], "strengths": list(STRENGTHS), "features": FEATURES},
        seconds=base["features_s"] + time.perf_counter() - start,
        note="scikit-learn's LogisticRegression on standardised features of the images without augmentation",
        **common,
    )
    right = tables["scores"][0]
    tqdm.write(f"{made.run_id}: test {right['correct'] / right['images']:.1%}")
    return write_run(made, tables, runs)


def scores_of(fit: LogisticRegression, features: np.ndarray, classes: int) -> np.ndarray:
    """Log-probabilities N x classes; a class that the train split does not have gets a very small one."""
    scores = np.full((len(features), classes), -100.0)
    scores[:, fit.classes_] = fit.predict_log_proba(features)
    return scores
