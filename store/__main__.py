"""`python -m store build | check | query`: look after the report's results."""

import argparse
import json
import sys

from store.build import build, current
from store.layout import Layout


def parser() -> argparse.ArgumentParser:
    """The command line of the store."""
    top = argparse.ArgumentParser(
        prog="python -m store",
        description="Look after the report's results: run artefacts in store/runs and facts in store/published become one DuckDB file.",
        epilog="The environment variable REPORT_STORE names another folder with runs to build from; the results are then built there too.",
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
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0, or 2 with one line on standard error."""
    args = parser().parse_args(argv)
    try:
        return {"build": _build, "check": _check, "query": _query}[args.command](args, Layout.default())
    except KeyboardInterrupt:
        return _fail("stopped; what was built before is still there")
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        return _fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")


def _build(args, layout: Layout) -> int:
    before = current(layout)
    version = _built(layout)
    if before and before.file == version.file:
        print(f"nothing new since {version.built_at}: {version.runs} runs in {layout.results}")
    else:
        print(f"built {version.runs} runs, {version.rows:,} rows in {version.seconds:.2f} s: {layout.results}")
    for row in version.left_out:
        print(f"left out {row['run_id']}: {row['file']}: {row['reason']}", file=sys.stderr)
    return 0


def _check(args, layout: Layout) -> int:
    from store.catalogue import evidence
    from store.reader import open_reader

    _built(layout)
    reader = open_reader(layout)
    rows = evidence(reader)
    if args.json:
        print(json.dumps({"questions": rows, "left_out": list(reader.version.left_out)}, indent=1))
        return 0
    for row in rows:
        state = "answered" if row["answered"] else "not answered"
        print(f"{row['question']:<5} {row['points']:>4} points  {state:<13} {row['title']}")
        for item in row["runs"]:
            print(f"        {item['scale']:<6} {item['provenance']:<10} {item['job']} ({item['count']} run{'s' if item['count'] != 1 else ''})")
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

    from store.reader import open_reader

    _built(layout)
    try:
        if len(duckdb.extract_statements(args.sql)) != 1:
            return _fail("the query must be one statement")
        frame = open_reader(layout).df(args.sql)
    except duckdb.Error as error:
        return _fail(" ".join(str(error).split()))
    frame.to_csv(sys.stdout, index=False)
    return 0


def _built(layout: Layout):
    from tqdm import tqdm

    with tqdm(desc="building the store", unit="run", delay=1, leave=False, file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        try:
            return build(layout, progress)
        except OSError as error:
            if (older := current(layout)) is None:
                raise
            print(f"warning: nothing could be built ({error.strerror or error}); going on with the results of {older.built_at}", file=sys.stderr)
            return older


def _fail(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
