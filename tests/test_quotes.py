"""Placeholders: a value is found by query, row and column, evaluated only when quoted, and mistakes are named."""

import re

import pandas as pd
import pytest

from store import answers
from store.quotes import PLACEHOLDER, Quotable, QuoteError, quotables, quoted
from tests.conftest import PROJECT

ANSWERS = sorted((PROJECT / "store" / "answers").glob("*.md"))


class Version:
    """What `quoted` needs of a reader."""

    def __init__(self):
        self.memo = {}


def rates(reader) -> pd.DataFrame:
    return pd.DataFrame({"job": ["extract", "extract"], "lr": [1.0, 0.1], "test_percent": [52.8, None]})


def total(reader) -> pd.DataFrame:
    return pd.DataFrame({"runs": [3]})


def broken(reader) -> pd.DataFrame:
    raise AssertionError("nobody quoted this")


PROBLEMS = {
    "transfer": quotables(
        Quotable(query=rates, keys=("job", "lr")), Quotable(query=total), Quotable(query=broken, keys=("lr",))
    )
}


def value(text: str):
    return quoted(Version(), PROBLEMS, PLACEHOLDER.fullmatch(text))


def test_a_row_is_found_by_its_keys():
    assert value("[[transfer.rates(extract, 1).test_percent:.1f]]") == 52.8


def test_a_single_row_needs_no_keys():
    assert value("[[transfer.total.runs]]") == 3


@pytest.mark.parametrize(
    "text", ["[[transfer.rates(extract, 0.1).test_percent]]", "[[transfer.rates(finetune, 1).test_percent]]"]
)
def test_null_and_a_row_that_is_not_there_have_no_value(text):
    assert value(text) is None


def test_a_null_is_what_stands_behind_else_and_a_row_that_is_not_there_is_not():
    assert value("[[transfer.rates(extract, 0.1).test_percent:.0f else never]]") == "never"
    assert value("[[transfer.rates(extract, 1).test_percent:.0f else never]]") == 52.8
    assert value("[[transfer.rates(finetune, 1).test_percent:.0f else never]]") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[flops.rates(extract, 1).test_percent]]", "query flops.rates, which does not exist"),
        ("[[transfer.rate(extract, 1).test_percent]]", "query transfer.rate, which does not exist"),
        ("[[transfer.rates(extract).test_percent]]", "has 1 keys; transfer.rates has 2: job, lr"),
        ("[[transfer.rates(extract, 1).percent]]", "the column 'percent'; transfer.rates has job, lr, test_percent"),
    ],
)
def test_a_misspelt_placeholder_is_named(text, says):
    with pytest.raises(QuoteError, match=re.escape(says)):
        value(text)


def test_two_queries_of_one_name_are_refused():
    with pytest.raises(ValueError, match="rates"):
        quotables(Quotable(query=rates), Quotable(query=rates))


def test_rows_that_keys_do_not_tell_apart_are_refused():
    problems = {"transfer": quotables(Quotable(query=rates, keys=("job",)))}
    with pytest.raises(QuoteError, match="several rows"):
        quoted(Version(), problems, PLACEHOLDER.fullmatch("[[transfer.rates(extract).lr]]"))


def holds(reader, condition) -> bool:
    """Whether a condition of an answer holds; its value is one that can be quoted."""
    return bool(quoted(reader, answers.QUOTABLE, PLACEHOLDER.fullmatch(f"[[{condition['value']}]]")))


@pytest.mark.parametrize("file", ANSWERS, ids=lambda file: file.stem)
def test_every_placeholder_of_an_answer_is_well_formed(committed, file):
    text = file.read_text(encoding="utf-8")
    text = answers.CONDITION.sub(
        lambda match: match["then"] if holds(committed, match) else match["instead"] or "", text
    )
    matches = [match for match in PLACEHOLDER.finditer(text) if match["problem"] != "published"]
    for match in matches:
        assert quoted(committed, answers.QUOTABLE, match) is not None, match[0]
    left = answers.CITATION.sub("", PLACEHOLDER.sub("", text))
    assert "[[" not in left, re.findall(r"\[\[[^\]]*", left)


def test_every_quotable_query_is_quoted(committed):
    """A query that nothing quotes is not in the table of quotable ones."""
    texts = "".join(file.read_text(encoding="utf-8") for file in ANSWERS)
    conditions = "".join(f"[[{match['value']}]]" for match in answers.CONDITION.finditer(texts))
    named = {(match["problem"], match["query"]) for match in PLACEHOLDER.finditer(texts + conditions)}
    every = {(problem, name) for problem, queries in answers.QUOTABLE.items() for name in queries}
    assert every <= named, sorted(every - named)
