"""Data sets through torchvision, left as Parquet files so that all that follows is alike: CIFAR and those of the Visual
Decathlon.
"""

import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from compute import ComputeError

SHORTER_SIDE_PX = 256  # larger images are reduced to this
OMNIGLOT_PARTS = {"train": range(12), "val": range(12, 16), "test": range(16, 20)}  # of the 20 drawings of a character


@dataclass(frozen=True, kw_only=True)
class Source:
    """A torchvision class and, for each split, the arguments that name it; a set without `val` gets one cut from
    `train` on loading.
    """

    maker: str
    splits: dict[str, dict]


_THREE = {"test": {"split": "test"}, "val": {"split": "val"}, "train": {"split": "train"}}
_TWO = {"test": {"split": "test"}, "train": {"split": "train"}}
_CIFAR = {"test": {"train": False}, "train": {"train": True}}

SOURCES = {
    "cifar10": Source(maker="CIFAR10", splits=_CIFAR),
    "cifar100": Source(maker="CIFAR100", splits=_CIFAR),
    "dtd": Source(maker="DTD", splits=_THREE),
    "fgvc_aircraft": Source(maker="FGVCAircraft", splits=_THREE),
    "flowers102": Source(maker="Flowers102", splits=_THREE),
    "gtsrb": Source(maker="GTSRB", splits=_TWO),
    "omniglot": Source(maker="Omniglot", splits={"test": {}, "val": {}, "train": {}}),
    "svhn": Source(maker="SVHN", splits=_TWO),
}


def download(name: str, target: Path) -> Path:
    """Fetch a data set and write `<split>-00000-of-00001.parquet` for each split to `target`; returns `target`.

    `train` comes last: its presence says that all are there. Raises ComputeError where it cannot be fetched.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    target.mkdir(parents=True, exist_ok=True)
    for split in SOURCES[name].splits:
        encoded, labels = [], []
        try:
            count, classes, rows = opened(name, split, target.parent)
            for image, label in tqdm(rows, total=count, desc=f"{name} {split}", unit="image"):
                encoded.append(encode(image))
                labels.append(int(label))
        except (OSError, RuntimeError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
            raise ComputeError(
                f"cannot download {name} ({' '.join(str(error).split())}); name a folder that holds it with --data DIR"
            ) from None
        table = pa.table(
            {"image": encoded, "label": pa.array(labels, pa.int64())},
            metadata={"classes": json.dumps(classes)} if classes else None,
        )
        fresh = target / f".{split}.new"
        pq.write_table(table, fresh)
        fresh.rename(target / f"{split}-00000-of-00001.parquet")
    return target


def opened(name: str, split: str, root: Path) -> tuple[int, list[str], Iterator]:
    """The number of images, the class names (empty where torchvision has none), and the pairs (PIL image, label) of a
    split.
    """
    import torchvision

    make = getattr(torchvision.datasets, SOURCES[name].maker)
    if name == "omniglot":
        return _omniglot(make, split, root)
    source = make(root=str(root), download=True, **SOURCES[name].splits[split])
    return len(source), list(getattr(source, "classes", ())), (source[i] for i in range(len(source)))


def _omniglot(make, split: str, root: Path) -> tuple[int, list[str], Iterator]:
    """All characters of both of Omniglot's parts, split by drawing: its own parts have no character in common."""
    parts = [make(root=str(root), background=background, download=True) for background in (True, False)]
    rows, first = [], 0
    for part in parts:
        seen: dict[int, int] = {}
        labels = [label for _, label in part._flat_character_images]
        for i, label in enumerate(labels):
            nth = seen[label] = seen.get(label, -1) + 1
            if nth in OMNIGLOT_PARTS[split]:
                rows.append((part, i, first + label))
        first += max(labels) + 1
    return (
        len(rows),
        [name for part in parts for name in part._characters],
        ((part[i][0], label) for part, i, label in rows),
    )


def encode(image) -> bytes:
    """A PIL image as bytes: PNG where it is small, JPEG with at most SHORTER_SIDE_PX where it is not."""
    image, shorter = image.convert("RGB"), min(image.size)
    buffer = io.BytesIO()
    if shorter > SHORTER_SIDE_PX:
        image = image.resize([round(side * SHORTER_SIDE_PX / shorter) for side in image.size])
    image.save(buffer, "PNG") if shorter <= 96 else image.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()
