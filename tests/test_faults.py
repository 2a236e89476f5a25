"""A short form of each part of the fault runs; and that they find what they look for."""

import pytest

from tests.faults import disk, hostile, kill, mutate
from tests.faults.outcome import Outcome

SHORT = {"kill": (kill, 10), "mutate": (mutate, 20), "hostile": (hostile, 15), "disk": (disk, 6)}


@pytest.mark.slow
@pytest.mark.parametrize("part", SHORT)
def test_nothing_is_violated(part):
    module, count = SHORT[part]
    outcome = module.run(seed=1, count=count)
    assert not outcome.violations
    assert sum(outcome.tried.values()) >= count - 1


@pytest.mark.parametrize("markup", hostile.MARKUP)
def test_markup_is_found_unless_it_is_escaped(markup):
    from pages.parts.figure import escaped

    assert hostile._markup(f"There is no question {markup} here") == markup
    assert hostile._markup(f"There is no question {escaped(markup)} here") is None


def test_a_violation_is_counted_and_told():
    outcome = Outcome()
    outcome.add("artefact", "killed")
    outcome.add("artefact", "killed", "a run was lost")
    table = outcome.table()
    assert "2     1 violations   killed 2" in table and "VIOLATION artefact: a run was lost" in table
