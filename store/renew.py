"""What has to be loaded again since a version was built, so that a build costs in proportion to what is new."""

from collections.abc import Collection
from dataclasses import dataclass

from store.look import Look
from store.tables import STORE, Table


@dataclass(frozen=True)
class News:
    """What differs from the store: folders whose state does, runs to delete, and run folders to load."""

    touched: frozenset[str]
    forget: frozenset[str]
    take: tuple[str, ...]


def news(con, tables: dict[str, Table], seen: Look) -> News:
    """What differs between the store and what was seen.

    Runs that were made from a changed one, or refer to it, are loaded again with it, as it may be bad now;
    runs that were left out are tried again, as what they lacked may be there.
    """
    before = dict(con.execute(f"SELECT folder, state FROM {STORE}.folders").fetchall())
    loaded = {row[0] for row in con.execute(f"SELECT run_id FROM {STORE}.runs").fetchall()}
    touched = {folder for folder in before.keys() | seen.runs.keys() if before.get(folder) != seen.runs.get(folder)}
    forget = _with_dependents(con, tables, touched & loaded)
    return News(frozenset(touched), frozenset(forget), tuple(run for run in seen.runs if run not in loaded - forget))


def _with_dependents(con, tables: dict[str, Table], runs: Collection[str]) -> set[str]:
    found, new = set(runs), set(runs)
    if new:
        references = [
            f"SELECT run_id, {column} FROM {STORE}.{table.name}"
            for table in tables.values()
            if table.of_runs
            for column, _, _ in table.references
        ]
        needs = con.execute(
            " UNION ".join([f"SELECT run_id, unnest(inputs) FROM {STORE}.runs", *references])
        ).fetchall()
        while new:
            new = {run for run, needed in needs if needed in new} - found
            found |= new
    return found
