"""Answers are filled by the build, taken over while nothing that they are made from is new, and computed otherwise."""

import shutil

import duckdb
import pytest

from compute.core.runs import write_run
from compute.core.vocabulary import PROBLEMS
from store import answers
from store.build import build
from store.fill import fill_answers
from store.filled import problems_read, stored
from store.layout import Layout
from store.reader import open_reader
from tests.conftest import PROJECT, make_run, steps
from tests.questions import QUESTIONS


def computed(monkeypatch) -> list[str]:
    """The questions whose answers are computed from here on."""
    asked, real = [], answers.compute
    monkeypatch.setattr(answers, "compute", lambda reader, question: asked.append(question) or real(reader, question))
    return asked


def read(question: str) -> set[str]:
    """The problems from whose runs an answer is made."""
    text = (PROJECT / "store" / "answers" / f"{question}.md").read_text(encoding="utf-8")
    return problems_read(text) & PROBLEMS.keys()


@pytest.fixture
def whole(everything, tmp_path):
    """A store in which everything has run, built with its answers filled."""
    layout = Layout.at(tmp_path)
    shutil.copytree(everything.runs, layout.runs)
    build(layout, finish=fill_answers)
    return layout


def test_the_build_fills_every_answer_as_a_visitor_would(whole, monkeypatch):
    reader = open_reader(whole)
    assert stored(reader).keys() == set(QUESTIONS)
    asked = computed(monkeypatch)
    filled = {question: answers.answer(reader, question) for question in QUESTIONS}
    assert not asked
    assert filled == {question: answers.compute(reader, question) for question in QUESTIONS}


def test_answers_that_a_new_run_has_no_part_in_are_taken_over(whole, monkeypatch):
    asked = computed(monkeypatch)
    write_run(make_run(seed=77), {"steps": steps()}, whole.runs)
    build(whole, finish=fill_answers)
    assert set(asked) == {question for question in QUESTIONS if "optimus" in read(question)}
    assert stored(open_reader(whole)).keys() == set(QUESTIONS)


def test_a_build_that_fills_nothing_leaves_no_answer_that_is_out_of_date(whole, monkeypatch):
    write_run(make_run(seed=77), {"steps": steps()}, whole.runs)
    build(whole)
    reader, asked = open_reader(whole), computed(monkeypatch)
    for question in QUESTIONS:
        assert answers.answer(reader, question)
    assert set(asked) == {question for question in QUESTIONS if "optimus" in read(question)}


@pytest.mark.parametrize("problems", sorted({tuple(sorted(read(question))) for question in QUESTIONS}))
def test_an_answer_follows_from_the_runs_of_the_problems_that_it_reads(everything, tmp_path, problems):
    alone = Layout.at(tmp_path)
    for folder in everything.runs.iterdir():
        if folder.name.split("-")[0] in problems:
            shutil.copytree(folder, alone.runs / folder.name)
    build(alone)
    for question in QUESTIONS:
        if read(question) == set(problems):
            assert answers.compute(open_reader(alone), question) == answers.compute(open_reader(everything), question)


def test_an_answer_whose_query_fails_is_left_to_the_visitor(layout, monkeypatch):
    def fails(reader, question):
        raise duckdb.Error("out of memory")

    monkeypatch.setattr(answers, "compute", fails)
    build(layout, finish=fill_answers)
    assert stored(open_reader(layout)) == {}
    with pytest.raises(duckdb.Error, match="out of memory"):
        answers.answer(open_reader(layout), QUESTIONS[0])
