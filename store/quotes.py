"""What written answers quote: a placeholder names a query, a row of it, and a column.

`[[transfer.rates(extract, 0.1).test_percent:.1f]]` is the column `test_percent` of the row of the query
`rates` of the problem `transfer` whose keys are `extract` and `0.1`; a query with a single row has no
parentheses. `[[published.paleo_peak_shortfall_percent]]` is the value of a published fact. What a NULL means
stands behind `else`: `[[optimus.target_errors.high:.0f else never]]`. A query runs only when a
placeholder quotes it, once for each version of the store.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from store.reader import Reader

PLACEHOLDER = re.compile(
    r"\[\[(?P<problem>[a-z]+)\.(?P<query>[a-z0-9_]+)(?:\((?P<keys>[^()\]]*)\))?(?:\.(?P<column>[a-z0-9_]+))?(?::(?P<format>[^\]\s]+))?"
    r"(?: else (?P<otherwise>[^\]]+))?\]\]"
)


class QuoteError(Exception):
    """A placeholder that names no query or no column; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Quotable:
    """A query whose rows answers may quote; `keys` are the columns that tell its rows apart, none where it has a single
    row.
    """

    query: Callable[[Reader], pd.DataFrame]
    keys: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The query's name in placeholders: that of its function."""
        return self.query.__name__


def quotables(*every: Quotable) -> dict[str, Quotable]:
    """The queries of a problem by name. Raises ValueError where two have the same name."""
    names = [one.name for one in every]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two queries that answers may quote are called {twice[0]!r}")
    return dict(zip(names, every, strict=True))


def quoted(reader: Reader, problems: dict[str, dict[str, Quotable]], match: re.Match) -> object | None:
    """The value that a placeholder names; None where its row is not there, or is NULL in that column.

    With `else` in the placeholder, the text behind it where the row is there and NULL.

    Raises QuoteError for a problem, query or column that does not exist, or another number of keys.
    """
    problem, name, column = match["problem"], match["query"], match["column"]
    if problem not in problems or name not in problems[problem]:
        raise QuoteError(f"{match[0]} names the query {problem}.{name}, which does not exist")
    keys = tuple(key.strip() for key in match["keys"].split(",")) if match["keys"] else ()
    quotable = problems[problem][name]
    if len(keys) != len(quotable.keys):
        raise QuoteError(
            f"{match[0]} has {len(keys)} keys; {problem}.{name} has {len(quotable.keys)}: {', '.join(quotable.keys)}"
        )
    columns, rows = _rows(reader, problem, quotable)
    if column not in columns and rows:
        raise QuoteError(f"{match[0]} names the column {column!r}; {problem}.{name} has {', '.join(columns)}")
    if keys not in rows:
        return None
    value = rows[keys].get(column)
    null = value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NaT or value is pd.NA
    return match["otherwise"] if null else value


def _rows(reader: Reader, problem: str, quotable: Quotable) -> tuple[list[str], dict[tuple[str, ...], dict]]:
    """Columns and rows of a query by their keys as text, evaluated once for each version of the store."""
    memo = reader.memo.setdefault("quotes", {})
    if (problem, quotable.name) not in memo:
        frame = quotable.query(reader)
        rows = {tuple(as_key(row[key]) for key in quotable.keys): row for row in frame.to_dict("records")}
        if len(rows) < len(frame):
            raise QuoteError(
                f"{problem}.{quotable.name} has several rows for the same {', '.join(quotable.keys) or 'placeholder'}"
            )
        memo[problem, quotable.name] = list(frame.columns), rows
    return memo[problem, quotable.name]


def as_key(value: object) -> str:
    """A row's key as a placeholder writes it: numbers in their shortest form, anything else as text."""
    return f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
