"""The experiment `dataset`: the target data set's images by class and split, and samples of each class (1.1a).

It shows whether the classes are balanced, and how many of them ImageNet has:

    python -m compute dataset

Cost: seconds, at every scale but smoke on the whole data set. The counts are those of answer 1.1a, `target` and
`balance(…)` of `store/transfer/values.py`.
"""

import re
import time
from pathlib import Path

import pyarrow as pa
import torch

from compute.core.runs import Run, write_run
from compute.data import Images, Location, png
from compute.training.records import columns
from compute.transfer.task import record_of, splits, target_of

SAMPLES = 4  # of each class


def run(runs: Path, dataset: str, data: Location, px: int, scale: str) -> Path:
    """Describe a data set as it is trained on, at `px` pixels, and write the run; returns its folder."""
    start = time.perf_counter()
    target = target_of(scale, dataset)
    val_data, test_data = splits(target, data, px)
    labels = {"train": test_data.train_labels, "val": val_data.test_labels, "test": test_data.test_labels}
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
    counts = columns(class_counts(target, test_data.classes, labels))
    counts["base_class"] = pa.array(counts["base_class"], pa.string())  # a column of nulls alone has no type
    return write_run(record, {"class_counts": counts, "samples": samples(test_data, target, px)}, runs)


def class_counts(dataset: str, classes: tuple[str, ...], labels: dict[str, torch.Tensor]) -> list[dict]:
    """The table `class_counts`: images of each class in each split, from the splits' labels."""
    base, rows = base_classes(classes), []
    for split, values in labels.items():
        images = torch.bincount(values, minlength=len(classes)).tolist()
        for c, name in enumerate(classes):
            row = {"dataset": dataset, "split": split, "class_id": c, "class_name": name}
            rows.append({**row, "images": images[c], "base_class": base[c]})
    return rows


def samples(data: Images, dataset: str, px: int) -> list[dict]:
    """The table `samples`: the first SAMPLES train images of each class, as PNG files."""
    rows = []
    for c, name in enumerate(data.classes):
        for nth, row in enumerate((data.train_labels == c).nonzero().flatten()[:SAMPLES].tolist()):
            sample = {"dataset": dataset, "split": "train", "class_id": c, "class_name": name, "nth": nth}
            rows.append({**sample, "image": png(data.train_images[row]), "width": px, "height": px})
    return rows


def base_classes(names: tuple[str, ...]) -> list[str | None]:
    """For each class the ImageNet-1k class that it is, or is a kind of by its last words; None without one.

    An `oxeye daisy` is a `daisy`.
    """
    from torchvision.models import ResNet50_Weights

    known = {words(name): name for name in ResNet50_Weights.IMAGENET1K_V1.meta["categories"]}
    found = []
    for name in names:
        own = words(name)
        found.append(next((known[own[i:]] for i in range(len(own)) if own[i:] in known), None))
    return found


def words(name: str) -> tuple[str, ...]:
    """The words of a class name in lower case."""
    return tuple(re.findall(r"[a-z0-9']+", name.lower()))
