"""Written answers: Markdown whose numbers are placeholders, filled from the store, by the build or when shown.

The first line of a file is the headline; what stands below the line `## What is uncertain` is shown folded.
Placeholders are those of `store/quotes.py`, `[[published.key]]` for the value of a published fact, and
`[[@key]]`, a footnote that names the fact's work, its place and, where it is not first-hand, how surely it is
known; equal footnotes have one number. `:.1f` at the end of a placeholder formats its value, ` else never`
behind that says what NULL means.

What holds for some results only stands between `[[when optimus.state.several_types]]` and `[[end]]`, and is left out
where that value is false, 0, NULL or not there; behind `[[otherwise]]` stands what is said then instead. Such parts
are not nested; a placeholder in a part that is left out need not have a value.
"""

import re
from dataclasses import dataclass

from store import flops, optimus, supervision, transfer
from store.filled import stored
from store.quotes import PLACEHOLDER, QuoteError, quoted
from store.reader import Reader

QUOTABLE = {
    "transfer": transfer.QUOTABLE,
    "supervision": supervision.QUOTABLE,
    "flops": flops.QUOTABLE,
    "optimus": optimus.QUOTABLE,
}
CITATION = re.compile(r" ?\[\[@([a-z0-9_]+)\]\]")
MARK = re.compile(r"\[\[(?:when [^\]]+|otherwise|end)\]\]")
CONDITION = re.compile(
    r"\[\[when (?P<value>[^\]]+)\]\](?P<then>.*?)(?:\[\[otherwise\]\](?P<instead>.*?))?\[\[end\]\]", re.DOTALL
)
MISSING = "⟨missing⟩"
UNCERTAIN = "## What is uncertain"
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Text:
    """A filled text, its footnotes in the order of their numbers, and the placeholders that nothing could fill."""

    text: str
    footnotes: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """The written answer to a question: one line, the answer, what is uncertain, footnotes, what could not be filled.

    `uncertain` is empty where the answer has no such part.
    """

    headline: str
    body: str
    uncertain: str
    footnotes: tuple[str, ...]
    missing: tuple[str, ...]


def answer(reader: Reader, question: str) -> Answer | None:
    """The filled answer to a question, or None where none is written; as the build filled it, where it did."""
    if fields := stored(reader).get(question):
        return Answer(**{key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()})
    return compute(reader, question)


def compute(reader: Reader, question: str) -> Answer | None:
    """The answer to a question, filled now, or None where none is written."""
    row = reader.one("SELECT headline, body FROM answers WHERE question = ?", [question])
    if row is None:
        return None
    filled = fill(reader, f"{row[0]}\n{row[1]}")
    headline, _, rest = filled.text.partition("\n")
    body, _, uncertain = rest.partition(UNCERTAIN)
    return Answer(headline, body.strip(), uncertain.strip(), filled.footnotes, filled.missing)


def superscript(number: int) -> str:
    """The number of a footnote as it stands in the text."""
    return str(number).translate(SUPERSCRIPTS)


def without_footnotes(text: str) -> str:
    """A filled text without the numbers of its footnotes."""
    return re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", "", text)


def fill(reader: Reader, text: str) -> Text:
    """The text with its placeholders filled; those without a value are shown as missing and named."""
    facts, footnotes, missing = _facts(reader), [], []
    text = CONDITION.sub(
        lambda match: match["then"] if _holds(reader, match["value"]) else match["instead"] or "", text
    )

    def lacking(match: re.Match) -> str:
        missing.append(match[0])
        return MISSING

    def cite(match: re.Match) -> str:
        if match[1] not in facts:
            return lacking(match)
        citation = facts[match[1]]["citation"]
        if citation not in footnotes:
            footnotes.append(citation)
        return superscript(footnotes.index(citation) + 1)

    def value(match: re.Match) -> str:
        try:
            found = (
                facts.get(match["query"], {}).get("value")
                if match["problem"] == "published"
                else quoted(reader, QUOTABLE, match)
            )
        except QuoteError:
            found = None
        if found is None:
            return lacking(match)
        if found == match["otherwise"]:
            return found
        return (
            format(float(found) if isinstance(found, str) else found, match["format"])
            if match["format"]
            else str(found)
        )

    filled = CITATION.sub(cite, PLACEHOLDER.sub(value, text))
    return Text(filled, tuple(footnotes), tuple(missing))


def _holds(reader: Reader, value: str) -> bool:
    """Whether a condition's value is there and neither NULL nor false nor 0."""
    match = PLACEHOLDER.fullmatch(f"[[{value}]]")
    try:
        return match is not None and bool(quoted(reader, QUOTABLE, match))
    except QuoteError:
        return False


def _facts(reader: Reader) -> dict[str, dict]:
    """The published facts by key with their citation, once for each version of the store."""
    if "facts" not in reader.memo:
        facts = reader.df("SELECT key, value, source, place, confidence::VARCHAR AS confidence FROM published").to_dict(
            "records"
        )
        for fact in facts:
            sure = "" if fact["confidence"] in ("read in the paper", "first-party") else f", {fact['confidence']}"
            fact["citation"] = f"{fact['source']}, {fact['place']}{sure}"
        reader.memo["facts"] = {fact["key"]: fact for fact in facts}
    return reader.memo["facts"]
