"""Filling the written answers once a file is built, in the process that builds it, so that no visitor waits for it."""

import json
from dataclasses import asdict
from pathlib import Path

from store.settings import BUILD_MEMORY, BUILD_THREADS


def fill_answers(file: Path, rest: str) -> None:
    """Put the filled answers into a built file that is not published yet; those that are still good stay.

    An answer whose query fails is left out: whoever asks for it is told why. Raises duckdb.Error where the file cannot
    be written.
    """
    # pandas takes half a second to import, which a build that finds nothing new can do without
    import duckdb

    from store.answers import compute
    from store.filled import stamps
    from store.reader import Reader

    config = {"threads": BUILD_THREADS, "memory_limit": BUILD_MEMORY, "temp_directory": f"{file}.tmp"}
    with duckdb.connect(str(file), config=config) as con:
        reader = Reader(None, con)
        wanted = stamps(reader, rest)
        kept = dict(con.execute("SELECT question, stamp FROM filled_answers").fetchall())
        con.begin()
        for question in sorted(wanted.keys() | kept.keys()):
            if wanted.get(question) == kept.get(question):
                continue
            con.execute("DELETE FROM filled_answers WHERE question = ?", [question])
            try:
                answer = compute(reader, question) if question in wanted else None
            except (duckdb.Error, ArithmeticError, LookupError, TypeError, ValueError):
                continue
            if answer:
                con.execute(
                    "INSERT INTO filled_answers VALUES (?, ?, ?)",
                    [question, wanted[question], json.dumps(asdict(answer))],
                )
        con.commit()
        con.execute("CHECKPOINT")
