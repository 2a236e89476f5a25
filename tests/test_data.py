"""A data set becomes tensors, and every problem with one ends in a line that names the file."""

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from compute import ComputeError, data, download


def encoded(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def pictures(count: int, px: int = 8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, px, px, 3), dtype=np.uint8)


def write(folder, split: str, images: list, labels: list, classes: str = "", part: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    table = pa.table({"image": pa.array(images, pa.binary()), "label": labels}, metadata={"classes": classes} if classes else None)
    pq.write_table(table, folder / f"{split}-{part:05d}-of-00002.parquet")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "CACHE", tmp_path / "cache")
    monkeypatch.delenv("REPORT_DATA", raising=False)


@pytest.fixture
def folder(tmp_path):
    """Eight training images in two files and four to test on, of two classes."""
    images = [encoded(image) for image in pictures(12)]
    write(tmp_path / "set", "train", images[:4], [0, 1, 0, 1], "cat,dog")
    write(tmp_path / "set", "train", images[4:8], [1, 1, 0, 0], "cat,dog", part=1)
    write(tmp_path / "set", "test", images[8:], [0, 1, 1, 0], "cat,dog")
    return tmp_path / "set"


def test_parquet_files_become_tensors_in_order(folder):
    loaded = data.load("set", folder)
    assert loaded.train_images.shape == (8, 3, 8, 8) and loaded.train_images.dtype == torch.uint8
    assert loaded.train_labels.tolist() == [0, 1, 0, 1, 1, 1, 0, 0] and loaded.train_labels.dtype == torch.int64
    assert loaded.classes == ("cat", "dog")
    assert np.array_equal(loaded.test_images.permute(0, 2, 3, 1).numpy(), pictures(12)[8:])


def test_second_load_comes_from_the_cache(folder, monkeypatch):
    first = data.load("set", folder)
    monkeypatch.setattr(data, "decode", None)
    again = data.load("set", folder)
    assert torch.equal(first.train_images, again.train_images) and again.classes == first.classes


def test_broken_cache_is_made_again(folder):
    first = data.load("set", folder)
    for file in data.CACHE.iterdir():
        file.write_bytes(b"half")
    assert torch.equal(data.load("set", folder).train_images, first.train_images)


def test_classes_as_json_and_names_with_a_comma(tmp_path):
    images = [encoded(image) for image in pictures(4)]
    for split in ("train", "test"):
        write(tmp_path / "set", split, images, [0, 1, 0, 1], json.dumps(["a, b", "c"]))
    assert data.load("set", tmp_path / "set").classes == ("a, b", "c")


def test_folder_of_data_sets_by_variable(folder, monkeypatch):
    monkeypatch.setenv("REPORT_DATA", str(folder.parent))
    assert len(data.load("set").train_labels) == 8


def test_px_makes_one_size(tmp_path):
    images = [encoded(pictures(1, px)[0]) for px in (8, 12, 16, 9)]
    for split in ("train", "test"):
        write(tmp_path / "set", split, images, [0, 1, 0, 1])
    assert data.load("set", tmp_path / "set", px=6).train_images.shape == (4, 3, 6, 6)
    with pytest.raises(ComputeError, match="row 1 is 12x12"):
        data.load("set", tmp_path / "set")


@pytest.mark.parametrize(
    "images, labels, classes, says",
    [
        ([], [], "", "0 rows"),
        ([b"no picture", b"at all"], [0, 1], "", "row 0 cannot be decoded"),
        ([None, None], [0, 1], "", "row 0 cannot be decoded"),
        ("two", [0, 0], "", "single class"),
        ("two", [0, 5], "cat,dog", "labels go up to 5"),
        ("two", [0, -1], "cat,dog", "row 1 has the label -1"),
        ("two", [0.0, 1.5], "", "whole numbers"),
    ],
)
def test_broken_data_sets_end_in_a_line_that_names_them(tmp_path, images, labels, classes, says):
    good = [encoded(image) for image in pictures(2)]
    write(tmp_path / "set", "train", good if images == "two" else images, labels, classes)
    write(tmp_path / "set", "test", good, [0, 1], classes)
    with pytest.raises(ComputeError, match=says) as caught:
        data.load("set", tmp_path / "set")
    assert "set" in str(caught.value) and "\n" not in str(caught.value)


