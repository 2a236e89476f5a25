"""`python -m store build | check | query | export`: look after the report's results."""

import argparse
import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from store.build import build
from store.fill import fill_answers
from store.layout import Layout
from store.version import StoreError, Version, current, one_line, reason, trouble

PROJECT = Path(__file__).parents[1]


def parser() -> argparse.ArgumentParser:
    """The command line of the store."""
    top = argparse.ArgumentParser(
        prog="python -m store",
        description=(
            "Look after the report's results: run artefacts in store/runs and facts in store/published become one"
            " DuckDB file."
        ),
        epilog=(
            "The environment variable REPORT_STORE names another folder with runs to build from; the results are then"
            " built there too."
        ),
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    said = "build the DuckDB file if anything is new; says which runs were left out and why"
    commands.add_parser("build", help=said, description=said)
    said = "for every question of the assignment: is it answered, from which runs and facts, at which scale"
    check = commands.add_parser("check", help=said, description=said)
    check.add_argument("--json", action="store_true", help="print JSON instead of text")
    said = "run one read-only SQL query and print CSV"
    query = commands.add_parser("query", help=said, description=said)
    query.add_argument("sql", help='for example "SELECT model, macs FROM networks ORDER BY macs"')
    said = "write the whole report as static files that open from disk, or with --parquet every table with the schema"
    export = commands.add_parser("export", help=said, description=said)
    export.add_argument("folder", metavar="DIR", help="the folder to write to; it is made")
    export.add_argument("--parquet", action="store_true", help="the store's tables as Parquet files, with the schema")
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0, or 2 with one line on standard error."""
    args = parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # a stream that somebody put in its place
            stream.reconfigure(errors="backslashreplace")  # terminals that lack a letter
    try:
        return {"build": _build, "check": _check, "query": _query, "export": _export}[args.command](
            args, Layout.default()
        )
    except KeyboardInterrupt:
        return _fail("stopped; what was built before is still there")
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except (OSError, StoreError) as error:
        return _fail(reason(error))


def _build(args, layout: Layout) -> int:
    before = current(layout)
    try:
        version = _renewed(layout)
    except (OSError, StoreError) as error:
        return _fail(
            f"nothing could be built: {reason(error)}" + (f"; the results of {before.built_at} stay" if before else "")
        )
    if before and before.file == version.file:
        print(f"nothing new since {version.built_at}: {version.runs} runs in {layout.results}")
    else:
        print(f"built {version.runs} runs, {version.rows:,} rows in {version.seconds:.2f} s: {layout.results}")
    for row in version.left_out:
        print(f"left out {row['run_id']}: {row['file']}: {row['reason']}", file=sys.stderr)
    return 0


def _check(args, layout: Layout) -> int:
    from store.catalogue import evidence

    reader, rows = _asked(layout, evidence)
    if args.json:
        print(json.dumps({"questions": rows, "left_out": list(reader.version.left_out)}, indent=1))
        return 0
    for row in rows:
        state = "answered" if row["answered"] else "not answered"
        print(f"{row['question']:<5} {row['points']:>4} points  {state:<13} {row['title']}")
        for item in row["runs"]:
            print(
                f"        {item['scale']:<6} {item['provenance']:<10} {item['job']} ({item['count']}"
                f" run{'s' if item['count'] != 1 else ''})"
            )
        if row["facts"]:
            print(f"        facts: {', '.join(row['facts'])}")
        if row["missing"]:
            print(f"        missing: {', '.join(row['missing'])}")
    answered = sum(row["answered"] for row in rows)
    print(f"{answered} of {len(rows)} questions answered")
    for row in reader.version.left_out:
        print(f"left out {row['run_id']}: {row['file']}: {row['reason']}")
    return 0


def _query(args, layout: Layout) -> int:
    import duckdb

    def rows(reader):
        if len(duckdb.extract_statements(args.sql)) != 1:
            raise StoreError("the query must be one statement")
        return reader.df(args.sql)

    _asked(layout, rows)[1].to_csv(sys.stdout, index=False)
    return 0


def _export(args, layout: Layout) -> int:
    version, folder = _built(layout), Path(args.folder).absolute()
    if not args.parquet:
        # the report's pages are a floor above, which the store does not import: their command is a process of its own
        return subprocess.run([sys.executable, "-m", "pages.export", str(folder)], cwd=PROJECT, check=False).returncode
    from store.parquet import write_tables

    files = write_tables(version, folder)
    print(f"wrote {len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB, to {folder}")
    return 0


def _asked(layout: Layout, query: Callable) -> tuple:
    """The reader of the renewed store and what a query gives with it. Raises StoreError where DuckDB refuses."""
    import duckdb

    from store.reader import open_reader

    _built(layout)
    reader = open_reader(layout)
    try:
        return reader, query(reader)
    except duckdb.Error as error:
        raise StoreError(one_line(error)) from error


def _built(layout: Layout) -> Version:
    """The current version, renewed; where nothing can be built, the one before, with a warning."""
    try:
        return _renewed(layout)
    except (OSError, StoreError) as error:
        if (older := current(layout)) is None or trouble(older):
            raise
        print(
            f"warning: nothing could be built ({reason(error)}); going on with the results of {older.built_at}",
            file=sys.stderr,
        )
        return older


def _renewed(layout: Layout) -> Version:
    from tqdm import tqdm

    if (version := current(layout)) and (damage := trouble(version)):
        print(f"warning: {version.file} cannot be read ({damage}); building it again", file=sys.stderr)
    with tqdm(desc="building the store", unit="file", delay=1, leave=False, file=sys.stderr, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return build(layout, progress, fill_answers)


def _fail(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
