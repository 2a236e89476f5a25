"""Confidence intervals as SQL, against values of scipy."""

import duckdb
import pytest

from store.interval import half_width, wilson_high, wilson_low


def test_wilsons_interval_of_a_share():
    # binomtest(180, 390).proportion_ci(method="wilson")
    low, high = duckdb.execute(f"SELECT {wilson_low('180', '390')}, {wilson_high('180', '390')}").fetchone()
    assert (low, high) == pytest.approx((0.4127, 0.5112), abs=1e-4)


def test_wilsons_interval_stays_between_0_and_1():
    low, high = duckdb.execute(f"SELECT {wilson_low('10', '10')}, {wilson_high('0', '10')}").fetchone()
    # binomtest(10, 10).proportion_ci(method="wilson") begins at 0.7225
    assert (low, high) == pytest.approx((0.7225, 1 - 0.7225), abs=1e-4)


def test_the_interval_of_a_mean_is_students():
    (half,) = duckdb.execute(f"SELECT {half_width('x')} FROM (VALUES (1.0), (2.0), (3.0)) AS v (x)").fetchone()
    # t.ppf(0.975, 2) is 4.3027
    assert half == pytest.approx(4.3027 / 3**0.5, abs=1e-3)


def test_a_single_value_has_no_interval():
    assert duckdb.execute(f"SELECT {half_width('x')} FROM (VALUES (1.0)) AS v (x)").fetchone() == (None,)
