"""Which runs of Problem 2 the figures are made of, and what their answers quote of them."""

import re

import pytest

from store import answers
from store.supervision.evaluated import precisions, run_ids
from tests.questions import BY_PROBLEM


def test_run_ids_are_those_of_the_jobs(planted_supervision):
    ids = run_ids(planted_supervision, "teacher")
    assert ids == sorted(
        f"supervision-teacher-{model}-small-s{seed}" for model in ("resnet20", "resnet8") for seed in (0, 1)
    )
    assert len(run_ids(planted_supervision, "noise", "resampling")) == 2 * (4 + 3)


def test_precisions_are_named_once(planted_supervision):
    assert precisions(planted_supervision, "student", "teacher") == ["bf16"]


@pytest.mark.parametrize("question", BY_PROBLEM["supervision"])
def test_an_answer_is_filled_where_all_experiments_have_run(planted_supervision, question):
    found = answers.answer(planted_supervision, question)
    assert found.missing == ()
    assert not re.findall(r"\bnan\b|\[\[", found.headline + found.body)
