"""A data set as tensors: images uint8 N x C x H x W, labels int64 N, decoded once and kept under `work/cache`.

It is read from a folder of Parquet files (`train-*.parquet`, `test-*.parquet`, ...; columns `image`,
encoded bytes, and `label`), or downloaded through torchvision (`compute/download.py`). Every problem that the owner of a
data set can solve ends in one ComputeError that names the file.
"""

import contextlib
import hashlib
import io
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from compute import ComputeError
from compute.download import SOURCES, download

ROOT = Path(__file__).parent.parent
CACHE = ROOT / "work" / "cache"
VAL_SHARE = 0.1  # of the train split, for a data set that has no val split of its own


@dataclass(frozen=True, kw_only=True)
class Images:
    """A data set to train on and one to test on: uint8 N x C x H x W, int64 labels in 0 ... len(classes) - 1."""

    name: str
    classes: tuple[str, ...]
    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def __post_init__(self):
        if len(self.train_labels) and (len(self.classes) < 2 or len(self.train_labels.unique()) < 2):
            raise ComputeError(f"{self.name}: the train split has a single class; there is nothing to learn")
        for split, images, labels in (("train", self.train_images, self.train_labels), ("test", self.test_images, self.test_labels)):
            if not len(images) or len(images) != len(labels):
                raise ComputeError(f"{self.name}: the {split} split has {len(images)} images and {len(labels)} labels")
            if labels.min() < 0 or labels.max() >= len(self.classes):
                raise ComputeError(f"{self.name}: {split} labels lie outside 0 ... {len(self.classes) - 1}")

    def subset(self, train: int | None = None, test: int | None = None, seed: int = 0) -> "Images":
        """A fixed stratified part of both splits; None keeps a split whole. The mean class shares stay what they were."""
        kept = self
        if train is not None and train < len(self.train_labels):
            rows = stratified(self.train_labels, train, seed)
            kept = replace(kept, train_images=self.train_images[rows], train_labels=self.train_labels[rows])
        if test is not None and test < len(self.test_labels):
            rows = stratified(self.test_labels, test, seed)
            kept = replace(kept, test_images=self.test_images[rows], test_labels=self.test_labels[rows])
        return kept


def stratified(labels: Tensor, size: int, seed: int = 0) -> Tensor:
    """Row numbers (ascending) of `size` images with the classes in their original shares, the same for the same seed.

    Shares are rounded by largest remainder, so a subset of a balanced set is balanced.
    """
    if not 0 < size <= len(labels):
        raise ComputeError(f"a subset of {size} images out of {len(labels)} is not possible")
    counts = torch.bincount(labels)
    wanted = counts.double() * size / len(labels)
    quota = wanted.floor().long()
    quota[(wanted - quota).argsort(descending=True, stable=True)[: size - int(quota.sum())]] += 1
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    picked = [order[labels[order] == label][:many] for label, many in enumerate(quota.tolist())]
    return torch.cat(picked).sort().values


def synthetic(classes: int = 4, train: int = 512, test: int = 256, px: int = 16, seed: int = 0, noise: float = 60.0) -> Images:
    """A data set made in memory that a small network can learn: one blurred random pattern a class, plus pixel noise."""
    make = torch.Generator().manual_seed(seed)
    coarse = torch.rand(classes, 3, 4, 4, generator=make) * 255
    pattern = torch.nn.functional.interpolate(coarse, size=(px, px), mode="bilinear", align_corners=False)

    def draw(count: int) -> tuple[Tensor, Tensor]:
        labels = torch.arange(count) % classes
        images = pattern[labels] + noise * torch.randn(count, 3, px, px, generator=make)
        return images.clamp(0, 255).to(torch.uint8), labels

    (train_images, train_labels), (test_images, test_labels) = draw(train), draw(test)
    names = tuple(f"class {label}" for label in range(classes))
    return Images(
        name="synthetic",
        classes=names,
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
    )


def load(name: str, folder: str | Path | None = None, *, test: str = "test", px: int | None = None) -> Images:
    """The data set `name` from `folder`, or from $REPORT_DATA/name, data/name, or torchvision, in this order.

    `test` names the split to evaluate on (`val` to choose by). `px` crops to a square and resizes;
    without it all images must have one size.
    """
    home = find(name, folder)
    train_images, train_labels, classes = load_split(home, "train", px)
    test_images, test_labels, _ = load_split(home, test, px)
    return Images(
        name=name,
        classes=classes or tuple(str(label) for label in range(int(train_labels.max()) + 1)),
        train_images=train_images,
        train_labels=train_labels,
        test_images=test_images,
        test_labels=test_labels,
    )


def load_choosing(name: str, folder: str | Path | None = None, *, px: int | None = None) -> tuple[Images, Images]:
    """A data set to choose by (its test split is `val`) and the same one to report by (its test split is `test`).

    Without a val split a fixed stratified tenth of `train` becomes it, in both.
    """
    whole = load(name, folder, px=px)
    home = find(name, folder)
    if any(home.glob("val-*.parquet")):
        images, labels, _ = load_split(home, "val", px)
        return replace(whole, test_images=images, test_labels=labels), whole
    return split_off_val(whole)


