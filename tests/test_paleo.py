"""PALEO's layer times against points that are computed by hand."""

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from compute.core.paleo import Platform, layer_times, throughput
from compute.core.training_flops import TRAINING_PASSES

# 1 TFLOP/s is 1e9 operations a millisecond, 100 GB/s are 1e8 bytes a millisecond
ROUND = {"peak_tflops": 1.0, "memory_gbps": 100.0}
LAYERS = {"flops": [2e9, 0], "input_bytes": [1e8, 5e7], "param_bytes": [3e8, 0], "output_bytes": [5e7, 5e7]}


def test_equation_1_by_hand():
    times = layer_times(**LAYERS, batch=1, platform=Platform(**ROUND))
    np.testing.assert_allclose(times.compute_ms, [2, 0])
    np.testing.assert_allclose(times.read_ms, [4, 0.5])
    np.testing.assert_allclose(times.write_ms, [0.5, 0.5])
    np.testing.assert_allclose(times.total_ms, [6.5, 1])


def test_a_batch_reads_the_weights_once():
    times = layer_times(**LAYERS, batch=10, platform=Platform(**ROUND))
    np.testing.assert_allclose(times.compute_ms, [20, 0])
    np.testing.assert_allclose(times.read_ms, [10 + 3, 5])
    np.testing.assert_allclose(times.write_ms, [5, 5])


def test_half_the_peak_takes_twice_the_time_of_compute_and_memory():
    whole, half = (layer_times(**LAYERS, batch=4, platform=Platform(**ROUND, ppp=ppp)) for ppp in (1.0, 0.5))
    for name in ("compute_ms", "read_ms", "write_ms", "total_ms"):
        np.testing.assert_allclose(getattr(half, name), 2 * getattr(whole, name))


def test_more_of_the_peak_is_never_slower():
    totals = [
        layer_times(**LAYERS, batch=1, platform=Platform(**ROUND, ppp=ppp)).total_ms.sum()
        for ppp in np.linspace(0.05, 1, 20)
    ]
    assert (np.diff(totals) < 0).all()


def test_throughput_of_layers_or_of_their_sum():
    assert throughput([6.5, 1.5], batch=16) == pytest.approx(2000)
    assert throughput(8.0, batch=16) == pytest.approx(2000)


def test_training_is_three_forward_passes():
    layer, data = torch.nn.Conv2d(4, 8, 3), torch.randn(2, 4, 9, 9, requires_grad=True)
    with FlopCounterMode(display=False) as forward:
        output = layer(data)
    with FlopCounterMode(display=False) as backward:
        output.sum().backward()
    assert forward.get_total_flops() + backward.get_total_flops() == TRAINING_PASSES * forward.get_total_flops()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"peak_tflops": 0, "memory_gbps": 100}, "peak_tflops is 0"),
        ({"peak_tflops": float("nan"), "memory_gbps": 100}, "peak_tflops is nan"),
        ({"peak_tflops": 1, "memory_gbps": -5}, "memory_gbps is -5"),
        ({"peak_tflops": 1, "memory_gbps": 100, "ppp": 62}, "62 % is 0.62"),
        ({"peak_tflops": 1, "memory_gbps": 100, "ppp": 0}, "ppp is 0"),
    ],
)
def test_impossible_platforms_say_why(fields, message):
    with pytest.raises(ValueError, match=message):
        Platform(**fields)


def test_a_batch_has_an_image():
    with pytest.raises(ValueError, match="at least 1"):
        layer_times(**LAYERS, batch=0, platform=Platform(**ROUND))
