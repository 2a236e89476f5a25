"""Time of a step: hand-computed points, and constants recovered from planted times."""

import numpy as np
import pytest

from compute.core.step_time import StepTime, Work, fit, forward_at_peak_ms, training_at_peak_ms, typical_ratio

# two layers: the first with weights; at 1 TFLOP/s and 1 GB/s: computing 1 and 2 ms, bytes 4 + 6 and 2 + 0 MB
WORK = Work(
    flops=np.array([1e9, 2e9]),
    input_bytes=np.array([2e6, 1e6]),
    output_bytes=np.array([1e6, 1e6]),
    params=np.array([0.25e6, 0.0]),
)
DEVICE = {"peak_tflops": 1.0, "memory_gbps": 1.0}


def test_forward_pass_at_peak():
    # layer 1: 1 + (2 + 1 + 1) MB at 1 MB/ms = 5 ms; layer 2: 2 + 2 = 4 ms
    assert forward_at_peak_ms(WORK, batch=1, **DEVICE) == pytest.approx(9.0)


def test_weights_are_read_once_whatever_the_batch():
    assert forward_at_peak_ms(WORK, batch=2, **DEVICE) == pytest.approx(17.0)


def test_sixteen_bits_halve_the_traffic():
    assert forward_at_peak_ms(WORK, batch=1, precision="mixed", **DEVICE) == pytest.approx(1 + 2 + 2 + 1)


def test_training_leaves_out_the_gradient_of_the_input():
    # forward 9, data gradient of layer 2 alone 4, weights' gradient of layer 1 alone 5,
    # update 5 x 4 bytes x 0.25 M = 5 ms
    assert training_at_peak_ms(WORK, batch=1, **DEVICE) == pytest.approx(9 + 4 + 5 + 5)


def test_flops_of_training_are_three_passes_less_the_first_gradient():
    assert WORK.image_flops(training=True) == pytest.approx(3 * 3e9 - 1e9)
    assert WORK.image_flops(training=False) == pytest.approx(3e9)


def test_larger_images_leave_fully_connected_layers_alone():
    grown = WORK.at_size(2, np.array([True, False]))
    assert grown.flops.tolist() == [4e9, 2e9]
    assert grown.output_bytes.tolist() == [4e6, 1e6]


def test_launches_of_a_step():
    assert WORK.launches(training=False) == 2
    # forward 2, gradients 2 + 1 of weights, update 1, less the first layer's data gradient
    assert WORK.launches(training=True) == 2 * 2 + 2 * 1 - 1


def test_both_constants_are_recovered():
    peak, launches = np.array([1.0, 5.0, 20.0, 80.0]), np.array([100, 100, 150, 150])
    planted = StepTime(ppp=0.5, overhead_ms=0.02)
    found = fit(peak, launches, planted.ms(peak, launches), overhead=True)
    assert found.ppp == pytest.approx(0.5) and found.overhead_ms == pytest.approx(0.02)


def test_a_negative_overhead_is_none():
    peak, launches = np.array([1.0, 10.0]), np.array([100, 100])
    assert fit(peak, launches, peak**1.2, overhead=True).overhead_ms == 0.0


def test_paleo_alone_has_the_least_relative_error():
    peak, measured = np.array([1.0, 1.0]), np.array([2.0, 4.0])
    slope = 1 / fit(peak, np.ones(2), measured, overhead=False).ppp
    errors = [np.sum((peak * s / measured - 1) ** 2) for s in (slope, 0.99 * slope, 1.01 * slope)]
    assert errors[0] < min(errors[1:])


def test_the_typical_ratio_is_the_geometric_mean():
    assert typical_ratio([1.0, 1.0], [2.0, 8.0]).ppp == pytest.approx(1 / 4)


@pytest.mark.parametrize("bad", [{"ppp": 0.0}, {"ppp": 0.5, "overhead_ms": -1.0}])
def test_impossible_constants_are_refused(bad):
    with pytest.raises(ValueError, match="must not be negative|above 0"):
        StepTime(**bad)


def test_a_fit_needs_a_measurement():
    with pytest.raises(ValueError, match="at least one measurement"):
        fit([], [], [], overhead=True)