def split_off_val(whole: Images) -> tuple[Images, Images]:
    """`load_choosing` of a data set that has no val split."""
    cut = stratified(whole.train_labels, max(1, round(VAL_SHARE * len(whole.train_labels))))
    kept = torch.ones(len(whole.train_labels), dtype=torch.bool)
    kept[cut] = False
    report = replace(whole, train_images=whole.train_images[kept], train_labels=whole.train_labels[kept])
    return replace(report, test_images=whole.train_images[cut], test_labels=whole.train_labels[cut]), report


def find(name: str, folder: str | Path | None = None) -> Path:
    """The folder that holds the data set's Parquet files; downloads what torchvision knows to data/ if there is none."""
    shared, own = os.environ.get("REPORT_DATA"), ROOT / "data" / name
    places = [Path(folder), Path(folder) / name] if folder else [*([Path(shared) / name] if shared else []), own]
    for place in places:
        if any(place.glob("train-*.parquet")):
            return place
    if folder or name not in SOURCES:
        raise ComputeError(f"{places[0]} holds no train-*.parquet; name the folder of the data set {name} with --data DIR")
    return download(name, own)


def load_split(folder: Path, split: str, px: int | None = None) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """Images, labels and class names (empty if the files do not say) of one split, from the cache if it was decoded before."""
    files = sorted(Path(folder).glob(f"{split}-*.parquet"))
    if not files:
        raise ComputeError(f"{folder} holds no {split}-*.parquet")
    state = [(str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    kept = CACHE / f"{hashlib.sha256(repr((state, px)).encode()).hexdigest()[:20]}.pt"
    if kept.exists():
        with contextlib.suppress(Exception):  # a cache that cannot be read is made again
            images, labels, classes = torch.load(kept, weights_only=True)
            return images, labels, tuple(classes)
    parts = [decode(file, px) for file in files]
    shapes = {part[0].shape[1:] for part in parts}
    if len(shapes) > 1:
        raise ComputeError(f"{folder}: the {split} images differ in size; ask for one size")
    images, labels = torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])
    classes = parts[0][2]
    if classes and labels.max() >= len(classes):
        raise ComputeError(f"{folder}: {split} labels go up to {int(labels.max())}, but there are {len(classes)} class names")
    with contextlib.suppress(OSError):  # the cache saves seconds; a full disk is no reason to stop here
        CACHE.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        torch.save((images, labels, list(classes)), buffer)
        fresh = kept.with_suffix(f".{os.getpid()}.new")
        try:
            fresh.write_bytes(buffer.getbuffer())
            fresh.replace(kept)
        finally:
            fresh.unlink(missing_ok=True)
    return images, labels, classes


def png(pixels: Tensor) -> bytes:
    """uint8 3 x H x W as the bytes of a PNG file."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def decode(file: Path, px: int | None = None) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """Images, labels and class names of one Parquet file. Raises ComputeError that names the file, and the row."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from PIL import Image, ImageOps

    try:
        table = pq.read_table(file, columns=["image", "label"])
    except (pa.ArrowException, KeyError, OSError) as error:
        raise ComputeError(f"{file}: cannot be read: {' '.join(str(error).split())[:120]}") from None
    if table.column_names != ["image", "label"] or not table.num_rows:
        raise ComputeError(f"{file}: needs rows with the columns image and label; it has {table.num_rows} rows of {table.column_names}")
    try:
        labels = torch.from_numpy(table["label"].to_numpy().astype(np.int64, casting="safe"))
    except TypeError:
        raise ComputeError(f"{file}: label is of type {table.schema.field('label').type}; it must be whole numbers without gaps") from None
    if labels.min() < 0:
        raise ComputeError(f"{file}: row {int(labels.argmin())} has the label {int(labels.min())}; labels count from 0")
    images = []
    for row, data in enumerate(tqdm(table["image"].to_pylist(), desc=f"decode {file.name}", unit="image", leave=False, disable=None)):
        try:
            with Image.open(io.BytesIO(data)) as image:
                image = image.convert("RGB")
        except (OSError, TypeError, ValueError, SyntaxError, Image.DecompressionBombError):
            raise ComputeError(f"{file}: the image in row {row} cannot be decoded") from None
        pixels = np.asarray(ImageOps.fit(image, (px, px), Image.Resampling.BICUBIC) if px else image)
        if images and pixels.shape != images[0].shape:
            raise ComputeError(f"{file}: row {row} is {image.width}x{image.height}, the rows before are not; ask for one size")
        images.append(pixels)
    stack = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()
    text = (table.schema.metadata or {}).get(b"classes", b"").decode()
    classes = json.loads(text) if text.startswith("[") else [name for name in text.split(",") if name]
    return stack, labels, tuple(classes)
