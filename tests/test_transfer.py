"""Problem 1's experiments on data made in memory: heads that are plain SGD, artefacts that the store takes, one line for what goes wrong."""

import pyarrow.parquet as pq
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from compute import ComputeError
from compute.__main__ import main, parser
from compute.batches import Resident
from compute.judge import confusions, judgement
from compute.recipe import Recipe
from compute.transfer import task
from compute.transfer.base import IMAGENET_MEAN, IMAGENET_STD, adapt_batchnorm, origin_of, pretrained, resnet50
from compute.transfer.describe import base_classes
from compute.transfer.heads import drawn, train_heads
from store.artefact import read_record
from store.build import build
from store.layout import Layout
from store.reader import open_reader
from tests.data_files import hub_metadata, save


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A file like torchvision's, with weights that say nothing."""
    file = tmp_path_factory.mktemp("weights") / "resnet50.pth"
    torch.save({key: value.half() if value.is_floating_point() else value for key, value in resnet50(1000, None, 0).state_dict().items()}, file)
    return file


@pytest.fixture(scope="module")
def results(tmp_path_factory, weights):
    """The runs of all three commands at smoke scale, in a store."""
    layout = Layout.at(tmp_path_factory.mktemp("transfer"))
    patch = pytest.MonkeyPatch()
    patch.setattr("compute.data.cache.CACHE", layout.runs.parent / "cache")
    options = ["--scale", "smoke", "--px", "32", "--runs", str(layout.runs)]
    checkpoints = ["--checkpoints", str(layout.runs.parent / "checkpoints"), "--device", "cpu", "--processes", "1"]
    assert main(["dataset", *options]) == 0
    assert main(["finetune", "--lr", "0.01", "--weights", str(weights), *options, *checkpoints]) == 0
    assert main(["finetune", "--lr", "0.01", "--init", "random", *options, *checkpoints]) == 0
    assert main(["extract", "--lr", "1", "0.01", "--seeds", "2", "--views", "2", "--weights", str(weights), *options]) == 0
    assert main(["extract", "--batchnorm", "target", "--lr", "1", "--seeds", "1", "--views", "2", "--weights", str(weights), *options]) == 0
    patch.undo()
    assert build(layout).left_out == ()
    return layout, open_reader(layout)


# ---------------------------------------------------------------- last layers


def test_heads_are_plain_sgd_on_a_last_layer():
    make = torch.Generator().manual_seed(0)
    train, val = torch.randn(3, 20, 6, generator=make), torch.randn(10, 6, generator=make)
    labels, val_labels = torch.arange(20) % 4, torch.arange(10) % 4
    recipe = Recipe(epochs=5, drops=(2, 4), batch=8, weight_decay=0.0)
    heads = train_heads(train, labels, val, val_labels, classes=4, rates=(0.5, 0.05), seeds=(3, 4), recipe=recipe)
    assert [(head.lr, head.seed) for head in heads] == [(0.5, 3), (0.5, 4), (0.05, 3), (0.05, 4)]
    for head in heads:
        torch.manual_seed(head.seed)
        layer = nn.Linear(6, 4)
        optimizer = torch.optim.SGD(layer.parameters(), lr=head.lr, momentum=0.9)
        from compute.batches import epoch_plan

        for epoch in range(5):
            optimizer.param_groups[0]["lr"] = head.lr * 0.1 ** sum(epoch >= drop for drop in (2, 4))
            plan, views, losses = epoch_plan(20, 8, head.seed, epoch, pad=0, augment=False)[:, 0], drawn(3, (2, 8), head.seed, epoch), []
            for images, view in zip(plan, views, strict=True):
                loss = F.cross_entropy(layer(train[view, images]), labels[images])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            assert head.epochs[epoch]["train_loss"] == pytest.approx(sum(losses) / 2, abs=1e-5)
        assert torch.allclose(head.weight, layer.weight.T, atol=1e-5) and torch.allclose(head.bias, layer.bias, atol=1e-5)
        assert torch.allclose(head.logits(val), layer(val), atol=1e-5)
        assert head.epochs[-1]["val_accuracy"] == pytest.approx(float((layer(val).argmax(1) == val_labels).float().mean()))


def test_heads_do_not_know_each_other():
    train, labels = torch.randn(1, 24, 5, generator=torch.Generator().manual_seed(1)), torch.arange(24) % 3
    recipe = Recipe(epochs=2, batch=8, weight_decay=0.0)

    def one(rates, seeds):
        return train_heads(train, labels, train[0], labels, classes=3, rates=rates, seeds=seeds, recipe=recipe)

    alone, together = one((0.1,), (1,))[0], one((1.0, 0.1), (0, 1))[3]
    assert torch.allclose(alone.weight, together.weight, atol=1e-6)


