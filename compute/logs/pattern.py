"""A log of any other form, by a pattern of the reader's."""

import re

import numpy as np

from compute.logs.columns import ROLES
from compute.logs.log import LogError
from compute.logs.table import Table

LONGEST = 2_000  # characters of a line that a pattern is tried on


def parse(text: str, pattern: str) -> Table:
    """A row for each line that the pattern is found in; its named groups are roles.

    Raises LogError for a pattern that is none, names no group or an unknown one, or is found nowhere. A
    pattern that backtracks without end is not stopped: it must come from whoever waits for it.
    """
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise LogError(f"the pattern is no regular expression: {error}") from None
    if not found.groupindex:
        raise LogError(f"the pattern names no group; write (?P<loss>…), (?P<epoch>…); groups can be {', '.join(ROLES)}")
    if unknown := [group for group in found.groupindex if group not in ROLES]:
        raise LogError(f"the pattern's group {unknown[0]!r} is unknown; groups can be {', '.join(ROLES)}")
    rows = [
        (number, match.groupdict())
        for number, line in enumerate(text.split("\n"), 1)
        if (match := found.search(line[:LONGEST]))
    ]
    if not rows:
        raise LogError("the pattern is found in no line")
    columns = {group: [row[group] for _, row in rows] for group in found.groupindex}
    lines = np.array([number for number, _ in rows], dtype=np.int64)
    return Table(format="text by a pattern", columns=columns, lines=lines, roles={group: group for group in columns})
