"""A data set becomes tensors with classes that mean the same in all splits, and every problem with one ends in a line
that names the file.
"""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from compute import ComputeError, data
from compute.data import Location, split
from tests.data_files import encoded, hub_images, hub_metadata, pictures, pngs, save, save_splits

pytestmark = pytest.mark.usefixtures("own_cache")
CAT_DOG = {"classes": "cat,dog"}


@pytest.fixture
def folder(tmp_path):
    """Eight training images in two files and four to test on, of two classes."""
    images = pngs(12)
    save(tmp_path / "set/train-00000-of-00002.parquet", images=images[:4], labels=[0, 1, 0, 1], metadata=CAT_DOG)
    save(tmp_path / "set/train-00001-of-00002.parquet", images=images[4:8], labels=[1, 1, 0, 0], metadata=CAT_DOG)
    save(tmp_path / "set/test-00000-of-00001.parquet", images=images[8:], labels=[0, 1, 1, 0], metadata=CAT_DOG)
    return tmp_path / "set"


def test_parquet_files_become_tensors_in_order(folder):
    loaded = data.load("set", folder)
    assert loaded.train_images.shape == (8, 3, 8, 8) and loaded.train_images.dtype == torch.uint8
    assert loaded.train_labels.tolist() == [0, 1, 0, 1, 1, 1, 0, 0] and loaded.train_labels.dtype == torch.int64
    assert loaded.classes == ("cat", "dog")
    assert np.array_equal(loaded.train_images.permute(0, 2, 3, 1).numpy(), pictures(12)[:8])
    assert np.array_equal(loaded.test_images.permute(0, 2, 3, 1).numpy(), pictures(12)[8:])


