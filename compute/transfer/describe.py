"""The experiment `dataset`: what the target data set holds, class by class, and samples of it (1.1a)."""

import re
import time
from pathlib import Path

import pyarrow as pa
import torch

from compute.data import Images, Location, png
from compute.records import columns
from compute.transfer.task import SYNTHETIC, record_of, splits
from store.artefact import Run, write_run

SAMPLES = 4  # of each class


def run(runs: Path, dataset: str, data: Location, px: int, scale: str) -> Path:
    """Describe a data set as it is trained on, at `px` pixels, and write the run; returns its folder."""
    start = time.perf_counter()
    target = SYNTHETIC if scale == "smoke" else dataset
    choose, report = splits(target, data, px)
    base = base_classes(report.classes)
    counts = []
    for split, labels in (("train", report.train_labels), ("val", choose.test_labels), ("test", report.test_labels)):
        images = torch.bincount(labels, minlength=len(report.classes)).tolist()
        counts += [
            {"dataset": target, "split": split, "class_id": c, "class_name": name, "images": images[c], "base_class": base[c]}
            for c, name in enumerate(report.classes)
        ]
    record = Run(
        problem="transfer",
        job="dataset",
        scale=scale,
        provenance="measured",
        identity=("dataset", "px"),
        config={"px": px, **record_of(target, data, px)},
        dataset=target,
        seconds=round(time.perf_counter() - start, 3),
    )
    counts = columns(counts)
    counts["base_class"] = pa.array(counts["base_class"], pa.string())  # a column of nothing has no type of its own
    return write_run(record, {"class_counts": counts, "samples": samples(report, target, px)}, runs)


def samples(report: Images, dataset: str, px: int) -> list[dict]:
    """The first SAMPLES train images of each class, as PNG."""
    rows = []
    for c, name in enumerate(report.classes):
        for nth, row in enumerate((report.train_labels == c).nonzero().flatten()[:SAMPLES].tolist()):
            image = png(report.train_images[row])
            rows.append(
                {"dataset": dataset, "split": "train", "class_id": c, "class_name": name, "nth": nth, "image": image, "width": px, "height": px}
            )
    return rows


def base_classes(names: tuple[str, ...]) -> list[str | None]:
    """For each class the ImageNet-1k class that it is, or is a kind of by its last words (`oxeye daisy` is a `daisy`); None without one."""
    from torchvision.models import ResNet50_Weights

    known = {words(name): name for name in ResNet50_Weights.IMAGENET1K_V1.meta["categories"]}
    found = []
    for name in names:
        mine = words(name)
        found.append(next((known[mine[i:]] for i in range(len(mine)) if mine[i:] in known), None))
    return found


def words(name: str) -> tuple[str, ...]:
    """A class name in lower case, word by word."""
    return tuple(re.findall(r"[a-z0-9']+", name.lower()))
