"""What Problem 3's figures say on the committed counts and published facts, against numbers known from elsewhere."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The text of a section of Problem 3, from a store with Problem 3's runs alone."""
    root = tmp_path_factory.mktemp("flops")
    for folder in (PROJECT / "store" / "runs").glob("flops-*"):
        shutil.copytree(folder, root / "runs" / folder.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPORT_STORE", str(root))

        def text(question: str, **controls) -> str:
            app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120).run()
            for key, value in {"question": question, **controls}.items():
                app.query_params[key] = value
            app.switch_page("pages/flops.py").run()
            assert not app.exception
            return "\n".join(element.value for element in (*app.markdown, *app.caption, *app.warning))

        yield text


def test_convolutions_share_of_vgg19(shown):
    """39.264 GFLOP and 99.37 % are the oracle's figures for 224 x 224 pixels, two operations a multiply-accumulate."""
    assert "Convolutions do 99.37 % of VGG-19's 39.264 GFLOP" in shown("3.2")


def test_a_multiply_accumulate_as_one_operation_halves_the_total(shown):
    assert "99.37 % of VGG-19's 19.632 GMAC" in shown("3.2", convention="1")


def test_the_largest_gap_of_lu(shown):
    """Of the printed tables the largest ratio of layers' sum to whole pass is GoogLeNet's or ResNet's, on a GPU."""
    assert "on GPUs their sum exceeds the whole pass, up to" in shown("3.3")


def test_time_of_vgg16_on_one_gpu_of_a_k80(shown):
    """Lu et al.'s 15,503 million operations, twice, at 4.37 TFLOPS, half the board's peak with boost."""
    assert "VGG-16 7.10 ms" in shown("3.4").replace("\N{NO-BREAK SPACE}", " ")


def test_the_planner_predicts_and_says_what_it_rests_on(shown):
    text = shown("3.1")
    assert "published measurements lie within" in text
    assert "this network was measured on this device" in text


def test_a_measured_step_calibrates_the_planner(shown):
    assert "Your measurement implies a PPP of" in shown("3.1", measured_ms="312")


def test_a_batch_that_does_not_fit_is_said(shown):
    assert "does not fit into 16 GB" in shown("3.1", batch="4096")


def test_own_device_in_the_link(shown):
    text = shown("3.1", device="my device", own_peak="100", own_bw="1000", own_gb="24")
    assert "resnet50 on my device: no published measurement to compare with" in text


def test_any_network_at_any_peak(shown):
    assert "By our own count of convolutions" in shown("3.4", inferred="vgg19")


def test_predictions_stand_beside_measurements_with_every_models_error(shown):
    text = shown("3.3")
    assert "predicts a forward pass within" in text
    assert "Which model when" in text


def test_a_network_on_a_profiled_device(shown):
    text = shown("3.3", predicted_network="vgg19", measured_pass="step")
    assert "networks lie along the diagonal" in text


def test_weights_of_table_4(shown):
    """The parameters of Caffe's four networks in MiB are the printed ones, but for rounding."""
    assert "Weights agree with Lu et al.'s Table 4 within 3 %" in shown("3.3")


def test_devices_that_share_a_batch_have_less_each(shown):
    shared = shown("3.1", count="8", batch="256", scaling="shared by all devices (strong scaling)")
    assert "training in fp32, batch 32:" in shared
