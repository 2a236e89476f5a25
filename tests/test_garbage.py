"""The garbage collector does not look again at what was there when a page had been shown, and frees what is gone."""

import gc
import weakref

import pytest

from pages.parts import garbage


@pytest.fixture(autouse=True)
def unfrozen():
    yield
    gc.unfreeze()


class Ring:
    def __init__(self):
        self.itself = self


def test_what_is_there_is_out_of_sight_and_what_is_gone_is_freed(monkeypatch):
    monkeypatch.setattr(garbage, "_seen", set())
    kept, gone = Ring(), Ring()
    watched = weakref.ref(gone)
    garbage.settle("a page")
    assert not any(one is kept for one in gc.get_objects())
    del gone
    garbage.settle("another page")
    assert watched() is None


def test_between_two_times_nothing_is_done(monkeypatch):
    garbage.settle("a page")
    later = Ring()
    garbage.settle("a page")
    assert any(one is later for one in gc.get_objects())
