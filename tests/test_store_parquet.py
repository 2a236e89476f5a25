"""The store as Parquet files: read back, they make an equal store; what is missing is named."""

import pytest

from store.__main__ import main
from store.build import build
from store.parquet import read_tables, write_tables
from store.tables import literal
from store.version import StoreError, current


def states(file) -> dict[str, tuple]:
    """By table its columns with their types, the number of its rows and a hash of them all."""
    import duckdb

    with duckdb.connect() as con:
        con.execute(f"ATTACH {literal(str(file))} AS it (READ_ONLY)")
        columns: dict[str, list] = {}
        found = con.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = 'it'"
            " ORDER BY table_name, column_index"
        )
        for table, *column in found.fetchall():
            columns.setdefault(table, []).append(tuple(column))
        return {
            table: (of, *con.execute(f"SELECT count(*), bit_xor(hash(t)) FROM it.{table} AS t").fetchone())
            for table, of in columns.items()
        }


def test_parquet_files_read_back_make_an_equal_store(committed, tmp_path):
    version = committed.version
    write_tables(version, tmp_path / "tables")
    read_tables(tmp_path / "tables", tmp_path / "again.duckdb")
    before, after = states(version.file), states(tmp_path / "again.duckdb")
    assert before == after
    assert before["runs"][1] == version.runs and before["layers"][1] > 0


def test_a_missing_table_is_named_and_no_file_is_left(filled, tmp_path):
    build(filled)
    write_tables(current(filled), tmp_path / "tables")
    (tmp_path / "tables" / "steps.parquet").unlink()
    with pytest.raises(StoreError, match=r"steps\.parquet"):
        read_tables(tmp_path / "tables", tmp_path / "again.duckdb")
    assert not list(tmp_path.glob("*again*"))


def test_the_command_writes_every_table_and_the_schema(filled, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("REPORT_STORE", str(filled.runs.parent))
    assert main(["export", str(tmp_path / "out"), "--parquet"]) == 0
    assert "runs.parquet" in {path.name for path in (tmp_path / "out").iterdir()}
    assert "schema.sql" in {path.name for path in (tmp_path / "out").iterdir()}
    assert str(tmp_path / "out") in capsys.readouterr().out
