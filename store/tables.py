"""The store's tables as the schema declares them: columns, keys and checks, and how a key is checked once a table is
filled.

The tables of the built file have no keys: an index that grows with every row costs more than the rows,
and makes the file twice as large. A query over the rows that came in finds what breaks a key instead.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from compute.core.runs import ArtefactError

STORE, DECLARED = "store", "memory"  # DuckDB's names for the file that is built, and for the schema as it was written


@dataclass(frozen=True)
class Table:
    """One table: its columns (type, and whether it may be missing), its key, its references (column, table, column
    there), its checks.
    """

    name: str
    columns: dict[str, tuple[str, bool]]
    key: tuple[str, ...]
    references: tuple[tuple[str, str, str], ...]
    checks: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def of_runs(self) -> bool:
        """Whether its rows belong to runs."""
        return "run_id" in self.columns and self.name != "left_out"

    @property
    def within_runs(self) -> bool:
        """Whether no row of one run can break the key of another's."""
        return not self.key or "run_id" in self.key


def declare(con, schema: str) -> dict[str, Table]:
    """Make the schema's tables in memory as they are written, and without keys in the store unless they are there;
    returns them by name.
    """
    con.execute(schema)
    if not con.execute(f"SELECT count(*) FROM duckdb_tables() WHERE database_name = '{STORE}'").fetchone()[0]:
        con.execute(f"USE {STORE}")
        con.execute(without_keys(schema))
        con.execute(f"USE {DECLARED}")
    return _declared(con)


def without_keys(schema: str) -> str:
    """The schema without primary keys and references; a column that was a key by itself stays NOT NULL."""
    schema = re.sub(r",\s*PRIMARY KEY \([^()]*\)", "", schema)
    schema = re.sub(r"(?: NOT NULL)? PRIMARY KEY\b", " NOT NULL", schema)
    return re.sub(r" REFERENCES \w+ \(\w+\)", "", schema)


def _declared(con) -> dict[str, Table]:
    columns: dict[str, dict] = {}
    found = con.execute(
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE database_name ="
        f" '{DECLARED}' AND NOT internal ORDER BY table_name, column_index"
    )
    for table, column, kind, optional in found.fetchall():
        columns.setdefault(table, {})[column] = (kind, bool(optional))
    found = con.execute(f"""
        SELECT table_name, constraint_type, constraint_column_names, referenced_table, referenced_column_names,
               expression
        FROM duckdb_constraints() WHERE database_name = '{DECLARED}'
        """)
    keys: dict[str, tuple] = {}
    references: dict[str, list] = {}
    checks: dict[str, list] = {}
    for table, kind, names, other, other_names, expression in found.fetchall():
        if kind == "PRIMARY KEY":
            keys[table] = tuple(names)
        elif kind == "FOREIGN KEY":
            references.setdefault(table, []).append((names[0], other, other_names[0]))
        elif kind == "CHECK":
            checks.setdefault(table, []).append((expression, tuple(dict.fromkeys(names))))
    return {
        name: Table(name, of, keys.get(name, ()), tuple(references.get(name, ())), tuple(checks.get(name, ())))
        for name, of in columns.items()
    }


def last_row(con, table: Table) -> int:
    """The number of the store's last row of a table, below those of all that come later; -1 for an empty one."""
    return con.execute(f"SELECT coalesce(max(rowid), -1) FROM {STORE}.{table.name}").fetchone()[0]


def check_keys(con, table: Table, after: int) -> None:
    """Raise ArtefactError where rows that came after a row number break the table's key or its references."""
    for column, other, key in table.references:
        lost = (
            f"SELECT 1 FROM {STORE}.{table.name} WHERE rowid > {after} AND {column} NOT IN (SELECT {key} FROM"
            f" {STORE}.{other}) LIMIT 1"
        )
        if con.execute(lost).fetchone():
            raise ArtefactError(f"column {column!r} names what the table {other!r} does not hold")
    if table.key and _repeats(con, table, after if table.within_runs and table.of_runs else -1):
        raise ArtefactError(f"the key of {table.name!r} is there twice")


def _repeats(con, table: Table, after: int) -> bool:
    """Whether a key is there twice. Rows whose key is larger than the row's before cannot be, and files are mostly in
    order.
    """
    key, name = ", ".join(table.key), f"{STORE}.{table.name}"
    again = f"SELECT 1 FROM {name} WHERE rowid > {after} AND {{}} GROUP BY {key} HAVING count(*) > 1 LIMIT 1"
    if not table.of_runs:
        return con.execute(again.format(True)).fetchone() is not None
    unordered = (
        f"SELECT run_id FROM (SELECT run_id, row({key}) AS one, lag(row({key})) OVER () AS before FROM {name} WHERE"
        f" rowid > {after}) WHERE one <= before"
    )
    if not con.execute(f"{unordered} LIMIT 1").fetchone():
        return False
    within = f"run_id IN ({unordered})" if table.within_runs else "true"
    return con.execute(again.format(within)).fetchone() is not None


def forget_runs(con, tables: dict[str, Table], runs: Collection[str]) -> None:
    """Delete all rows of some runs from the store."""
    for table in tables.values():
        if table.of_runs:
            forget(con, table, "run_id", runs)


def forget(con, table: Table, column: str, values: Collection[str]) -> None:
    """Delete the rows of the store's table whose column holds one of some values."""
    if values:
        con.execute(f"DELETE FROM {STORE}.{table.name} WHERE {column} IN ({', '.join(map(literal, sorted(values)))})")


def count_rows(con, tables: dict[str, Table]) -> tuple[int, int]:
    """How many runs the store holds, and how many rows of theirs in all other tables."""
    others = " + ".join(
        f"(SELECT count(*) FROM {STORE}.{table.name})"
        for table in tables.values()
        if table.of_runs and table.name != "runs"
    )
    return con.execute(f"SELECT (SELECT count(*) FROM {STORE}.runs), {others}").fetchone()


def literal(text: str) -> str:
    """A text as SQL writes it. The build writes values so, because the first one that is bound makes DuckDB import
    pandas, a third of the time of a build.
    """
    return "'" + text.replace("'", "''") + "'"
