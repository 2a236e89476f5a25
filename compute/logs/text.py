"""Plain text logs: `key=value`, `key: value` and `Epoch: [3][50/391] … Loss 1.2 (1.3)`.

A line is split into its numbers and the texts between them. The texts are the line's template, and a
log has few of them, so that each is understood once (`template.py`) and its lines are only gathered.
"""

import re

import numpy as np

from compute.logs.log import LogError
from compute.logs.names import meaning
from compute.logs.table import Table
from compute.logs.template import Cell, Plan, plan

NUMBER = r"[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|\b(?:nan|inf|infinity)\b)"
# no number begins within a word: the 20 of resnet20, the 1 of Prec@1, the 5 of top-5
IN_LINE = re.compile(rf"(?<![\w@.])(?<![A-Za-z]-)({NUMBER})", re.IGNORECASE)
MOST = 16  # templates that are tried on a line before it is split; the usual log has fewer
ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def parse(text: str, wanted: frozenset[str]) -> Table:
    """The table of a log; `wanted` are keys to read that are no usual ones.

    A line without an epoch has that of the lines before. A test line's values count when its counter
    has come to the end. Raises LogError with the line where a loss is no finite number.
    """
    plans: dict[tuple, Plan | None] = {}
    seen: set[tuple[str, ...]] = set()
    quick: list[tuple[re.Pattern, tuple[str, ...]]] = []
    gathered: dict[int, tuple[Plan, list[int], list[tuple[str, ...]]]] = {}
    testing = False
    if "\x1b" in text:
        text = ESCAPE.sub("", text)
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, texts in quick:
            if match := pattern.fullmatch(line):
                numbers = match.groups()
                break
        else:
            parts = IN_LINE.split(line)
            texts, numbers = tuple(parts[::2]), tuple(parts[1::2])
            if texts in seen and all(texts[1:-1]) and len(quick) < MOST:
                quick.append((re.compile(f"({NUMBER})".join(map(re.escape, texts)), re.IGNORECASE), texts))
            seen.add(texts)
        key = (testing, texts)
        if key not in plans:
            plans[key] = plan(texts, testing, wanted)
        found = plans[key]
        if found is None:
            continue
        if found.refuse:
            raise LogError(found.refuse, number)
        testing = found.testing
        if found.cells:
            _, lines, rows = gathered.setdefault(id(found), (found, [], []))
            lines.append(number)
            rows.append(numbers)
    return _table(list(gathered.values()), wanted)


def _table(groups: list[tuple[Plan, list[int], list[tuple[str, ...]]]], wanted: frozenset[str]) -> Table:
    """The gathered numbers in the order of their lines."""
    every = np.array([line for _, lines, _ in groups for line in lines], dtype=np.int64)
    order = np.argsort(every, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    columns: dict[str, np.ndarray] = {}
    roles, running, first = {}, set(), 0
    for found, lines, numbers in groups:
        rows = place[first : first + len(lines)]
        first += len(lines)
        kept = _complete(found, numbers)
        for cell in found.cells:
            at, end = cell.at, cell.at + cell.clock
            one = cell.clock == 1
            values = cell.scale * np.array([float(each[at]) if one else _clock(each[at:end]) for each in numbers])
            if _is_loss(cell, wanted) and not np.isfinite(values).all():
                bad = int(np.argmin(np.isfinite(values)))
                raise LogError(f"{cell.name!r} is {numbers[bad][cell.at]}, which is no finite number", lines[bad])
            values = np.where(np.isfinite(values) & (kept | (not cell.test)), values, np.nan)
            columns.setdefault(cell.name, np.full(len(every), np.nan))[rows] = values
            if cell.role:
                roles[cell.name] = cell.role
            if cell.running:
                running.add(cell.name)
    return Table(format="text log", columns=columns, lines=every[order], roles=roles, running=frozenset(running))


def _is_loss(cell: Cell, wanted: frozenset[str]) -> bool:
    known = meaning(cell.name)
    return (
        cell.role == "epoch_loss"
        or cell.name in wanted
        or (known is not None and known.kind == "loss" and known.split in (None, "train"))
    )


def _complete(found: Plan, numbers: list[tuple[str, ...]]) -> np.ndarray:
    """Which lines of a template have a test counter that is at its end, or none."""
    if found.counter is None:
        return np.ones(len(numbers), dtype=bool)
    return np.array([float(each[found.counter]) >= float(each[found.counter + 1]) - 1 for each in numbers])


def _clock(numbers: tuple[str, ...]) -> float:
    """Seconds of h:mm:ss or mm:ss."""
    seconds = 0.0
    for each in numbers:
        seconds = 60 * seconds + float(each)
    return seconds