def test_a_loss_that_is_not_finite_is_said():
    train = torch.full((1, 8, 2), 1e38)
    with pytest.raises(ComputeError, match="not finite in epoch 0"):
        train_heads(train, torch.arange(8) % 2, train[0], torch.arange(8) % 2, classes=2, rates=(1e10,), seeds=(0,), recipe=Recipe(epochs=1, batch=4))


# ---------------------------------------------------------------- the base network


def test_weights_are_taken_over_but_for_the_last_layer(weights):
    state, origin = pretrained(weights), origin_of(weights)
    model = resnet50(7, state, seed=1)
    assert torch.equal(model.conv1.weight, state["conv1.weight"].float()) and model.fc.weight.shape == (7, 2048)
    assert torch.equal(model.fc.weight, resnet50(7, None, seed=1).fc.weight) and "SHA-256" in origin


def test_batchnorm_takes_the_statistics_of_the_target(weights):
    images, _ = task.splits("synthetic", None, 32)
    resident = Resident(images, torch.device("cpu"), IMAGENET_MEAN, IMAGENET_STD)
    model = resnet50(4, pretrained(weights), 0).train(False)
    adapt_batchnorm(model, resident, batch=len(resident.test))
    with torch.no_grad():
        seen = model.conv1(resident.normalise(resident.test))
    assert torch.allclose(model.bn1.running_mean, seen.mean((0, 2, 3)), atol=1e-5)
    assert torch.allclose(model.bn1.running_var, seen.var((0, 2, 3)), rtol=1e-4)
    assert not model.training
    adapt_batchnorm(model, resident, batch=len(resident.test) - 1)
    assert torch.allclose(model.bn1.running_mean, seen.mean((0, 2, 3)), atol=1e-5), "no image of a small batch counts for more"


def test_base_classes_go_by_the_last_words():
    found = base_classes(("oxeye daisy", "artichoke", "daisy chain", "water lily", "golden retriever"))
    assert found == ["daisy", "artichoke", "chain", None, "golden retriever"]


# ---------------------------------------------------------------- the commands


def test_every_run_is_in_the_store_with_its_judgement(results):
    layout, reader = results
    jobs = dict(reader.df("SELECT job, count(*) AS runs FROM runs GROUP BY job").itertuples(index=False))
    assert jobs == {"dataset": 1, "finetune": 1, "scratch": 1, "extract": 4, "adabn": 1, "linear": 1}
    wrong = reader.df("""
        SELECT s.run_id FROM scores AS s
        JOIN (SELECT run_id, sum(correct) AS correct, sum(images) AS images FROM class_accuracy GROUP BY run_id) AS c USING (run_id)
        LEFT JOIN (SELECT run_id, sum(images) AS confused FROM confusions GROUP BY run_id) AS f USING (run_id)
        WHERE split = 'test' AND (s.correct, s.images) <> (c.correct, c.images) OR s.images - s.correct <> coalesce(confused, 0) AND split = 'test'
    """)
    assert wrong.empty
    assert reader.one("SELECT count(*) FROM scores WHERE split = 'val'")[0] == 8
    epochs = reader.df("SELECT run_id, count(*) AS n, arg_max(val_accuracy, epoch) AS val, count(test_accuracy) AS test FROM epochs GROUP BY run_id")
    assert set(epochs["n"]) == {4} and set(epochs["test"]) == {0} and epochs["val"].notna().all()
    record = read_record(layout.runs / "transfer-finetune-synthetic-lr0.01-px32-smoke-s0")
    assert record["config"]["val_images"] == 8 and record["config"]["drops"] == [1, 2, 3] and "SHA-256" in record["weights"]
    assert record["config"]["forward_flops"] == pytest.approx(4.1e9 * 2 * (32 / 224) ** 2, rel=0.03)
    assert read_record(layout.runs / "transfer-scratch-synthetic-lr0.01-px32-smoke-s0")["weights"] is None


def test_the_data_set_is_described(results):
    _, reader = results
    counts = dict(reader.df("SELECT split, sum(images)::INTEGER AS images FROM class_counts GROUP BY split").itertuples(index=False))
    assert counts == {"train": 72, "val": 8, "test": 32}
    assert reader.one("SELECT count(*), min(octet_length(image)) > 50 FROM samples") == (16, True)


def test_columns_of_other_names_are_described_and_recorded(tmp_path, own_cache):
    for split in ("train", "test", "validation"):
        file = tmp_path / f"set/data/{split}-00000-of-00001.parquet"
        save(file, labels=[0, 1] * 2, image="img", label="fine", metadata=hub_metadata(["cat", "dog"], "fine"))
    command = ["dataset", "--dataset", "mine", "--data", str(tmp_path / "set"), "--px", "32", "--runs", str(tmp_path / "runs")]
    assert main([*command, "--image-column", "img", "--label-column", "fine"]) == 0
    (run,) = (tmp_path / "runs").iterdir()
    counts = pq.read_table(run / "class_counts.parquet").to_pylist()
    assert {(row["split"], row["class_name"], row["images"]) for row in counts} == {
        (split, name, 2) for split in ("train", "val", "test") for name in ("cat", "dog")
    }
    config = read_record(run)["config"]
    assert config["image_column"] == "img" and config["label_column"] == "fine"


