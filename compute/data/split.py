"""One split of a data set, decoded and kept in the cache; its labels are still those of the files."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from tqdm import tqdm

from compute import ComputeError
from compute.data.cache import cached
from compute.data.columns import Labels, check_columns, class_names, images_of, labels_of, opened
from compute.data.decode import Decisions, UndecodableError, decode
from compute.data.location import Location

DECODING = 2  # counts up whenever the same file would be decoded to other pixels or labels


@dataclass(frozen=True, kw_only=True)
class Split:
    """Images uint8 N x 3 x H x W, and int64 `codes`, places in `values`, which are the different labels in order.

    A label is a whole number or text. `names` are the class names that the files give, () without; `files` the files
    with their numbers of rows; `notes` what had to be decided on decoding.
    """

    images: Tensor
    codes: Tensor
    values: tuple[int, ...] | tuple[str, ...]
    names: tuple[str, ...]
    files: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]

    def first(self, value: int | str) -> str:
        """The file and row in which a label comes first."""
        row = int((self.codes == self.values.index(value)).int().argmax())
        for file, rows in self.files:
            if row < rows:
                break
            row -= rows
        return f"{file}: row {row}"


def read_split(files: list[Path], location: Location, px: int | None) -> Split:
    """A split from its files, from the cache if it was decoded before. Raises ComputeError that names file and row."""
    state = [(str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    key = (DECODING, state, location.image_column, location.label_column, px)
    kept = cached("", key, lambda: decode_split(files, location, px))
    tuples = {name: tuple(kept[name]) for name in ("values", "names", "notes")}
    pairs = tuple((file, rows) for file, rows in kept["files"])
    return Split(images=kept["images"], codes=kept["codes"], files=pairs, **tuples)


def decode_split(files: list[Path], location: Location, px: int | None) -> dict:
    """The fields of a Split, decoded."""
    labels, names, rows = [], (), []
    for file in files:
        with opened(file) as parquet:
            check_columns(parquet, file, location)
            labels.append(labels_of(parquet, file, location.label_column))
            rows.append(parquet.metadata.num_rows)
            said = class_names(parquet, file, location.label_column)
            if names and said and said != names:
                raise ComputeError(f"{file}: names its classes {some(said)}, but the files before it {some(names)}")
            names = said or names
    joined, pixels, seen = join(labels, files), None, Decisions()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, on files that it reads all the same
        for begin, file in zip(np.cumsum([0, *rows]).tolist(), files, strict=False):
            for row, image in enumerate(pictures(file, location.image_column, seen)):
                if pixels is None:
                    height, width = (px, px) if px else (image.height, image.width)
                    pixels = np.empty((sum(rows), 3, height, width), np.uint8)
                if not px and (image.height, image.width) != pixels.shape[2:]:
                    raise ComputeError(
                        f"{file}: row {row} is {image.width}x{image.height}, the rows before are "
                        f"{pixels.shape[3]}x{pixels.shape[2]}; give all images one size"
                    )
                fitted = ImageOps.fit(image, (px, px), Image.Resampling.BICUBIC) if px else image
                pixels[begin + row] = np.asarray(fitted).transpose(2, 0, 1)
    return {
        "images": torch.from_numpy(pixels),
        "codes": torch.from_numpy(joined.codes),
        "values": list(joined.values),
        "names": list(names),
        "files": [(str(file), many) for file, many in zip(files, rows, strict=True)],
        "notes": seen.notes(),
    }


def pictures(file: Path, column: str, seen: Decisions) -> Iterator[Image.Image]:
    """The RGB images of a file, row by row, behind a progress bar."""
    with opened(file) as parquet:
        total, name = parquet.metadata.num_rows, f"decode {file.name}"
        bar = tqdm(images_of(parquet, file, column), total=total, desc=name, unit="image", leave=False, disable=None)
        for row, data in enumerate(bar):
            try:
                picture = decode(data)
                seen.add(picture)
            except UndecodableError as error:
                raise ComputeError(f"{file}: the image in row {row} {error}") from None
            yield picture.image


def join(labels: list[Labels], files: list[Path]) -> Labels:
    """The labels of several files, one after the other. Raises ComputeError where some are text and others numbers."""
    values = sorted(
        {value for each in labels for value in each.values}, key=lambda value: (isinstance(value, str), value)
    )
    if isinstance(values[0], str) != isinstance(values[-1], str):
        odd = next(file for file, each in zip(files, labels, strict=True) if isinstance(each.values[0], str))
        raise ComputeError(f"{odd}: its labels are text, those of other files are numbers")
    place = {value: i for i, value in enumerate(values)}
    codes = [np.array([place[value] for value in each.values], np.int64)[each.codes] for each in labels]
    return Labels(values=tuple(values), codes=np.concatenate(codes))


def some(values: tuple, many: int = 3) -> str:
    """The first values of several, with the last one behind dots."""
    shown = [str(value) for value in values]
    return ", ".join(shown) if len(shown) <= many + 1 else f"{', '.join(shown[:many])}, ..., {shown[-1]}"
