"""Written answers: every placeholder is filled from the committed store, and no number is typed."""

import re
from types import SimpleNamespace

import pytest

from store import answers, catalogue
from store.answers import CITATION, CONDITION, MARK, MISSING, fill
from store.build import build
from store.quotes import PLACEHOLDER
from store.reader import open_reader
from tests.conftest import PROJECT
from tests.questions import QUESTIONS

FILES = sorted((PROJECT / "store" / "answers").glob("*.md"))
# numbers that are neither measured nor a paper's result: places in a work, names, the arithmetic of a definition
NAMES = re.compile(
    r"\d+(\.\d+)*(?= ?(×|%? ?\(|st|nd|rd|th))|(Table|Tables|Section|Eq\.|Eqs\.|Figure|Fig\.|Question|§) ?\d+(\.\d+)*|"
    r"95(?= % interval)|ResNeXt-\d+( \d+x\d+d?)?|(VGG|ResNet|GK|K|P|V|TX|TK|TITAN|CIFAR|YFCC|fp|stage|Lu|Qi|Flowers)[-"
    r" ]?\d+|^\d+\.|× ?\d+|[KP] = \d+",
    re.MULTILINE,
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_placeholder_is_filled(committed, question):
    found = answers.answer(committed, question)
    assert found.missing == ()
    assert "[[" not in found.headline + found.body
    assert "nan" not in re.findall(r"\bnan\b", found.headline + found.body)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_no_number_is_typed_into_prose(file):
    prose = CITATION.sub("", PLACEHOLDER.sub("", MARK.sub("", file.read_text(encoding="utf-8"))))
    prose = re.sub(r"\$\$.*?\$\$|`[^`]*`", "", prose, flags=re.DOTALL)
    left = re.findall(r"\d+[.,]\d+|\d{2,}", NAMES.sub("", prose))
    assert not left, f"{file.name} holds typed numbers: {left}"


def test_every_question_has_its_points_and_problem(committed):
    worth = catalogue.points(committed)
    assert sum(worth.values()) == 100
    assert len(worth) == 19


def test_committed_store_leaves_nothing_out(committed):
    assert committed.version.left_out == ()


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answered_question_rests_on_runs_and_facts(committed, question):
    row = next(row for row in catalogue.evidence(committed) if row["question"] == question)
    assert row["answered"], row["missing"]
    assert row["facts"] or row["runs"]


def test_a_placeholder_without_a_value_is_shown_and_named(layout):
    build(layout)
    text = fill(
        open_reader(layout),
        "so [[flops.nothing_like_it.ms:.1f]], [[published.paleo_peak_shortfall_percent]]"
        " [[@paleo_peak_shortfall_percent]]",
    )
    assert text.text == f"so {MISSING}, 40¹"
    assert text.footnotes == ("Qi 2017, §3.3",)
    assert text.missing == ("[[flops.nothing_like_it.ms:.1f]]",)


def test_a_part_is_said_only_where_its_condition_holds(committed):
    said = "[[when optimus.state.{}]]one[[otherwise]]other [[nothing.at_all]][[end]]."
    held = "emulated"
    assert fill(committed, said.format(held)).text == "one."
    assert fill(committed, said.format(held)).missing == (), "what is left out needs no value"
    for absent in ("type", "no_such_column"):
        assert fill(committed, said.format(absent)).text.startswith("other")
    assert fill(committed, "[[when optimus.state.type]]one[[end]].").text == "."


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_conditions_name_values_that_exist(committed, file):
    """A misspelt condition would be false for ever."""
    for match in CONDITION.finditer(file.read_text(encoding="utf-8")):
        named = PLACEHOLDER.fullmatch(f"[[{match['value']}]]")
        assert named, match["value"]
        quotable = answers.QUOTABLE[named["problem"]][named["query"]]
        assert named["column"] in quotable.query(committed).columns, match["value"]


def test_second_hand_facts_say_so(committed):
    (cited,) = fill(committed, "[[@mahajan_noise10_loss_percent]]").footnotes
    assert "second-hand" in cited


def test_a_work_that_is_cited_twice_has_one_footnote(committed):
    cited = fill(committed, "a [[@mahajan_noise10_loss_percent]], b [[@mahajan_noise10_loss_percent]]")
    assert cited.text == "a¹, b¹"
    assert len(cited.footnotes) == 1


def test_what_is_uncertain_is_apart_from_the_answer():
    reader = SimpleNamespace(
        memo={"facts": {}, "filled": {}},
        one=lambda *_: ("Headline.", f"\nThe answer.\n\n{answers.UNCERTAIN}\n\nA doubt.\n"),
    )
    said = answers.answer(reader, "3.1")
    assert (said.headline, said.body, said.uncertain) == ("Headline.", "The answer.", "A doubt.")


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_keeps_to_its_budget_of_words(committed, question):
    """60 words a point and 100 more, a table's cells and what is uncertain included."""
    said = answers.answer(committed, question)
    words = len(re.findall(r"[^\s|*$]+", f"{said.headline} {said.body} {said.uncertain}"))
    assert words <= 60 * catalogue.points(committed)[question] + 100


def test_answers_render_on_an_empty_store(layout):
    build(layout)
    reader = open_reader(layout)
    for file in FILES:
        assert answers.answer(reader, file.stem).body


def test_every_answer_is_filled_where_all_experiments_have_run(everything):
    """No placeholder is misspelt, also in the answers that wait for their runs."""
    reader = open_reader(everything)
    for file in FILES:
        said = answers.answer(reader, file.stem)
        assert said.missing == (), file.name
        assert not re.findall(r"\bnan\b|\[\[", said.headline + said.body), file.name
