"""Platforms: what published throughputs imply, constants fitted to them, and predictions of what a fit did not see."""

import pytest

from store.flops import planner, platforms


def row(frame, **keys):
    for name, value in keys.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def test_ppp_counts_memory_and_utilisation_does_not(committed):
    found = row(platforms.implied_ppp(committed), gpu_type="K80", model="resnet50", mode="inference", batch=32, gpus=1)
    assert found["ppp_percent"] == pytest.approx(100 * found["at_peak_ms"] / found["measured_ms"])
    # the page of MXNet gives 159 images/s; 8.2 GFLOP an image of 4.37 TFLOPS are 30 %, with memory about 52 %
    assert 29 < found["flop_utilisation_percent"] < 31
    assert 50 < found["ppp_percent"] < 55


def test_training_on_eight_gpus_is_counted_for_each(committed):
    found = row(
        platforms.implied_ppp(committed),
        source="NVIDIA PyTorch examples",
        device="A100 SXM4 80GB",
        precision="mixed",
        gpus=8,
    )
    assert found["images_per_s_gpu"] == pytest.approx(16621 / 8)


def test_an_overhead_for_each_launch_halves_the_error_on_unseen_batches(committed):
    card = platforms.accuracy(committed).query("device == 'all' and left_out == 'batch'").set_index("by")
    assert card.loc["extended", "median_percent"] < 0.6 * card.loc["paleo", "median_percent"]
    assert card.loc["extended", "measurements"] > 100


def test_a_prediction_does_not_see_its_own_device(committed):
    typical = platforms.typical_constants(committed, "inference", overhead=True)
    without = platforms.typical_constants(committed, "inference", overhead=True, without="T4")
    assert typical != without


def test_the_planner_says_what_a_prediction_rests_on(committed):
    steps = planner.steps(committed, "resnet50", "inference", "fp32", 32).set_index("device")
    assert steps.loc["V100 SXM2", "basis"] == "network" and not steps.loc["V100 SXM2", "outside"]
    assert steps.loc["H100 SXM", "basis"] == "none" and steps.loc["H100 SXM", "outside"] == "the device"
    vgg = planner.steps(committed, "vgg16", "inference", "fp32", 1024).set_index("device")
    assert vgg.loc["T4", "outside"] == "the network and the batch (measured: 1 to 256)"
    assert (steps["low_ms"] < steps["ms"]).all() and (steps["ms"] < steps["high_ms"]).all()


def test_a_readers_own_device_stands_beside_the_others(committed):
    v100 = planner.steps(committed, "resnet50", "training", "fp32", 64).set_index("device").loc["V100 SXM2"]
    own = (v100["peak_tflops"], v100["memory_gbps"], 16.0)
    mine = planner.steps(committed, "resnet50", "training", "fp32", 64, own).set_index("device").loc[planner.OWN]
    assert mine["at_peak_ms"] == pytest.approx(v100["at_peak_ms"])
    assert mine["largest_batch"] == v100["largest_batch"] > 64


def test_eight_gpus_pay_for_the_exchange(committed):
    gradient_ms = planner.scaled(committed, "resnet50", 0.0, 8, "ring all-reduce", 10.0, 0.0)
    assert gradient_ms == pytest.approx(2 * 7 / 8 * planner.gradient_bytes(committed, "resnet50") / 10e6)


def test_scaling_of_the_published_throughputs(committed):
    found = planner.scaling(committed)
    a100 = row(found, source="NVIDIA PyTorch examples", device="A100 SXM4 80GB", precision="mixed", gpus=8)
    assert a100["efficiency_percent"] == pytest.approx(100 * 16621 / 8 / 2470, rel=1e-6)
    assert a100["link_gbps"] > 1


def test_twice_the_side_is_four_times_the_work_of_convolutions(committed):
    small, large = (planner.steps(committed, "resnet50", "inference", "fp32", 8, px=px) for px in (224, 448))
    ratio = (large["at_peak_ms"] / small["at_peak_ms"]).iloc[0]
    assert 3.5 < ratio < 4
    assert large["outside"].str.endswith("the size of the images").all()
    assert (large["largest_batch"].dropna() < small["largest_batch"].dropna()).all()


def test_attention_takes_no_other_size(committed):
    assert planner.image_px(committed, "resnet50") == 224
    assert planner.image_px(committed, "vit_b_16") is None
