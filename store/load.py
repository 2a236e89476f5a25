"""Loading facts, answers and artefacts into the store, table by table; whatever breaks the schema is left out, with its
file and reason.
"""

import contextlib
import json
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

from compute.core.runs import RECORD, ArtefactError, read_record
from store.blame import bad_row, culprits, left_out, refusals
from store.insert import insert_csv, insert_parquet, insert_rows
from store.layout import Layout
from store.schema import schema_sql
from store.tables import STORE, Table, check_keys, forget_runs, last_row

# facts first that others refer to
FACTS = (
    "sources",
    "published",
    "devices",
    "lu_times",
    "lu_flops",
    "lu_memory",
    "throughputs",
    "prices",
    "optimus_jobs",
    "optimus_results",
    "external_logs",
    "external_fits",
    "external_accuracy",
    "external_errors",
    "dawnbench_cifar10",
    "speed_fits",
    "speed_fit_errors",
    "questions",
)


def load_facts(con, tables: dict[str, Table], layout: Layout) -> list[dict]:
    """Fill the tables of published facts from their CSV files; returns what was left out."""
    bad = []
    for name in FACTS:
        file = layout.published / f"{name}.csv"
        refused = _fill(
            con,
            tables[name],
            [name],
            lambda catalog, _, name=name, file=file: insert_csv(con, catalog, tables[name], file),
        )
        bad += [left_out(name, f"published/{file.name}", error) for error in refused.values()]
    return bad


def load_answers(con, tables: dict[str, Table], layout: Layout) -> list[dict]:
    """Fill `answers` from the Markdown files, whose first line is the headline; returns what was left out."""
    rows = {}
    for file in sorted(layout.answers.glob("*.md")):
        headline, _, body = file.read_text(encoding="utf-8").partition("\n")
        rows[file.stem] = {"question": file.stem, "headline": headline.strip(), "body": body.strip()}
    refused = _fill(
        con,
        tables["answers"],
        list(rows),
        lambda catalog, names: insert_rows(con, catalog, tables["answers"], [rows[n] for n in names]),
    )
    return [left_out(name, f"answers/{name}.md", error) for name, error in refused.items()]


def load_runs(
    con, tables: dict[str, Table], layout: Layout, files: dict[str, Sequence[str]], progress: Callable[[int, int], None]
) -> list[dict]:
    """Load the runs that have these Parquet files; returns what was left out.

    A run is loaded whole or not at all, and only if the store has the runs that it was made from.
    `progress(done, total)` counts files.
    """
    records, bad = {}, {}
    for run in sorted(files):
        try:
            records[run] = read_record(layout.runs / run)
        except (ArtefactError, OSError) as error:
            bad[run] = left_out(run, getattr(error, "file", RECORD), error)
    have = {row[0] for row in con.execute(f"SELECT run_id FROM {STORE}.runs").fetchall()}
    taken = _with_inputs(records, have)
    rows = {run: _row(records[run], tables["runs"].columns) for run in taken}
    refused = _fill(
        con,
        tables["runs"],
        taken,
        lambda catalog, runs: insert_rows(con, catalog, tables["runs"], [rows[run] for run in runs]),
    )
    bad |= {run: left_out(run, RECORD, error) for run, error in refused.items()}

    feeding: dict[str, dict] = {}
    for run in taken:
        for file in files[run]:
            feeding.setdefault(file.removesuffix(".parquet"), {})[run] = layout.runs / run / file
    count = _Count(sum(map(len, feeding.values())), progress)
    for name, of_runs in sorted(feeding.items()):
        paths = {run: path for run, path in of_runs.items() if run not in bad}
        if name not in tables or not tables[name].of_runs or name == "runs":
            refused = dict.fromkeys(paths, ArtefactError(f"the store has no table {name!r} that a run can feed"))
        else:
            refused = _fill(con, tables[name], list(paths), partial(_insert_files, con, tables[name], paths, count))
        for run, error in refused.items():
            bad[run] = left_out(
                run, f"{name}.parquet", error, bad_row(con, tables[name], paths[run], error) if name in tables else ""
            )
    return _without(con, tables, records, have, taken, bad)


