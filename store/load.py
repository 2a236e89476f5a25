"""Loading artefacts, facts and answers into an empty store; whatever breaks the schema is left out, with its file and reason."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from store.artefact import RECORD, ArtefactError, read_record
from store.layout import Layout

# facts first that others refer to
FACTS = ("sources", "published", "devices", "lu_times", "lu_flops", "throughputs", "prices", "questions")
UNIQUE = {"steps": "step"}


def load_facts(con, layout: Layout) -> list[dict]:
    """Fill the tables of published facts from their CSV files; returns what was left out."""
    bad = []
    for name in FACTS:
        file = layout.published / f"{name}.csv"
        try:
            if not file.exists():
                raise ArtefactError("the file is missing")
            con.execute(f"INSERT INTO {name} BY NAME SELECT * FROM read_csv(?, header = true, all_varchar = true, quote = '\"')", [str(file)])
        except _refusals() as error:
            bad.append(_left_out(name, f"published/{file.name}", error))
    return bad


def load_answers(con, layout: Layout) -> list[dict]:
    """Fill `answers` from the Markdown files, whose first line is the headline; returns what was left out."""
    bad = []
    for file in sorted(layout.answers.glob("*.md")):
        headline, _, body = file.read_text(encoding="utf-8").partition("\n")
        try:
            con.execute("INSERT INTO answers VALUES (?, ?, ?)", [file.stem, headline.strip(), body.strip()])
        except _refusals() as error:
            bad.append(_left_out(file.stem, f"answers/{file.name}", error))
    return bad


def load_runs(con, layout: Layout, progress: Callable[[int, int], None]) -> tuple[int, int, list[dict]]:
    """Load run by run, each in its own transaction; runs made from others after those.

    Returns how many runs and rows were loaded, and what was left out. `progress(done, total)` counts folders.
    """
    wanted = _wanted_columns(con)
    folders = sorted(f for f in layout.runs.iterdir() if f.is_dir() and not f.name.startswith(".")) if layout.runs.exists() else []
    records, bad, loaded, rows, done = {}, [], set(), 0, 0
    for folder in folders:
        try:
            records[folder] = read_record(folder)
        except (ArtefactError, OSError) as error:
            bad.append(_left_out(folder.name, getattr(error, "file", RECORD), error))
    waiting = dict(records)
    while ready := [f for f, record in waiting.items() if set(record.get("inputs") or ()) <= loaded]:
        for folder in ready:
            record, file, fed = waiting.pop(folder), RECORD, 0
            con.begin()
            try:
                _insert_record(con, record, wanted["runs"])
                for path in sorted(folder.glob("*.parquet")):
                    file = path.name
                    fed += _insert_table(con, path, folder.name, wanted)
                con.commit()
                rows += fed
                loaded.add(folder.name)
            except _refusals() as error:
                try:
                    con.rollback()
                except _refusals():
                    raise error from None  # not the artefact's fault: the store itself cannot be written
                bad.append(_left_out(folder.name, file, error))
            done += 1
            progress(done, len(folders))
    for folder, record in waiting.items():
        lost = sorted(set(record["inputs"]) - loaded)
        bad.append(_left_out(folder.name, RECORD, ArtefactError(f"it was made from {', '.join(lost)}, which the store does not have")))
    return len(loaded), rows, bad


def _wanted_columns(con) -> dict[str, dict[str, tuple[str, bool]]]:
    """For `runs` and each table that a run may feed: column → (type, may be missing)."""
    found = con.execute(
        "SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE schema_name = 'main' ORDER BY table_name, column_index"
    ).fetchall()
    tables: dict = {}
    for table, column, kind, optional in found:
        tables.setdefault(table, {})[column] = (kind, bool(optional))
    return {t: columns for t, columns in tables.items() if "run_id" in columns and t != "left_out"}


def _insert_record(con, record: dict, columns: Iterable[str]) -> None:
    row = {column: record.get(column) for column in columns} | {"config": json.dumps(record["config"]), "inputs": list(record.get("inputs") or ())}
    con.execute(f"INSERT INTO runs ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def _insert_table(con, path: Path, run: str, wanted: dict) -> int:
    name = path.stem
    if name not in wanted or name == "runs":
        raise ArtefactError(f"the store has no table {name!r} that a run can feed")
    described = con.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(path)]).description
    has = {column[0]: str(column[1]) for column in described}
    for column, (kind, optional) in wanted[name].items():
        if column == "run_id":
            continue
        if column not in has:
            if not optional:
                raise ArtefactError(f"column {column!r} is missing")
        elif _family(has[column]) not in _ACCEPTS.get(_family(kind), {_family(kind)}):
            raise ArtefactError(f"column {column!r} has type {has[column]}, the store wants {kind}")
    if extra := sorted(set(has) - set(wanted[name])):
        raise ArtefactError(f"the table {name!r} has no column {extra[0]!r}")
    if "run_id" in has:
        raise ArtefactError("column 'run_id' does not belong in the file; the folder's name says it")
    columns = ", ".join(has)
    rows = con.execute(f"INSERT INTO {name} (run_id, {columns}) SELECT ?, {columns} FROM read_parquet(?)", [run, str(path)]).fetchone()[0]
    if name in UNIQUE:
        key = UNIQUE[name]
        if con.execute(f"SELECT count(DISTINCT {key}) FROM read_parquet(?)", [str(path)]).fetchone()[0] != rows:
            raise ArtefactError(f"column {key!r} holds the same value twice")
    return rows


_ACCEPTS = {"number": {"number", "integer"}}


def _family(kind: str) -> str:
    kind = kind.upper()
    if kind.startswith(("TINYINT", "SMALLINT", "INT", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINT", "UBIGINT", "NUMBER")):
        return "integer"
    if kind.startswith(("FLOAT", "DOUBLE", "DECIMAL", "REAL")):
        return "number"
    if kind.startswith(("VARCHAR", "ENUM", "STRING", "JSON")):
        return "text"
    return kind


def _refusals() -> tuple[type[Exception], ...]:
    """What a bad file can raise; DuckDB is imported only where something is built."""
    import duckdb

    return duckdb.Error, ArtefactError, OSError, ValueError, TypeError


def _left_out(run: str, file: str, error: Exception) -> dict:
    return {"run_id": run, "file": file, "reason": " ".join(str(error).split())[:300] or type(error).__name__}