def test_the_hubs_layout_struct_and_names(tmp_path, capsys):
    for split_, n in (("train", 6), ("validation", 4), ("test", 2)):
        file = tmp_path / f"data/{split_}-00000-of-00001-4f2c81d9a0b7e635.parquet"
        save(file, labels=[0, 1] * (n // 2), images=hub_images(pngs(n)), metadata=hub_metadata(["cat", "dog"]))
    choose, report = data.load_choosing("set", tmp_path)
    assert report.classes == ("cat", "dog") and np.array_equal(report.train_images[5].permute(1, 2, 0), pictures(6)[5])
    assert [len(each) for each in (report.train_labels, choose.test_labels, report.test_labels)] == [6, 4, 2]
    assert capsys.readouterr().out == ""


def test_columns_by_name(tmp_path):
    for split_ in ("train", "test"):
        table = {"img": hub_images(pngs(2)), "coarse": [1, 0], "fine": [0, 1]}
        (tmp_path / "set").mkdir(exist_ok=True)
        pq.write_table(pa.table(table, metadata=hub_metadata(["a", "b"], "coarse")), tmp_path / f"set/{split_}.parquet")
    for column, labels, classes in (("fine", [0, 1], ("0", "1")), ("coarse", [1, 0], ("a", "b"))):
        loaded = data.load("set", Location(tmp_path, "img", column))
        assert loaded.train_labels.tolist() == labels and loaded.classes == classes


# ---------------------------------------------------------------- classes


@pytest.mark.parametrize(
    "train, metadata, labels, classes, says",
    [
        ((0, 1, 0), None, [0, 1, 0], ("0", "1"), ""),
        ((0, 1, 0), CAT_DOG, [0, 1, 0], ("cat", "dog"), ""),
        ((1, 2, 1), None, [0, 1, 0], ("1", "2"), "set: the labels 1, 2 were mapped to the classes 0 ... 1\n"),
        ((3, 2_000_000_000), None, [0, 1], ("3", "2000000000"), "set: the labels 3, 2000000000 were mapped"),
        ((-1, 1), None, [0, 1], ("-1", "1"), "set: the labels -1, 1 were mapped"),
        (("b", "a"), None, [1, 0], ("a", "b"), "set: the text labels a, b are the classes 0 ... 1, in alphabetical"),
        (("dog", "cat"), {"classes": "dog,cat"}, [0, 1], ("dog", "cat"), ""),
        ((0, 1), {"classes": "a,a"}, [0, 1], ("a (0)", "a (1)"), "set: several classes have the same name"),
        ((0, 2), {"classes": "a,b,c"}, [0, 2], ("a", "b", "c"), "set: 1 of 3 classes have no train images: b\n"),
    ],
)
def test_labels_become_classes_and_it_is_said(tmp_path, capsys, train, metadata, labels, classes, says):
    save_splits(tmp_path, train=train, test=train[:1], metadata=metadata)
    loaded = data.load("set", tmp_path)
    assert loaded.train_labels.tolist() == labels and loaded.classes == classes
    assert loaded.test_labels.tolist() == labels[:1]
    said = capsys.readouterr().out
    assert said.startswith(says) if says else said == ""
    data.load("set", tmp_path)
    assert capsys.readouterr().out == said, "it is said of cached images too"


@pytest.mark.parametrize(
    "train, test, metadata, says",
    [
        ((0, 0), (0, 1), None, "test-00000-of-00001.parquet: row 1 has the label 1, which no train image has"),
        (("a", "b"), ("a", "c"), None, "row 1 has the label c, which no train image has"),
        ((0, 1), ("a", "b"), None, "row 0 has the label a, which no train image has"),
        ((0, 5), (0, 1), CAT_DOG, r"train-.*: row 1 has the label 5, but there are 2 class names \(cat, dog\)"),
        ((0, 1), (-1, -1), None, "test-.*: row 0 has the label -1, by which the Hub marks images without a label"),
        ((0, -1), (0, 1), CAT_DOG, "train-.*: row 1 has the label -1"),
        ((-1, 0, 1), (0, 1), None, "train-.*: row 0 has the label -1"),
        ((0, 0), (0, 0), CAT_DOG, "set: the train split has a single class"),
    ],
)
def test_labels_without_a_class_are_refused(tmp_path, train, test, metadata, says):
    save_splits(tmp_path / "set", train=train, test=test, metadata=metadata)
    with pytest.raises(ComputeError, match=says) as caught:
        data.load("set", tmp_path / "set")
    assert "\n" not in str(caught.value)


def test_splits_that_name_their_classes_differently_are_refused(tmp_path):
    save(tmp_path / "train.parquet", labels=[0, 1], metadata=hub_metadata(["cat", "dog"]))
    save(tmp_path / "test.parquet", labels=[0, 1], metadata=hub_metadata(["dog", "cat"]))
    with pytest.raises(ComputeError, match="test.parquet: names its classes dog, cat, but the train split cat, dog"):
        data.load("set", tmp_path)
    save(tmp_path / "test.parquet", labels=[0, 1])
    assert data.load("set", tmp_path).classes == ("cat", "dog"), "names in one split alone count for all"


def test_files_of_a_split_that_differ_in_their_labels_are_refused(folder):
    save(folder / "train-00001-of-00002.parquet", labels=["cat", "dog"], metadata=CAT_DOG)
    with pytest.raises(ComputeError, match="train-00001-of-00002.parquet: its labels are text"):
        data.load("set", folder)
    save(folder / "train-00001-of-00002.parquet", labels=[0, 1], metadata={"classes": "dog,cat"})
    with pytest.raises(
        ComputeError, match="00001-of-00002.parquet: names its classes dog, cat, but the files before it"
    ):
        data.load("set", folder)


# ---------------------------------------------------------------- splits


def test_val_is_cut_from_train_where_there_is_none_and_it_is_said(folder, capsys):
    choose, report = data.load_choosing("set", folder)
    assert len(choose.train_labels) == len(report.train_labels) == 7
    assert len(choose.test_labels) == 1 and len(report.test_labels) == 4
    assert "set: there is no val split; a fixed tenth of train (1 images) takes its place" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["val", "validation"])
def test_val_is_used_where_there_is_one(folder, capsys, name):
    save(folder / f"{name}-00000-of-00001.parquet", labels=[0, 1], metadata=CAT_DOG)
    choose, report = data.load_choosing("set", folder)
    assert len(report.train_labels) == 8 and len(choose.test_labels) == 2 and capsys.readouterr().out == ""


def test_a_missing_test_split_is_said_with_a_way_out(tmp_path):
    save_splits(tmp_path, test=None)
    save(tmp_path / "validation-00000-of-00001.parquet", labels=[0, 1])
    with pytest.raises(
        ComputeError, match=r"holds no test-\*.parquet; it holds train-.*, validation-.*name these files test"
    ):
        data.load_choosing("set", tmp_path)


def test_missing_folder_and_split(tmp_path, folder):
    with pytest.raises(ComputeError, match="nowhere holds no train-.*there is no such folder"):
        data.load("set", tmp_path / "nowhere")
    with pytest.raises(ComputeError, match="holds no val"):
        data.load("set", folder, test="val")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "cat.jpg").touch()
    with pytest.raises(ComputeError, match="it holds cat.jpg"):
        data.load("set", tmp_path / "other")


