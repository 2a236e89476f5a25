"""The files of a split are found in every layout, and refused where one is missing or there twice."""

import pytest

from compute import ComputeError
from compute.data import shards


def touch(folder, *names):
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())


def names(folder, split):
    return [file.relative_to(folder).as_posix() for file in shards.files(shards.home(folder, "mine"), split)]


@pytest.mark.parametrize(
    "train",
    [
        ["train-00000-of-00001.parquet"],
        ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"],
        ["train-00001-of-00002.parquet", "train-00002-of-00002.parquet"],
        ["train-00000-of-00002-4f2c81d9a0b7e635.parquet", "train-00001-of-00002-0a1b2c3d4e5f6071.parquet"],
        ["train-9.parquet", "train-10.parquet", *(f"train-{i}.parquet" for i in range(9))],
        ["train-1.parquet", "train-2.parquet"],
        ["train.parquet"],
        ["train-cats.parquet", "train-dogs.parquet"],
        ["train/0000.parquet", "train/0001.parquet"],
        ["train/a.parquet", "train/b.parquet"],
        ["data/train-00000-of-00001-4f2c81d9a0b7e635.parquet"],
        ["default/train/0000.parquet"],
        ["plain_text/train-00000-of-00001.parquet"],
        ["mine/train-00000-of-00001.parquet"],
        ["mine/data/train-00000-of-00001.parquet"],
    ],
    ids=lambda train: train[0],
)
def test_layouts_are_found(tmp_path, train):
    touch(tmp_path, *train)
    assert sorted(names(tmp_path, "train")) == sorted(train) and names(tmp_path, "test") == []


def test_files_come_in_the_order_of_their_numbers(tmp_path):
    touch(tmp_path, *(f"train-{i}.parquet" for i in range(11)))
    assert names(tmp_path, "train") == [f"train-{i}.parquet" for i in range(11)]


@pytest.mark.parametrize(
    "name", ["val-0.parquet", "validation-00000-of-00001.parquet", "valid.parquet", "dev/0000.parquet"]
)
def test_val_has_several_names(tmp_path, name):
    touch(tmp_path, "train.parquet", name)
    assert names(tmp_path, "val") == [name]


def test_leftovers_of_file_managers_and_downloads_are_no_data(tmp_path):
    touch(tmp_path, "train-0.parquet", "._train-0.parquet", "train-0.parquet.crdownload", ".hidden/train-0.parquet")
    assert names(tmp_path, "train") == ["train-0.parquet"]


@pytest.mark.parametrize(
    "train, says",
    [
        (
            ["train-00000-of-00002.parquet"],
            "1 of 2 files of the split are missing, the first is train-00001-of-00002.parquet",
        ),
        (["train-00001-of-00003.parquet"], "2 of 3 files .* the first is train-00000-of-00003.parquet"),
        (["train/0000.parquet", "train/0002.parquet"], "1 of 3 files .* the first is 0001.parquet"),
        (["train-3.parquet"], "3 of 4 files .* the first is train-0.parquet"),
        (["default/partial-train/0000.parquet"], "partial-train holds only the first part"),
        (["train/train-00000-of-00002.parquet"], "1 of 2 files"),
        (
            ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet.crdownload"],
            "train-00001-of-00002.parquet.crdownload is an unfinished download",
        ),
    ],
)
def test_a_missing_file_is_named(tmp_path, train, says):
    touch(tmp_path, *train)
    with pytest.raises(ComputeError, match=says):
        names(tmp_path, "train")


@pytest.mark.parametrize(
    "train",
    [
        ["train-00000-of-00001.parquet", "train-00000-of-00002.parquet", "train-00001-of-00002.parquet"],
        ["train-00000-of-00001.parquet", "train-00000-of-00001 (1).parquet"],
        ["train-00000-of-00001-aaaaaaaaaaaaaaaa.parquet", "train-00000-of-00001-bbbbbbbbbbbbbbbb.parquet"],
        ["train-00000-of-00001.parquet", "train-00000-of-00001-bbbbbbbbbbbbbbbb.parquet"],
        ["train.parquet", "train-00000-of-00001.parquet"],
        ["train.parquet", "train-0.parquet"],
        ["train-0.parquet", "train-00.parquet"],
        ["train-0.parquet", "train-00000-of-00001.parquet"],
        ["train.parquet", "train-part.parquet"],
        ["train.parquet", "train/0000.parquet"],
        ["train.parquet", "data/train.parquet"],
        ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet", "train-00002-of-00002.parquet"],
    ],
    ids=lambda train: " + ".join(train),
)
def test_two_exports_in_one_folder_are_refused(tmp_path, train):
    touch(tmp_path, *train)
    with pytest.raises(ComputeError, match="beside|twice|more than its name says") as caught:
        names(tmp_path, "train")
    assert "\n" not in str(caught.value)


def test_two_files_with_the_same_content_are_refused(tmp_path):
    for name in ("train-new.parquet", "train-old.parquet"):
        (tmp_path / name).write_bytes(b"the same")
    with pytest.raises(ComputeError, match="train-new.parquet beside train-old.parquet"):
        names(tmp_path, "train")


def test_two_names_of_val_are_refused(tmp_path):
    touch(tmp_path, "train.parquet", "val.parquet", "validation-00000-of-00001.parquet")
    with pytest.raises(ComputeError, match="holds the val split twice"):
        names(tmp_path, "val")


def test_several_data_sets_in_a_folder_are_refused_unless_one_has_the_name(tmp_path):
    touch(tmp_path, "one/train.parquet", "two/train.parquet")
    with pytest.raises(ComputeError, match=r"several data sets \(one, two\)"):
        names(tmp_path, "train")
    touch(tmp_path, "mine/train.parquet")
    assert names(tmp_path, "train") == ["mine/train.parquet"]


def test_another_known_data_set_is_not_taken_for_this_one(tmp_path):
    touch(tmp_path, "flowers102/train.parquet")
    assert shards.home(tmp_path, "cifar10") is None and shards.home(tmp_path, "flowers102") == tmp_path / "flowers102"
    assert shards.home(tmp_path / "nowhere", "cifar10") is None
