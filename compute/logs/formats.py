"""Which format a file has, from what is in it."""

import io

import numpy as np

from compute.logs import delimited, objects, pattern, text
from compute.logs.log import LogError
from compute.logs.table import Table

MOST_VALUES = 20_000_000  # of a Parquet file: packed, a small file can hold more than the memory does
MAGIC = {
    b"\x1f\x8b": "compressed with gzip",
    b"PK\x03\x04": "a zip archive",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
}


def read_table(name: str, content: bytes, wanted: frozenset[str], by_pattern: str | None) -> Table:
    """The table of a file. Raises LogError for one that is empty, binary or of no known format."""
    if content.startswith(b"PAR1") and not by_pattern:
        return _parquet(content)
    for magic, what in MAGIC.items():
        if content.startswith(magic):
            raise LogError(f"the file is {what}; unpack it first")
    written, notes = _decode(content)
    if not written.strip():
        raise LogError("the file is empty")
    if by_pattern:
        table = pattern.parse(written, by_pattern)
    else:
        table = objects.parse(name, written, wanted) if written.lstrip()[0] in "{[" else None
        if table is None and (layout := delimited.layout(name, written)):
            table = delimited.parse(name, layout, wanted)
        if table is None:
            table = text.parse(written, wanted)
    return Table(**{**vars(table), "notes": (*notes, *table.notes)})


def _decode(content: bytes) -> tuple[str, list[str]]:
    """The text with line feeds alone between its lines, and what was noted."""
    notes = []
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        written, notes = content.decode("utf-16", errors="replace"), ["the text is in UTF-16"]
    elif b"\0" in content[:4096]:
        raise LogError("the file is binary; of TensorBoard's event files, take the CSV that its page offers")
    else:
        try:
            written = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            written, notes = content.decode("latin-1"), ["the text is not in UTF-8 and was read as Latin-1"]
    written = written.replace("\r\n", "\n")
    if "\n" not in written:
        written = written.replace("\r", "\n")
    if "\r" in written:  # what a progress bar shows in the end
        written = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in written.split("\n"))
    return written, notes


def _parquet(content: bytes) -> Table:
    """The columns of numbers and text of a Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        size = pq.ParquetFile(io.BytesIO(content)).metadata
        if size.num_rows * size.num_columns > MOST_VALUES:
            raise LogError(
                f"the Parquet file holds {size.num_rows} rows of {size.num_columns} columns; keep the columns that are"
                f" needed, at most {MOST_VALUES:,} values"
            )
        table = pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as error:
        raise LogError(f"the Parquet file cannot be read: {' '.join(str(error).split())[:100]}") from None
    columns = {
        column: table[column].to_pylist() for column in table.column_names if not pa.types.is_nested(table[column].type)
    }
    return Table(format="Parquet", columns=columns, lines=np.arange(1, table.num_rows + 1), place="row")
