"""The columns of one Parquet file: encoded images, labels of any type that can name a class, and class names."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from compute import ComputeError
from compute.data.location import Location
from compute.file_kind import HEAD, kind

BATCH = 256  # images that are in memory in encoded form
BYTES = ("binary", "large_binary", "binary_view")
TEXT = ("string", "large_string", "string_view")


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The labels of some rows: the different ones in order, and int64 places among them, one a row."""

    values: tuple[int, ...] | tuple[str, ...]
    codes: np.ndarray


@contextmanager
def opened(file: Path) -> Iterator[pq.ParquetFile]:
    """The Parquet file, open.

    Raises ComputeError that names the file and what it is where it cannot be read, now or later.
    """
    head = None
    try:
        with file.open("rb") as raw:
            head = raw.read(HEAD)
        with pq.ParquetFile(file) as parquet:
            yield parquet
    except (pa.ArrowException, OSError) as error:
        why = " ".join(str(error).split())[:120]
        if head is not None and head.startswith(b"PAR1"):
            raise ComputeError(f"{file}: is cut short or damaged; download it again ({why})") from None
        what = None if head is None else kind(head)
        raise ComputeError(f"{file}: {f'is {what}' if what else f'cannot be read: {why}'}") from None


def check_columns(parquet: pq.ParquetFile, file: Path, location: Location) -> None:
    """Raise ComputeError unless the file has rows, and each of the location's columns once."""
    names = parquet.schema_arrow.names
    options = {"--image-column": location.image_column, "--label-column": location.label_column}
    lost = {option: column for option, column in options.items() if names.count(column) != 1}
    if lost:
        raise ComputeError(
            f"{file}: needs one column {' and one column '.join(lost.values())}; "
            f"its columns are {', '.join(names)}; name the right one with {' and '.join(lost)}"
        )
    if not parquet.metadata.num_rows:
        raise ComputeError(f"{file}: has 0 rows; it is no part of a data set")


def type_of(parquet: pq.ParquetFile, column: str) -> pa.DataType:
    """The type of a column, of its values if it is dictionary-encoded."""
    found = parquet.schema_arrow.field(column).type
    return found.value_type if pa.types.is_dictionary(found) else found


def images_of(parquet: pq.ParquetFile, file: Path, column: str) -> Iterator[bytes]:
    """The encoded images, row by row, from a column of bytes or the Hub's structs of bytes and path."""
    found = type_of(parquet, column)
    struct = pa.types.is_struct(found) and found.get_field_index("bytes") >= 0
    if str(found.field("bytes").type if struct else found) not in BYTES:
        raise ComputeError(
            f"{file}: {column} is of type {found}; it must hold encoded images (bytes, or structs with a field bytes); "
            f"the columns are {', '.join(parquet.schema_arrow.names)}; choose with --image-column"
        )
    row = 0
    for batch in parquet.iter_batches(BATCH, columns=[column]):
        for value in batch.column(column).to_pylist():
            data = (value or {}).get("bytes") if struct else value
            if data is None:
                path = (value or {}).get("path") if struct else None
                what = f"only a path ({path}); save the data set with embedded images" if path else "missing (null)"
                raise ComputeError(f"{file}: the image in row {row} is {what}")
            yield data
            row += 1


def labels_of(parquet: pq.ParquetFile, file: Path, column: str) -> Labels:
    """The labels: text, truth values, or numbers that are whole.

    Raises ComputeError for null labels and all other types.
    """
    found = type_of(parquet, column)
    cells = parquet.read(columns=[column])[column]
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(found)
    if cells.null_count:
        first = pc.index(cells.is_null(), True).as_py()
        rows = f"{cells.null_count} of {len(cells)} rows have no {column} (null), the first is row {first}"
        raise ComputeError(f"{file}: {rows}; leave these rows out, or choose another column with --label-column")
    if str(found) in TEXT:
        cells = cells.cast(pa.large_string())
    elif pa.types.is_boolean(found):
        cells = cells.cast(pa.string())
    elif pa.types.is_floating(found):
        numbers = cells.to_numpy().astype(np.float64)
        whole = np.isfinite(numbers) & (numbers == np.round(numbers)) & (np.abs(numbers) < 2**53)
        if not whole.all():
            row = int(np.argmin(whole))
            raise ComputeError(
                f"{file}: row {row} has the {column} {numbers[row]:g}; labels must be whole numbers or text"
            )
        cells = pa.chunked_array([numbers.astype(np.int64)])
    elif not pa.types.is_integer(found):
        raise ComputeError(
            f"{file}: {column} is of type {found}; it must hold whole numbers or text; "
            f"the columns are {', '.join(parquet.schema_arrow.names)}; choose with --label-column"
        )
    different = cells.unique()
    values = different.to_pylist()
    order = sorted(range(len(values)), key=values.__getitem__)
    place = np.empty(len(values), np.int64)
    place[order] = np.arange(len(values))
    codes = place[pc.index_in(cells, value_set=different).to_numpy()]
    if "" in values:
        row = int(np.argmax(codes == 0))
        raise ComputeError(f"{file}: row {row} has an empty {column}; leave rows without a label out")
    return Labels(values=tuple(values[i] for i in order), codes=codes)


def class_names(parquet: pq.ParquetFile, file: Path, column: str) -> tuple[str, ...]:
    """The class names in the file's metadata: the Hub's ClassLabel of the column, or the key `classes`; () without."""
    metadata = parquet.schema_arrow.metadata or {}
    own, hub = (metadata.get(key, b"").decode(errors="replace") for key in (b"classes", b"huggingface"))
    try:
        feature = (json.loads(hub) if hub else {}).get("info", {}).get("features", {}).get(column, {})
        if feature.get("names"):
            return listed(feature["names"])
        if own.lstrip().startswith(("[", "{")):
            return listed(json.loads(own))
    except (ValueError, AttributeError, TypeError) as error:
        raise ComputeError(
            f"{file}: the class names in its metadata cannot be read ({error}); write the file anew"
        ) from None
    return tuple(name for name in own.split(",") if name)


def listed(names: list | dict) -> tuple[str, ...]:
    """Class names in the order of their labels, from a list or a dict by label. Raises ValueError for gaps."""
    if isinstance(names, list):
        return tuple(map(str, names))
    by_label = {int(label): str(name) for label, name in names.items()}
    if set(by_label) != set(range(len(by_label))):
        raise ValueError("their numbers have gaps")
    return tuple(by_label[label] for label in range(len(by_label)))
