"""CSV and TSV."""

import csv
import re
from dataclasses import dataclass

import numpy as np

from compute.logs.exports import exported
from compute.logs.log import LogError
from compute.logs.names import meaning
from compute.logs.order import SEPARATE
from compute.logs.table import Table

DELIMITERS = {"\t": "TSV", ";": "CSV with semicolons", ",": "CSV"}
DECIMAL_COMMA = re.compile(r"^\s*[-+]?\d*,\d+(?:[eE][-+]?\d+)?\s*$")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a file is laid out: its `delimiter`, and its `lines` (number from 1, text) without comments and blank lines.

    `cut` says that the last line has no end.
    """

    lines: list[tuple[int, str]]
    delimiter: str
    cut: bool


def layout(name: str, text: str) -> Layout | None:
    """The layout of a text that is a table with a header; None for one that is not.

    A file named .csv or .tsv is, and any other that has a delimiter equally often in its first lines and a
    number in each row.
    """
    named = name.lower().endswith((".csv", ".tsv"))
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    body = [(number, line) for number, line in lines if not line.lstrip().startswith("#")]
    if len(body) < (1 if named else 2):
        return None
    heads = {delimiter: _rows(body[:5], delimiter) for delimiter in DELIMITERS}
    heads = {delimiter: rows for delimiter, rows in heads.items() if len(rows[0]) > 1}
    even = [delimiter for delimiter, rows in heads.items() if len({len(row) for row in rows}) == 1]
    if not named:
        even = [each for each in even if "=" not in body[0][1] and all(map(_has_number, heads[each][1:]))]
    delimiter = next(iter(even or (heads if named else ())), None)
    if delimiter:
        return Layout(lines=_hidden_header(lines, body, delimiter) + body, delimiter=delimiter, cut=text[-1] != "\n")
    single = len(body[0][1].split()) == 1 and (named or (meaning(body[0][1]) and _all_numbers([body[1][1]])))
    return Layout(lines=body, delimiter=",", cut=False) if single else None


def _hidden_header(lines: list[tuple[int, str]], body: list[tuple[int, str]], delimiter: str) -> list[tuple[int, str]]:
    """The header where a `#` comments it out, as numpy.savetxt writes it: the last comment above rows of numbers."""
    first, row = body[0][0], _rows(body[:1], delimiter)[0]
    above = [(number, line.strip().lstrip("#").strip()) for number, line in lines if number < first]
    return above[-1:] if above and _all_numbers(row) and above[-1][1].count(delimiter) == len(row) - 1 else []


def parse(name: str, found: Layout, wanted: frozenset[str]) -> Table:
    """The table of a file; `wanted` are columns that the reader names.

    Raises LogError for rows of another length than the header, and for a header that stands there again.
    """
    header, *body = ([cell.strip() for cell in row] for row in _rows(found.lines, found.delimiter))
    numbers, notes = [number for number, _ in found.lines[1:]], []
    if len(body) != len(numbers):
        raise LogError("a cell in quotation marks runs over several lines; a log has one row a line")
    if _all_numbers(header):
        body, numbers = [header, *body], [found.lines[0][0], *numbers]
        header = [str(column) for column in range(1, len(header) + 1)]
        notes.append(f"there is no header; the columns are numbered from 1 to {len(header)}")
    if found.cut and body and len(body[-1]) < len(header):
        body, numbers = body[:-1], numbers[:-1]
        notes.append("the last line breaks off and was left aside")
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise LogError(f"two columns are called {twice!r}", found.lines[0][0])
    for number, row in zip(numbers, body, strict=True):
        if row == header:
            raise LogError(f"the header stands there again: two runs in one file; {SEPARATE}", number)
        if len(row) != len(header):
            raise LogError(f"{len(row)} cells where the header has {len(header)}", number)
    columns = {name: [row[place] for row in body] for place, name in enumerate(header)}
    if found.delimiter != ",":
        columns, with_commas = _decimal_points(columns)
        notes += [f"decimal commas in {', '.join(with_commas)} were read as decimal points"] if with_commas else []
    columns.pop("", None)  # the index that pandas writes
    table = Table(
        format=DELIMITERS[found.delimiter],
        columns=columns,
        lines=np.array(numbers, dtype=np.int64),
        notes=tuple(notes),
    )
    return table if wanted & set(columns) else exported(name, table)


def _decimal_points(columns: dict[str, list[str]]) -> tuple[dict[str, list[str]], list[str]]:
    """The columns with decimal points, and the names of those that had commas."""
    found = [name for name, cells in columns.items() if any(DECIMAL_COMMA.match(cell) for cell in cells)]
    points = {name: [cell.replace(",", ".") for cell in cells] for name, cells in columns.items() if name in found}
    return columns | points, found


def _rows(lines: list[tuple[int, str]], delimiter: str) -> list[list[str]]:
    """The cells of lines."""
    try:
        return list(csv.reader((line for _, line in lines), delimiter=delimiter, skipinitialspace=True))
    except csv.Error as error:
        raise LogError(f"it is no table: {error}") from None


def _has_number(cells: list[str]) -> bool:
    return any(map(_is_number, cells))


def _all_numbers(cells: list[str]) -> bool:
    return all(map(_is_number, cells))


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
