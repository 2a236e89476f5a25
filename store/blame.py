"""What is to blame where a table is refused: items are tried alone or together in a copy of the schema with its keys,
in memory.
"""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from compute.core.runs import ArtefactError
from store.tables import STORE, Table, literal

TRIAL = "trial"
TRIED_AT_ONCE = 100
TWICE = "duplicate key"  # DuckDB's words for a key that is there already
LONGEST = 400  # characters of a reason


def refusals() -> tuple[type[Exception], ...]:
    """What a bad file can raise; DuckDB is imported only where something is built."""
    import duckdb

    return duckdb.Error, ArtefactError, OSError, ValueError, TypeError


def culprits(
    con, schema: str, table: Table, items: Sequence[str], insert: Callable[[str, Sequence[str]], None]
) -> dict[str, Exception]:
    """The items that the table refuses, with what it says; `insert(catalog, items)` inserts some of them.

    What fits together is not looked at again, so that a few culprits among many cost a few trials.
    """
    found: dict[str, Exception] = {}

    def attempt(batch: Sequence[str]) -> None:
        con.begin()
        try:
            insert(TRIAL, batch)
        except refusals() as error:
            con.rollback()
            if len(batch) == 1:
                found[batch[0]] = error
            else:
                attempt(batch[: len(batch) // 2])
                attempt(batch[len(batch) // 2 :])
        else:
            # what went in has to stay only where later items could break its key
            con.rollback() if table.within_runs else con.commit()

    con.execute(f"ATTACH ':memory:' AS {TRIAL}")
    try:
        con.execute(f"USE {TRIAL}")
        con.execute(schema)
        for _, other, _ in table.references:
            con.execute(f"INSERT INTO {TRIAL}.{other} SELECT * FROM {STORE}.{other}")
        if not table.within_runs:
            con.execute(f"INSERT INTO {TRIAL}.{table.name} SELECT * FROM {STORE}.{table.name}")
        for start in range(0, len(items), TRIED_AT_ONCE):
            attempt(items[start : start + TRIED_AT_ONCE])
    finally:
        con.execute("USE memory")
        con.execute(f"DETACH {TRIAL}")
    return found


def left_out(run: str, file: str, error: Exception, row: str = "") -> dict:
    """A row of the table `left_out`: the run, its file, and what is wrong with it, on one line."""
    said = (
        " ".join(str(error).partition("\nLINE ")[0].split()) or type(error).__name__
    )  # without DuckDB's copy of the statement
    return {"run_id": run, "file": file, "reason": f"{row}: {said}"[:LONGEST] if row else said[:LONGEST]}


def bad_row(con, table: Table, file: Path, error: Exception) -> str:
    """The first row of a Parquet file that breaks what DuckDB named, by its key and the values that break it; empty for
    other errors.
    """
    source, said = f"read_parquet({literal(str(file))}, file_row_number = true)", str(error)
    key = tuple(column for column in table.key if column != "run_id")
    names = ", ".join(key)
    breaks = [(f"CHECK({check})", f"NOT ({check})", columns) for check, columns in table.checks]
    breaks += [(f"{table.name}.{column}", f"{column} IS NULL", (column,)) for column in table.columns]
    breaks += (
        [(TWICE, f"({names}) IN (SELECT ({names}) FROM {source} GROUP BY {names} HAVING count(*) > 1)", key)]
        if key
        else []
    )
    for named, condition, columns in breaks:
        if said.startswith("Constraint Error") and named.lower() in said.lower():
            shown = dict.fromkeys([*key, *columns])
            first = (
                f"SELECT file_row_number + 1, {', '.join(shown)} FROM {source} WHERE {condition} ORDER BY"
                " file_row_number LIMIT 1"
            )
            with contextlib.suppress(*refusals()):
                number, *values = con.execute(first).fetchone() or (None,)
                if number:
                    holds = ", ".join(f"{name} {value}" for name, value in zip(shown, values, strict=True))
                    return f"row {number} ({holds}{', which is there twice' if named == TWICE else ''})"
    return ""
