"""The profile and its evaluation at the scale smoke, and the queries on what they write."""

import pyarrow.parquet as pq
import pytest
import torch

from compute.__main__ import main
from compute.core.augur import Product, Profile
from compute.flops import profile
from store.build import build
from store.flops import predictions
from store.layout import Layout
from store.reader import Reader
from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store with a smoke profile, its evaluation, and the committed counts."""
    home = tmp_path_factory.mktemp("profile")
    layout = Layout.at(home)
    threads = torch.get_num_threads()
    assert main(["profile", "--scale", "smoke", "--runs", str(layout.runs)]) == 0
    assert main(["profile", "--evaluate", "--scale", "smoke", "--runs", str(layout.runs)]) == 0
    torch.set_num_threads(threads)
    counts = layout.runs / "flops-layers-paper"
    counts.symlink_to(PROJECT / "store" / "runs" / "flops-layers-paper")
    version = build(layout)
    assert version.left_out == ()
    return layout, Reader(version)


def test_the_profile_has_every_operation_in_both_directions(made):
    (file,) = made[0].runs.glob("flops-profile-*/profile_points.parquet")
    found = {(row["operation"], row["direction"]) for row in pq.read_table(file).to_pylist()}
    for name in ("matmul", "conv1", "conv3", "conv_large", "depthwise", "relu", "norm_training", "pool"):
        assert {(name, "forward"), (name, "backward")} <= found
    assert ("update", "forward") in found


def test_every_model_predicts_every_measured_network(made):
    rows = predictions.evaluated(made[1])
    assert set(rows["predictor"]) == set(predictions.PREDICTORS)
    assert rows.groupby("pass")["model"].nunique().to_dict() == {"forward": 2, "step": 2}
    assert (rows["predicted_ms"] > 0).all()
    errors = predictions.errors(made[1])
    assert (errors["median"] <= errors["worst"]).all()


def test_any_counted_network_is_predicted_on_a_profiled_device(made):
    reader = made[1]
    device = predictions.profiles(reader).iloc[0]
    one, eight = (predictions.prediction(reader, "resnet18", device["run_id"], batch).iloc[0] for batch in (1, 8))
    assert 0 < one["forward_ms"] < one["step_ms"]
    assert eight["training_mib"] - one["training_mib"] == pytest.approx(7 * 22.18e6 / 2**20, rel=0.01)
    assert "resnet18" in predictions.predictable(reader)


def test_table_4_beside_the_counts(made):
    rows = predictions.lu_memory(made[1]).set_index(["model", "part"])
    assert rows.loc[("vgg16", "weights"), "counted"] == pytest.approx(138357544 * 4 / 2**20)
    for model in ("alexnet", "vgg16", "googlenet", "resnet50"):
        assert abs(rows.loc[(model, "weights"), "difference_percent"]) < 3
    assert abs(rows.loc[("resnet50", "workspace"), "difference_percent"]) < 1


def test_an_evaluation_without_a_profile_says_which_command_is_first(tmp_path, capsys):
    assert main(["profile", "--evaluate", "--scale", "smoke", "--runs", str(tmp_path)]) == 2
    assert "run first: python -m compute profile" in capsys.readouterr().err


def test_a_profiled_convolution_is_the_product_that_it_says():
    one, runs, _ = profile.of_product(Product(groups=1, rows=4, depth=27, columns=50, kernel=9, stride=2), "cpu")
    assert runs[0]().shape == (1, 4, 7, 7)
    assert one.columns == 49


def test_a_profile_of_committed_points_is_monotonous_in_work():
    """A larger product of the same shape takes longer, on every profiled device."""
    for file in (PROJECT / "store" / "runs").glob("flops-profile-*/profile_points.parquet"):
        known = Profile.of_rows(pq.read_table(file).to_pylist())
        small, large = (Product(groups=1, rows=n, depth=n, columns=n) for n in (64, 1024))
        assert known.products_ms([small]) < known.products_ms([large])
