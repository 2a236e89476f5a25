"""The words and rules of Problem 2 in compute/core."""

import pytest

from compute.core.supervision import middle


@pytest.mark.parametrize(("values", "expected"), [((7,), 7), ((1, 2, 5), 2), ((8, 16, 32, 64), 32)])
def test_the_middle_of_an_even_number_is_the_upper_one(values, expected):
    assert middle(values) == expected