def test_missing_folder_split_and_column(tmp_path, folder):
    with pytest.raises(ComputeError, match="nowhere holds no train"):
        data.load("set", tmp_path / "nowhere")
    with pytest.raises(ComputeError, match="holds no val"):
        data.load("set", folder, test="val")
    pq.write_table(pa.table({"label": [1]}), folder / "val-0.parquet")
    with pytest.raises(ComputeError, match="val-0.parquet"):
        data.load("set", folder, test="val")
    (folder / "val-0.parquet").write_bytes(b"not parquet")
    with pytest.raises(ComputeError, match="val-0.parquet: cannot be read"):
        data.load("set", folder, test="val")


def test_subset_is_stratified_and_fixed():
    whole = data.synthetic(classes=4, train=400, test=80)
    part = whole.subset(40, 20, seed=3)
    assert part.train_labels.bincount().tolist() == [10] * 4 and part.test_labels.bincount().tolist() == [5] * 4
    assert torch.equal(part.train_images, whole.subset(40, 20, seed=3).train_images)
    assert not torch.equal(part.train_images, whole.subset(40, 20, seed=4).train_images)
    assert whole.subset() is whole


def test_uneven_classes_keep_their_shares():
    labels = torch.tensor([0] * 70 + [1] * 20 + [2] * 10)
    assert labels[data.stratified(labels, 25)].bincount().tolist() == [18, 5, 2]
    assert len(data.stratified(labels, 100).unique()) == 100
    with pytest.raises(ComputeError, match="not possible"):
        data.stratified(labels, 101)


def test_download_that_fails_names_the_way_out(tmp_path, monkeypatch):
    torchvision = pytest.importorskip("torchvision")

    def offline(**_):
        raise OSError("no route to host")

    monkeypatch.setattr(torchvision.datasets, "CIFAR10", offline)
    monkeypatch.setattr(data, "ROOT", tmp_path)
    with pytest.raises(ComputeError, match="no route to host.*--data DIR"):
        data.load("cifar10")


def test_download_becomes_parquet_files(tmp_path, monkeypatch):
    torchvision = pytest.importorskip("torchvision")

    class Fake:
        classes = ("cat", "dog")

        def __init__(self, root, train, download):
            self.count = 6 if train else 4

        def __len__(self):
            return self.count

        def __getitem__(self, i):
            return Image.fromarray(pictures(self.count)[i]), i % 2

    monkeypatch.setattr(torchvision.datasets, "CIFAR10", Fake)
    monkeypatch.setattr(data, "ROOT", tmp_path)
    loaded = data.load("cifar10")
    assert loaded.classes == ("cat", "dog") and len(loaded.test_labels) == 4
    assert np.array_equal(loaded.train_images.permute(0, 2, 3, 1).numpy(), pictures(6))


def test_omniglot_is_split_by_drawing_over_both_parts(tmp_path, monkeypatch):
    torchvision = pytest.importorskip("torchvision")

    class Fake:
        def __init__(self, root, background, download):
            self._characters = ["a", "b"] if background else ["c"]
            self._flat_character_images = [(f"{nth}.png", label) for label in range(len(self._characters)) for nth in range(20)]

        def __getitem__(self, i):
            name, label = self._flat_character_images[i]
            return Image.new("L", (8, 8), 10 * label + int(name.removesuffix(".png"))), label

    monkeypatch.setattr(torchvision.datasets, "Omniglot", Fake)
    monkeypatch.setattr(data, "ROOT", tmp_path)
    choose, report = data.load_choosing("omniglot")
    assert report.classes == ("a", "b", "c")
    for images, labels, drawings in (
        (report.train_images, report.train_labels, range(12)),
        (choose.test_images, choose.test_labels, range(12, 16)),
        (report.test_images, report.test_labels, range(16, 20)),
    ):
        assert labels.tolist() == [label for label in range(3) for _ in drawings]
        assert images[:, 0, 0, 0].tolist() == [10 * (label if label < 2 else 0) + nth for label in range(3) for nth in drawings]


def test_large_images_are_reduced():
    with Image.open(io.BytesIO(download.encode(Image.new("RGB", (600, 1200))))) as image:
        assert image.size == (256, 512)


def test_val_is_cut_from_train_where_there_is_none(folder):
    choose, report = data.load_choosing("set", folder)
    assert len(choose.train_labels) == len(report.train_labels) == 7 and len(choose.test_labels) == 1 and len(report.test_labels) == 4
    write(folder, "val", [encoded(image) for image in pictures(2)], [0, 1], "cat,dog")
    choose, report = data.load_choosing("set", folder)
    assert len(report.train_labels) == 8 and len(choose.test_labels) == 2
