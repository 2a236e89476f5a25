"""Written answers: Markdown whose numbers are placeholders, filled from the store when shown.

`[[name]]` is a value that the wing's `values` query gives, or else the key of a published fact;
`[[name:.1f]]` formats it; `[[@key]]` cites the fact's work, its place and, where it is not
first-hand, how surely it is known.
"""

import re
from dataclasses import dataclass
from importlib import import_module

from store.reader import Reader

WINGS = ("transfer", "supervision", "flops", "optimus")
PLACEHOLDER = re.compile(r"\[\[(@?)([a-z0-9_]+)(?::([^\]]+))?\]\]")
MISSING = "⟨missing⟩"


@dataclass(frozen=True)
class Text:
    """A filled text, and the names of the placeholders that nothing could fill."""

    text: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """The written answer to a question: one line, the whole, and what could not be filled."""

    headline: str
    body: str
    missing: tuple[str, ...]


def answer(reader: Reader, question: str) -> Answer | None:
    """The filled answer to a question, or None where none is written."""
    row = reader.one("SELECT headline, body FROM answers WHERE question = ?", [question])
    if row is None:
        return None
    headline, body = fill(reader, row[0]), fill(reader, row[1])
    return Answer(headline.text, body.text, headline.missing + body.missing)


def fill(reader: Reader, text: str) -> Text:
    """The text with its placeholders filled; those without a value are shown as missing and named."""
    values, facts = _values(reader)
    missing = []

    def replace(match: re.Match) -> str:
        cite, name, spec = match.groups()
        if cite and name in facts:
            return facts[name]["citation"]
        value = values.get(name, facts.get(name, {}).get("value"))
        if cite or value is None:
            missing.append(match.group(0))
            return MISSING
        return format(float(value) if isinstance(value, str) else value, spec) if spec else str(value)

    return Text(PLACEHOLDER.sub(replace, text), tuple(missing))


def _values(reader: Reader) -> tuple[dict, dict]:
    """The values of all wings by placeholder, and the published facts by key, once for each version of the store."""
    if "values" not in reader.memo:
        values: dict = {}
        for wing in WINGS:
            values |= {name: value for name, value in import_module(f"store.{wing}").values(reader).items() if value is not None}
        facts = reader.df("SELECT key, value, source, place, confidence::VARCHAR AS confidence FROM published").to_dict("records")
        for fact in facts:
            sure = "" if fact["confidence"] in ("read in the paper", "first-party") else f", {fact['confidence']}"
            fact["citation"] = f"({fact['source']}, {fact['place']}{sure})"
        reader.memo["values"] = values, {fact["key"]: fact for fact in facts}
    return reader.memo["values"]
