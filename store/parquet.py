"""The whole store as Parquet files with its schema, and a store made from such a folder again."""

import shutil
from pathlib import Path

from store.schema import schema_sql
from store.tables import literal, without_keys
from store.version import StoreError, Version, one_line

SCHEMA_FILE = "schema.sql"


def write_tables(version: Version, folder: Path) -> list[Path]:
    """Write each table of a version as `<table>.parquet`, and the schema, into a folder that is made; the files.

    Raises StoreError where DuckDB refuses, OSError where the folder cannot be written.
    """
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    (folder / SCHEMA_FILE).write_text(without_keys(schema_sql()), encoding="utf-8")
    files = [folder / SCHEMA_FILE]
    try:
        with duckdb.connect() as con:
            con.execute(f"ATTACH {literal(str(version.file))} AS written (READ_ONLY)")
            for table in _tables(con, "written"):
                file = folder / f"{table}.parquet"
                con.execute(f"COPY written.{table} TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd)")
                files.append(file)
    except duckdb.Error as error:
        raise StoreError(one_line(error)) from error
    return files


def read_tables(folder: Path, file: Path) -> None:
    """Make a DuckDB file from a folder that `write_tables` wrote. Raises StoreError where a file is missing or bad."""
    import duckdb

    fresh = file.with_name(f".new-{file.name}")
    try:
        with duckdb.connect(str(fresh)) as con:
            con.execute((folder / SCHEMA_FILE).read_text(encoding="utf-8"))
            for table in _tables(con, con.execute("SELECT current_database()").fetchone()[0]):
                source = literal(str(folder / f"{table}.parquet"))
                con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM read_parquet({source})")
        shutil.move(fresh, file)
    except duckdb.Error as error:
        raise StoreError(one_line(error)) from error
    finally:
        fresh.unlink(missing_ok=True)


def _tables(con, database: str) -> list[str]:
    found = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? ORDER BY table_name", [database]
    )
    return [name for (name,) in found.fetchall()]
