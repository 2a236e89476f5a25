"""Written answers as the build filled them: kept in the built file, and good for as long as what they were made from is
the same.

An answer is made from its text, the facts, the code, and the runs of the problems whose queries it quotes. Its stamp
is a hash over these, so that a version in which only other runs are new takes the answer over.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from store.quotes import PLACEHOLDER
from store.reader import Reader

ROOT = Path(__file__).parents[1]
CODE = ("store", "compute/core")  # what decides how an answer is filled
# problems whose queries read runs of other problems too: the FLOPs of a network were counted for Problem 3
ALSO_READS = {"transfer": ("flops",)}


def stamps(reader: Reader, rest: str) -> dict[str, str]:
    """The stamp of each answer by its question; `rest` is the version's state of all that is no run."""
    states = dict(
        reader.df(
            "SELECT problem::VARCHAR AS problem, string_agg(folder || state, ' ' ORDER BY folder) AS states"
            " FROM folders JOIN runs ON run_id = folder GROUP BY ALL"
        ).itertuples(index=False)
    )
    found = {}
    for row in reader.df("SELECT question, headline, body FROM answers").itertuples():
        read = sorted(problems_read(f"{row.headline}\n{row.body}"))
        parts = [_code(), rest, row.headline, row.body, *(states.get(problem) for problem in read)]
        found[row.question] = hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest()
    return found


def problems_read(text: str) -> set[str]:
    """The problems from whose runs an answer with this text is made."""
    quoted = {match["problem"] for match in PLACEHOLDER.finditer(text)}
    return quoted.union(*(ALSO_READS.get(problem, ()) for problem in quoted))


def stored(reader: Reader) -> dict[str, dict]:
    """The answers in the built file by question, as a dict of their fields; those that are not good any more are left
    out. Read once for each version.
    """
    if "filled" not in reader.memo:
        good = stamps(reader, reader.version.rest)
        rows = reader.df("SELECT question, stamp, answer FROM filled_answers").itertuples()
        reader.memo["filled"] = {
            row.question: json.loads(row.answer) for row in rows if row.stamp == good[row.question]
        }
    return reader.memo["filled"]


@lru_cache(maxsize=1)
def _code() -> str:
    files = sorted(file for folder in CODE for file in (ROOT / folder).rglob("*.py"))
    return hashlib.blake2b(b"".join(file.read_bytes() for file in files), digest_size=8).hexdigest()
