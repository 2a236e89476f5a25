"""Putting rows into a table: those that Python holds, a CSV file, the Parquet files of many runs at once."""

import json
from collections.abc import Callable
from pathlib import Path

from compute.core.runs import ArtefactError
from store.tables import Table, literal

FILES_AT_ONCE = 2000


def insert_rows(con, catalog: str, table: Table, rows: list[dict]) -> None:
    """Insert dicts, in one statement. A value goes in as text, which DuckDB converts to the column's type."""
    shape = {column: ["VARCHAR"] if kind.endswith("[]") else "VARCHAR" for column, (kind, _) in table.columns.items()}
    values = f"from_json_strict({literal(json.dumps(rows))}, {literal(json.dumps([shape]))})"
    con.execute(f"INSERT INTO {catalog}.{table.name} BY NAME SELECT unnest({values}, recursive := true)")


def insert_csv(con, catalog: str, table: Table, file: Path) -> None:
    """Insert a CSV file with a header."""
    if not file.exists():
        raise ArtefactError("the file is missing")
    con.execute(
        f"INSERT INTO {catalog}.{table.name} BY NAME SELECT * FROM read_csv({literal(str(file))}, header = true,"
        " all_varchar = true, quote = '\"')"
    )


def insert_parquet(
    con, catalog: str, table: Table, files: dict[str, Path], done: Callable[[int], None] = lambda files: None
) -> None:
    """Insert a table's file of each run, in one statement for all files with the same columns. `done(n)` is told of
    every n files.

    Raises ArtefactError or duckdb.Error where any of them does not fit; which one, the message need not say.
    """
    names = list(files)
    for start in range(0, len(names), FILES_AT_ONCE):
        some = [files[name] for name in names[start : start + FILES_AT_ONCE]]
        for alike in _alike(con, some):
            _insert_alike(con, catalog, table, alike)
        done(len(some))


def _alike(con, files: list[Path]) -> list[list[str]]:
    """The files, in groups of the same columns and types: DuckDB reads many files with the types of the first."""
    columns = (
        "SELECT file_name, string_agg(concat_ws(' ', name, duckdb_type), ', ') AS columns FROM"
        f" parquet_schema({_listed(map(str, files))}) GROUP BY ALL"
    )
    return [
        row[0]
        for row in con.execute(
            f"SELECT list(file_name ORDER BY file_name) FROM ({columns}) GROUP BY columns ORDER BY ALL"
        ).fetchall()
    ]


def _insert_alike(con, catalog: str, table: Table, files: list[str]) -> None:
    described = con.execute(f"SELECT * FROM read_parquet({literal(files[0])}) LIMIT 0").description
    has = {column[0]: str(column[1]) for column in described}
    _check_columns(table, has)
    columns = ", ".join(has)
    # a run's folder is the part of the path between the folder of all runs and the file's name
    folder, file = Path(files[0]).parent, Path(files[0]).name
    start, rest = len(str(folder.parent)) + 2, len(str(folder.parent)) + len(file) + 2
    con.execute(f"""
        INSERT INTO {catalog}.{table.name} (run_id, {columns})
        SELECT substr(filename, {start}, length(filename) - {rest}), {columns} FROM read_parquet({_listed(files)},
               filename = true)
        """)


def _check_columns(table: Table, has: dict[str, str]) -> None:
    for column, (kind, optional) in table.columns.items():
        if column == "run_id":
            continue
        if column not in has:
            if not optional:
                raise ArtefactError(f"column {column!r} is missing")
        elif _family(has[column]) not in _ACCEPTS.get(_family(kind), {_family(kind)}):
            raise ArtefactError(f"column {column!r} has type {has[column]}, the store wants {kind}")
    if extra := sorted(set(has) - set(table.columns)):
        raise ArtefactError(f"the table {table.name!r} has no column {extra[0]!r}")
    if "run_id" in has:
        raise ArtefactError("column 'run_id' does not belong in the file; the folder's name says it")


_ACCEPTS = {"number": {"number", "integer"}}


def _family(kind: str) -> str:
    kind = kind.upper()
    if kind.startswith(
        ("TINYINT", "SMALLINT", "INT", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINT", "UBIGINT", "NUMBER")
    ):
        return "integer"
    if kind.startswith(("FLOAT", "DOUBLE", "DECIMAL", "REAL")):
        return "number"
    if kind.startswith(("VARCHAR", "ENUM", "STRING", "JSON")):
        return "text"
    return kind


def _listed(texts) -> str:
    return f"[{', '.join(map(literal, texts))}]"
