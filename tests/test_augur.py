"""Predictions from a profile at points that are computed by hand."""

import numpy as np
import pytest

from compute.core.augur import (
    Element,
    Network,
    Product,
    Profile,
    Surface,
    layers_forward_ms,
    layers_step_ms,
    operation,
    products_forward_ms,
    products_step_ms,
)

BLANK = {"groups": 0, "rows": 0, "depth": 0, "columns": 0, "kernel": 0, "stride": 0, "elements": 0}


def point(name: str, direction: str, ms: float, **sizes) -> dict:
    return {**BLANK, "operation": name, "direction": direction, "ms": ms, **sizes}


def product(rows: int, depth: int, columns: int, **more) -> dict:
    return {"groups": 1, "rows": rows, "depth": depth, "columns": columns, "kernel": 0, "stride": 1, **more}


def flat_profile(macs_per_ms: float = 1000, elements_per_ms: float = 100) -> Profile:
    """Every operation at one throughput, backward at half of it."""
    rows = []
    for direction, factor in (("forward", 1), ("backward", 2)):
        for size in (4, 64):
            macs = size**3
            ms = factor * macs / macs_per_ms
            rows.append(point("matmul", direction, ms, **product(size, size, size)))
            rows.append(point("conv3", direction, 9 * ms, **product(size, 9 * size, size, kernel=9)))
            for kind in ("relu", "norm", "norm_training", "eltwise"):
                rows.append(point(kind, direction, factor * size / elements_per_ms, elements=size))
    rows.append(point("update", "forward", 1.0, elements=100))
    return Profile.of_rows(rows)


def test_a_surface_meets_its_points_and_is_straight_between_them():
    surface = Surface(points=np.array([[0.0], [2.0], [4.0]]), log_rates=np.array([1.0, 3.0, 5.0]))
    assert surface.rates(np.array([[0.0], [4.0], [3.0]])) == pytest.approx([2, 32, 16])


def test_beyond_the_profiled_sizes_the_edge_holds():
    surface = Surface(points=np.array([[0.0], [2.0]]), log_rates=np.array([1.0, 3.0]))
    assert surface.rates(np.array([[-5.0], [9.0]])) == pytest.approx([2, 8])
    assert surface.covers(np.array([[1.0], [9.0]])).tolist() == [True, False]


@pytest.mark.parametrize(
    ("sizes", "name"),
    [
        (product(8, 27, 9, kernel=9), "conv3"),
        (product(8, 3, 9, kernel=1), "conv1"),
        (product(8, 75, 9, kernel=25), "conv_large"),
        (product(1, 9, 9, kernel=9, groups=8), "depthwise"),
        (product(8, 3, 9), "matmul"),
    ],
)
def test_the_surface_of_a_product(sizes, name):
    assert operation(Product(**sizes)) == name


def test_a_batch_lengthens_products_with_weights_and_multiplies_those_of_activations():
    assert Product(groups=2, rows=3, depth=4, columns=5).of_batch(7).columns == 35
    attention = Product(groups=2, rows=3, depth=4, columns=5, shared=False).of_batch(7)
    assert (attention.groups, attention.columns, attention.macs) == (14, 5, 14 * 60)


NETWORK = Network(
    products=(
        Product(groups=1, rows=8, depth=72, columns=10, kernel=9),
        Product(groups=1, rows=10, depth=8, columns=1),
    ),
    elements=(Element(kind="relu", elements=50), Element(kind="norm", elements=30), Element(kind="scale", elements=30)),
    params=200,
)


def test_the_papers_forward_pass_is_the_sum_of_the_products():
    assert products_forward_ms(NETWORK, flat_profile()) == pytest.approx((5760 + 80) / 1000)


def test_the_papers_step_has_two_more_products_and_none_for_the_first_input():
    assert products_step_ms(NETWORK, flat_profile(), 1) == pytest.approx((2 * 5760 + 3 * 80) / 1000)


def test_a_forward_pass_of_a_batch_by_layers():
    assert layers_forward_ms(NETWORK, flat_profile(), 2) == pytest.approx(2 * (5840 / 1000 + 80 / 100))


def test_a_step_by_layers_has_both_directions_and_the_update():
    assert layers_step_ms(NETWORK, flat_profile(), 2) == pytest.approx(3 * 2 * (5840 / 1000 + 80 / 100) + 2)


def test_the_peak_counts_a_multiply_accumulate_as_two():
    assert flat_profile(macs_per_ms=1e9).peak_tflops == pytest.approx(2)


def test_the_bandwidth_is_of_eight_values_an_element_in_place():
    assert flat_profile().memory_gbps == pytest.approx(32e-6 * 100)


def test_a_missing_surface_says_what_to_do():
    network = Network(products=(), elements=(Element(kind="softmax", elements=3),), params=1)
    with pytest.raises(ValueError, match="python -m compute profile"):
        layers_forward_ms(network, flat_profile())