def test_folder_of_data_sets_by_variable(folder, monkeypatch):
    monkeypatch.setenv("REPORT_DATA", str(folder.parent))
    assert len(data.load("set").train_labels) == 8


# ---------------------------------------------------------------- pixels


def test_px_makes_one_size(tmp_path):
    images = [encoded(pictures(1, px)[0]) for px in (8, 12, 16, 9)]
    save_splits(tmp_path, test=(0, 1, 0, 1), images=images)
    assert data.load("set", tmp_path, px=6).train_images.shape == (4, 3, 6, 6)
    with pytest.raises(ComputeError, match="row 1 is 12x12, the rows before are 8x8"):
        data.load("set", tmp_path)


def test_splits_of_different_sizes_are_refused(tmp_path):
    save_splits(tmp_path)
    save(tmp_path / "test-00000-of-00001.parquet", labels=[0, 1], images=pngs(2, px=12))
    with pytest.raises(ComputeError, match="train 8x8, test 12x12"):
        data.load("set", tmp_path)


@pytest.mark.parametrize("broken", [b"no picture", b"", None])
def test_an_image_that_cannot_be_used_is_named(tmp_path, broken):
    save_splits(tmp_path)
    save(tmp_path / "train-00000-of-00001.parquet", labels=[0, 1, 0], images=[*pngs(2), broken])
    with pytest.raises(ComputeError, match=r"train-00000-of-00001.parquet: the image in row 2 "):
        data.load("set", tmp_path)


def test_deep_and_transparent_images_are_said(tmp_path, capsys):
    images = [encoded(np.full((4, 4), 65535, np.uint16)), encoded(np.zeros((4, 4, 4), np.uint8))]
    save_splits(tmp_path, train=(0, 1), images=images)
    assert data.load("set", tmp_path).train_images.unique().tolist() == [255]
    said = capsys.readouterr().out
    assert "set: train: 65535 is white" in said and "set: test: transparent images (1) were put on white" in said


# ---------------------------------------------------------------- the cache


def test_second_load_comes_from_the_cache(folder, monkeypatch):
    first = data.load("set", folder)
    monkeypatch.setattr(split, "decode_split", None)
    again = data.load("set", folder)
    assert torch.equal(first.train_images, again.train_images) and again.classes == first.classes


def test_broken_cache_is_made_again(folder, own_cache):
    first = data.load("set", folder)
    for file in own_cache.iterdir():
        file.write_bytes(b"half")
    assert torch.equal(data.load("set", folder).train_images, first.train_images)


@pytest.mark.parametrize("change", ["decoding", "column", "file"])
def test_the_cache_is_used_for_the_same_decoding_alone(folder, monkeypatch, own_cache, change):
    place = Location(folder)
    data.load("set", place)
    if change == "decoding":
        monkeypatch.setattr(split, "DECODING", split.DECODING + 1)
    if change == "column":
        table = pq.read_table(folder / "test-00000-of-00001.parquet")
        for file in folder.iterdir():
            table = pq.read_table(file)
            pq.write_table(table.append_column("other", table["label"]), file)
        data.load("set", place)
        place = Location(folder, label_column="other")
    if change == "file":
        save(folder / "test-00000-of-00001.parquet", labels=[0], metadata=CAT_DOG)
    before = len(list(own_cache.iterdir()))
    data.load("set", place)
    assert len(list(own_cache.iterdir())) > before