def test_every_command_that_takes_data_takes_columns():
    (commands,) = (action for action in parser()._actions if hasattr(action, "choices") and action.choices)
    options = {name: set(sub._option_string_actions) for name, sub in commands.choices.items()}
    with_data = {name for name, found in options.items() if "--data" in found}
    assert with_data >= {"dataset", "extract", "finetune", "noise", "resampling", "teacher", "train"}
    assert all({"--image-column", "--label-column"} <= options[name] for name in with_data)


def test_a_linear_network_learns_what_can_be_learned(results):
    """Even frozen random features tell the four patterns apart."""
    _, reader = results
    assert reader.one("SELECT correct / images FROM scores JOIN runs USING (run_id) WHERE job = 'linear' AND split = 'test'")[0] > 0.8


def test_the_features_are_cached(results, weights, monkeypatch, capsys, tmp_path):
    layout, _ = results
    monkeypatch.setattr("compute.data.cache.CACHE", layout.runs.parent / "cache")
    options = ["--lr", "0.01", "--seeds", "1", "--views", "2", "--weights", str(weights), "--scale", "smoke", "--px", "32", "--runs", str(tmp_path)]
    assert main(["extract", *options]) == 0
    monkeypatch.setattr("compute.transfer.features.embed", None)
    monkeypatch.setattr("compute.transfer.features.view", None)
    assert main(["extract", *options, "--again"]) == 0
    capsys.readouterr()
    assert main(["extract", *options]) == 0
    assert "2 of 2 runs are there already" in capsys.readouterr().out
    one, other = (pq.read_table(folder / "transfer-extract-synthetic-lr0.01-px32-smoke-s0" / "scores.parquet") for folder in (layout.runs, tmp_path))
    assert one.equals(other)
    seconds = [read_record(folder / "transfer-extract-synthetic-lr0.01-px32-smoke-s0")["config"]["features_s"] for folder in (layout.runs, tmp_path)]
    assert seconds[0] == pytest.approx(seconds[1]), "features from the cache cost what computing them did"


def test_a_classifier_takes_the_seconds_of_the_features_that_it_needs(results):
    _, reader = results
    features, views, share, seconds = reader.one(
        "SELECT (config->>'features_s')::DOUBLE, (config->>'views_s')::DOUBLE, (config->>'heads_s')::DOUBLE / (config->>'heads_together')::INTEGER, seconds "
        "FROM runs WHERE job = 'extract' LIMIT 1"
    )
    assert features > views > 0 and seconds == pytest.approx(features + share)
    plain, whole = reader.one("SELECT (config->>'features_s')::DOUBLE, seconds FROM runs WHERE job = 'linear'")
    assert 0 < plain < whole
    assert reader.one("SELECT min((config->>'threads')::INTEGER) FROM runs WHERE job IN ('extract', 'linear')")[0] >= 1


def test_judgement_counts():
    logits, labels = torch.eye(3)[[0, 0, 1, 2, 2]] * 5, torch.tensor([0, 1, 1, 2, 0])
    tables = judgement(logits, labels)
    assert [(row["class_id"], row["correct"], row["images"]) for row in tables["class_accuracy"]] == [(0, 1, 2), (1, 1, 2), (2, 1, 1)]
    assert confusions(logits, labels) == [{"class_id": 0, "predicted_id": 2, "images": 1}, {"class_id": 1, "predicted_id": 0, "images": 1}]
    assert (tables["scores"][0]["correct"], tables["scores"][0]["images"]) == (3, 5)


def test_epochs_and_drops_are_the_assignments():
    recipe = task.SCALES["paper"].recipe(0.01, 0)
    assert (recipe.epochs, recipe.drops, recipe.batch, recipe.momentum) == (200, (60, 120, 180), 64, 0.9)


@pytest.mark.parametrize(
    "command, says",
    [
        (["finetune", "--scale", "smoke", "--weights", "none.pth"], "there is no file none.pth"),
        (["finetune", "--scale", "cpu", "--data", "nowhere", "--init", "random"], "nowhere holds no train-"),
        (["finetune", "--scale", "smoke", "--px", "16", "--init", "random"], "--px is 16"),
        (["finetune", "--seeds", "0"], "--seeds is 0"),
        (["extract", "--scale", "smoke", "--views", "0", "--px", "32"], "--views is 0"),
        (["dataset", "--data", "nowhere"], "nowhere holds no train-"),
    ],
)
def test_wrong_commands_end_in_one_line(tmp_path, capsys, command, says):
    assert main([*command, "--runs", str(tmp_path / "runs")]) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and not list(tmp_path.glob("runs/*"))
