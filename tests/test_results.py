"""Results of queries are computed once for each version, shared between visitors, and bounded in number."""

import threading
import time

import pandas as pd
import pytest

from store.results import Results


def test_whoever_asks_at_the_same_time_gets_one_computation():
    results, computed, got = Results(10), [], []

    def slow():
        computed.append(1)
        time.sleep(0.05)
        return len(computed)

    threads = [threading.Thread(target=lambda: got.append(results.get("key", slow))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [1] * 8


def test_a_table_that_one_visitor_changes_stays_as_it_was_for_others():
    results = Results(10)

    def table():
        return results.get("key", lambda: pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))

    mine = table()
    mine["a"] = 0
    mine.loc[0, "b"] = "changed"
    mine["c"] = 5
    pd.testing.assert_frame_equal(table(), pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))


def test_an_error_is_raised_and_not_kept():
    results = Results(10)
    with pytest.raises(ZeroDivisionError):
        results.get("key", lambda: 1 // 0)
    assert results.get("key", lambda: 3) == 3


def test_the_results_asked_for_last_are_kept():
    results, computed = Results(2), []

    def ask(key):
        return results.get(key, lambda: computed.append(key))

    for key in ("a", "b", "a", "c", "a", "b"):
        ask(key)
    assert computed == ["a", "b", "c", "b"]
