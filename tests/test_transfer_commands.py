"""The commands of Problem 1 on images made in memory: the artefacts that they leave, the cache, and errors."""

import pyarrow.parquet as pq
import pytest
import torch

from compute.__main__ import main
from compute.core.runs import read_record
from compute.transfer import task
from store.build import build
from store.layout import Layout
from store.reader import open_reader

EXTRACT = "transfer-extract-synthetic-lr0.01-px32-smoke-s0"


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def layout(tmp_path_factory, resnet50_file) -> Layout:
    """A built store with the runs of all three commands at smoke scale; the features' cache is beside the runs."""
    layout, weights = Layout.at(tmp_path_factory.mktemp("transfer")), ["--weights", str(resnet50_file)]
    options = ["--scale", "smoke", "--px", "32", "--runs", str(layout.runs)]
    checkpoints = ["--checkpoints", str(layout.runs.parent / "checkpoints"), "--device", "cpu", "--processes", "1"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("compute.data.cache.CACHE", layout.runs.parent / "cache")
        for command in (
            ["dataset"],
            ["finetune", "--lr", "0.01", *weights, *checkpoints],
            ["finetune", "--lr", "0.01", "--init", "random", *checkpoints],
            ["extract", "--lr", "1", "0.01", "--seeds", "2", "--augmentations", "2", *weights],
            ["extract", "--batchnorm", "target", "--lr", "1", "--seeds", "1", "--augmentations", "2", *weights],
        ):
            assert main([*command, *options]) == 0
    assert build(layout).left_out == ()
    return layout


@pytest.fixture
def reader(layout):
    return open_reader(layout)


# ---------------------------------------------------------------- artefacts


def test_every_run_is_in_the_store(reader):
    jobs = dict(reader.df("SELECT job, count(*) AS runs FROM runs GROUP BY job").itertuples(index=False))
    assert jobs == {"dataset": 1, "finetune": 1, "scratch": 1, "extract": 4, "adabn": 1, "linear_probe": 1}


def test_the_tables_of_metrics_agree_with_each_other(reader):
    disagreeing = reader.df("""
        SELECT s.run_id FROM scores AS s
        JOIN (SELECT run_id, sum(correct) AS correct, sum(images) AS images FROM class_accuracy GROUP BY run_id) AS c
            USING (run_id)
        LEFT JOIN (SELECT run_id, sum(images) AS confused FROM confusions GROUP BY run_id) AS f USING (run_id)
        WHERE split = 'test'
            AND ((s.correct, s.images) <> (c.correct, c.images) OR s.images - s.correct <> coalesce(confused, 0))
    """)
    assert disagreeing.empty


def test_every_trained_run_is_evaluated_on_val_and_on_test(reader):
    splits = reader.df("SELECT run_id, list(split ORDER BY split) AS splits FROM scores GROUP BY run_id")
    assert len(splits) == 8 and all(list(row) == ["test", "val"] for row in splits["splits"])


def test_training_is_evaluated_on_val_alone(reader):
    epochs = reader.df("""
        SELECT run_id, count(*) AS epochs, arg_max(val_accuracy, epoch) AS val, count(test_accuracy) AS test
        FROM epochs GROUP BY run_id
    """)
    assert set(epochs["epochs"]) == {4} and set(epochs["test"]) == {0} and epochs["val"].notna().all()


def test_the_record_of_a_fine_tuning(layout):
    record = read_record(layout.runs / "transfer-finetune-synthetic-lr0.01-px32-smoke-s0")
    config = record["config"]
    assert (config["val_images"], config["milestones"]) == (8, [1, 2, 3]) and "SHA-256" in record["weights"]
    # torchvision: ResNet-50 takes 4.1 billion multiply-accumulates at 224 pixels
    assert config["forward_flops"] == pytest.approx(2 * 4.1e9 * (32 / 224) ** 2, rel=0.03)


def test_a_network_from_scratch_has_no_base_weights(layout):
    assert read_record(layout.runs / "transfer-scratch-synthetic-lr0.01-px32-smoke-s0")["weights"] is None


def test_the_data_set_is_described(reader):
    images = reader.df("SELECT split, sum(images)::INTEGER AS images FROM class_counts GROUP BY split")
    assert dict(images.itertuples(index=False)) == {"train": 72, "val": 8, "test": 32}
    assert reader.one("SELECT count(*), min(octet_length(image)) > 50 FROM samples") == (16, True)


def test_a_linear_probe_on_random_features_learns_the_four_patterns(reader):
    (accuracy,) = reader.one(
        "SELECT correct / images FROM scores JOIN runs USING (run_id) WHERE job = 'linear_probe' AND split = 'test'"
    )
    assert accuracy > 0.8


# ---------------------------------------------------------------- seconds


def test_a_last_layer_is_charged_its_features_and_its_share_of_the_training(layout):
    record = read_record(layout.runs / EXTRACT)
    config = record["config"]
    assert config["features_s"] > config["augmentations_s"] > 0 and config["heads_together"] == 4
    assert record["seconds"] == pytest.approx(config["features_s"] + config["heads_s"] / 4)


def test_new_batchnorm_statistics_are_charged_as_well(layout):
    config = read_record(layout.runs / "transfer-adabn-synthetic-lr1-px32-smoke-s0")["config"]
    base = read_record(layout.runs / EXTRACT)["config"]
    assert (config["batchnorm"], base["batchnorm"]) == ("target", "base")
    assert config["features_s"] > config["augmentations_s"] > 0


def test_the_probe_is_charged_the_features_of_the_unaugmented_images(layout):
    record = read_record(layout.runs / "transfer-linear_probe-synthetic-px32-smoke")
    assert 0 < record["config"]["features_s"] < record["seconds"]
    assert record["config"]["C"] in record["config"]["C_values"]


# ---------------------------------------------------------------- the cache of features


@pytest.fixture
def again(layout, tmp_path, resnet50_file, monkeypatch):
    """A function that repeats one rate of `extract` into another folder, with the cache and without the network."""
    monkeypatch.setattr("compute.data.cache.CACHE", layout.runs.parent / "cache")
    monkeypatch.setattr("compute.transfer.features.features_of", None)
    monkeypatch.setattr("compute.transfer.features.augmented_features", None)
    options = ["--lr", "0.01", "--seeds", "1", "--augmentations", "2", "--weights", str(resnet50_file)]

    def extract(*more: str) -> int:
        return main(["extract", *options, "--scale", "smoke", "--px", "32", "--runs", str(tmp_path), *more])

    return extract


def test_features_from_the_cache_give_the_same_results_at_the_same_cost(again, layout, tmp_path):
    assert again() == 0
    first, second = (pq.read_table(runs / EXTRACT / "scores.parquet") for runs in (layout.runs, tmp_path))
    assert first.equals(second)
    costs = [read_record(runs / EXTRACT)["config"]["features_s"] for runs in (layout.runs, tmp_path)]
    assert costs[0] == pytest.approx(costs[1])


def test_runs_that_are_there_are_not_repeated(again, capsys):
    assert again() == 0
    capsys.readouterr()
    assert again() == 0
    assert "2 of 2 runs are done already" in capsys.readouterr().out


def test_runs_are_repeated_where_that_is_asked_for(again, capsys):
    assert again() == 0
    assert again("--again") == 0
    assert "are done already" not in capsys.readouterr().out


# ---------------------------------------------------------------- what is refused, and what is asked for


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["finetune", "--scale", "smoke", "--weights", "none.pth"], "there is no file none.pth"),
        (["finetune", "--scale", "small", "--data", "nowhere", "--init", "random"], "nowhere holds no train-"),
        (["finetune", "--scale", "smoke", "--px", "16", "--init", "random"], "--px is 16"),
        (["finetune", "--seeds", "0"], "--seeds is 0"),
        (["extract", "--scale", "smoke", "--augmentations", "0", "--px", "32"], "--augmentations is 0"),
        (["dataset", "--data", "nowhere"], "nowhere holds no train-"),
    ],
)
def test_wrong_commands_end_in_one_line(tmp_path, capsys, command, says):
    assert main([*command, "--runs", str(tmp_path / "runs")]) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and not list(tmp_path.glob("runs/*"))


def test_epochs_and_milestones_are_the_assignments():
    recipe = task.SCALES["paper"].recipe(0.01, 0)
    assert (recipe.epochs, recipe.milestones, recipe.batch, recipe.momentum) == (200, (60, 120, 180), 64, 0.9)