def _insert_files(
    con, table: Table, paths: dict, count: Callable[[int], None], catalog: str, runs: Sequence[str]
) -> None:
    insert_parquet(
        con, catalog, table, {run: paths[run] for run in runs}, count if catalog == STORE else lambda files: None
    )


def _without(con, tables, records: dict, have: set[str], taken: list[str], bad: dict[str, dict]) -> list[dict]:
    """Take bad runs out of the store again, with those that were made from them or refer to them; returns all that was
    left out.
    """
    while True:
        good = _with_inputs({run: record for run, record in records.items() if run not in bad}, have)
        forget_runs(con, tables, set(taken) - set(good))
        taken = good
        lost = [
            (run, f"column {column!r} names {other}, which the store does not have", table)
            for run, column, other, table in _dangling(con, tables, good)
        ]
        if not lost:
            break
        bad |= {run: left_out(run, f"{table}.parquet", ArtefactError(reason)) for run, reason, table in lost}
    for run, record in records.items():
        if missing := sorted(set(record.get("inputs") or ()) - have - set(good)):
            bad[run] = left_out(
                run, RECORD, ArtefactError(f"it was made from {', '.join(missing)}, which the store does not have")
            )
    return [bad[run] for run in sorted(bad)]


def _dangling(con, tables: dict[str, Table], runs: Collection[str]) -> list[tuple[str, str, str, str]]:
    """Runs among these that refer to one that the store does not have: (run, column, the missing one, table)."""
    found = []
    for table in tables.values():
        for column, other, key in table.references if table.of_runs else ():
            lost = (
                f"SELECT run_id, min({column}) FROM {STORE}.{table.name} WHERE {column} NOT IN (SELECT {key} FROM"
                f" {STORE}.{other}) GROUP BY run_id ORDER BY run_id"
            )
            found += [
                (run, column, missing, table.name) for run, missing in con.execute(lost).fetchall() if run in set(runs)
            ]
    return found


def _with_inputs(records: dict[str, dict], have: Iterable[str]) -> list[str]:
    """The runs that were made from none, or only from runs that the store has or that are among these themselves, by
    name.
    """
    loaded, waiting = set(have), dict(records)
    while ready := [run for run, record in waiting.items() if set(record.get("inputs") or ()) <= loaded]:
        loaded.update(ready)
        for run in ready:
            del waiting[run]
    return sorted(set(records) - set(waiting))


def _row(record: dict, columns: Iterable[str]) -> dict:
    return {column: record.get(column) for column in columns} | {
        "config": json.dumps(record["config"]),
        "inputs": list(record.get("inputs") or ()),
    }


def _fill(
    con, table: Table, items: Sequence[str], insert: Callable[[str, Sequence[str]], None]
) -> dict[str, Exception]:
    """Insert items into a table of the store, all in one transaction; those that it refuses are found, left out and
    returned with what it says.

    Raises what DuckDB raised where no item is to blame, as on a full disk.
    """
    refused: dict[str, Exception] = {}
    while taken := [item for item in items if item not in refused]:
        after = last_row(con, table)
        con.begin()
        try:
            insert(STORE, taken)
            check_keys(con, table, after)
            con.commit()
            break
        except refusals():
            with contextlib.suppress(*refusals()):  # after a full disk DuckDB cannot even go back
                con.rollback()
            try:
                found = culprits(con, schema_sql(), table, taken, insert)
            except refusals():
                found = {}
            if not found:
                raise
            refused |= found
    return refused


class _Count:
    """Adds up files that were loaded, and reports them."""

    def __init__(self, total: int, progress: Callable[[int, int], None]):
        self.done, self.total, self.progress = 0, total, progress

    def __call__(self, files: int) -> None:
        self.done = min(self.done + files, self.total)
        self.progress(self.done, self.total)
