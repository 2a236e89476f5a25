"""Columns of images and labels in all forms in which data sets keep them."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute import ComputeError
from compute.data.columns import check_columns, class_names, images_of, labels_of, opened
from compute.data.location import Location
from tests.data_files import hub_images, hub_metadata, pngs, save


def labels(tmp_path, column):
    save(tmp_path / "a.parquet", labels=column)
    with opened(tmp_path / "a.parquet") as parquet:
        found = labels_of(parquet, tmp_path / "a.parquet", "label")
    return [found.values[code] for code in found.codes.tolist()], found.values


@pytest.mark.parametrize(
    "column, values",
    [
        (pa.array([1, 0, 1], pa.int8()), (0, 1)),
        (pa.array([7, 3, 7], pa.uint64()), (3, 7)),
        (pa.array([2**64 - 1, 0], pa.uint64()), (0, 2**64 - 1)),
        (pa.array([2_000_000_000, 5]), (5, 2_000_000_000)),
        (pa.array([1.0, 0.0, 2.0]), (0, 1, 2)),
        (pa.array(["dog", "cat", "dog"]), ("cat", "dog")),
        (pa.array(["dog", "cat"], pa.large_string()), ("cat", "dog")),
        (pa.array(["dog", "cat", "dog"]).dictionary_encode(), ("cat", "dog")),
        (pa.array([9, 4, 9]).dictionary_encode(), (4, 9)),
        (pa.array([True, False]), ("false", "true")),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_labels_of_any_type_that_names_a_class(tmp_path, column, values):
    each, different = labels(tmp_path, column)
    told = [str(value).lower() if isinstance(value, bool) else value for value in column.to_pylist()]
    assert each == told and different == values


@pytest.mark.parametrize(
    "column, says",
    [
        (pa.array([0, None, 1, None]), r"2 of 4 rows have no label \(null\), the first is row 1"),
        (pa.array(["a", None]).dictionary_encode(), "1 of 2 rows have no label"),
        (pa.array([None, None], pa.null()), "2 of 2 rows have no label"),
        (pa.array([0.0, 1.5]), "row 1 has the label 1.5"),
        (pa.array([0.0, float("nan")]), "row 1 has the label nan"),
        (pa.array([[0], [1]]), "label is of type list<.*; it must hold whole numbers or text; .*--label-column"),
        (pa.array(["a", ""]), "row 1 has an empty label"),
    ],
)
def test_labels_that_name_no_class_are_refused(tmp_path, column, says):
    with pytest.raises(ComputeError, match=says):
        labels(tmp_path, column)


def images(tmp_path, column):
    save(tmp_path / "a.parquet", labels=[0] * len(column), images=column)
    with opened(tmp_path / "a.parquet") as parquet:
        return list(images_of(parquet, tmp_path / "a.parquet", "image"))


@pytest.mark.parametrize(
    "make",
    [
        lambda data: pa.array(data, pa.binary()),
        lambda data: pa.array(data, pa.large_binary()),
        lambda data: pa.array(data, pa.binary()).dictionary_encode(),
        hub_images,
        lambda data: hub_images(data, paths=False),
    ],
    ids=["binary", "large_binary", "dictionary", "the Hub's struct", "without paths"],
)
def test_images_as_bytes_or_as_the_hub_keeps_them(tmp_path, make):
    data = pngs(300)  # more than are read at once
    assert images(tmp_path, make(data)) == data


@pytest.mark.parametrize(
    "column, says",
    [
        (pa.array([b"a", None], pa.binary()), r"image in row 1 is missing \(null\)"),
        (hub_images([None, None]), r"image in row 0 is only a path \(0.png\)"),
        (hub_images([None], paths=False), "image in row 0 is missing"),
        (pa.array(["a.png"]), "image is of type string; it must hold encoded images .*--image-column"),
        (pa.array([[1, 2]]), "image is of type list"),
    ],
)
def test_images_without_bytes_are_refused(tmp_path, column, says):
    with pytest.raises(ComputeError, match=says):
        images(tmp_path, column)


@pytest.mark.parametrize(
    "metadata, names",
    [
        (None, ()),
        ({"classes": "cat,dog"}, ("cat", "dog")),
        ({"classes": json.dumps(["a, b", "c"])}, ("a, b", "c")),
        (hub_metadata(["cat", "dog"]), ("cat", "dog")),
        (hub_metadata({"1": "dog", "0": "cat"}), ("cat", "dog")),
        (hub_metadata(["cat", "dog"], "fine_label"), ()),
        (hub_metadata(["cat", "dog"]) | {"classes": "x,y"}, ("cat", "dog")),
        ({"huggingface": "{}"}, ()),
    ],
)
def test_class_names_from_the_metadata(tmp_path, metadata, names):
    save(tmp_path / "a.parquet", labels=[0, 1], metadata=metadata)
    with opened(tmp_path / "a.parquet") as parquet:
        assert class_names(parquet, tmp_path / "a.parquet", "label") == names


@pytest.mark.parametrize(
    "metadata", [{"classes": "[broken"}, {"huggingface": "[]"}, hub_metadata({"0": "a", "2": "b"})]
)
def test_class_names_that_cannot_be_read_are_said(tmp_path, metadata):
    save(tmp_path / "a.parquet", labels=[0, 1], metadata=metadata)
    with pytest.raises(ComputeError, match=r"a.parquet: the class names"), opened(tmp_path / "a.parquet") as parquet:
        class_names(parquet, tmp_path / "a.parquet", "label")


def test_missing_columns_and_rows_are_said_at_once(tmp_path):
    save(tmp_path / "a.parquet", labels=[0], image="img", label="fine_label")
    save(tmp_path / "b.parquet", labels=pa.array([], pa.int64()))
    with (
        pytest.raises(
            ComputeError,
            match="image and one column label; its columns are img, fine_label; .*--image-column and --label-column",
        ),
        opened(tmp_path / "a.parquet") as parquet,
    ):
        check_columns(parquet, tmp_path / "a.parquet", Location())
    with opened(tmp_path / "a.parquet") as parquet:
        check_columns(parquet, tmp_path / "a.parquet", Location(None, "img", "fine_label"))
    with opened(tmp_path / "b.parquet") as parquet, pytest.raises(ComputeError, match="b.parquet: has 0 rows"):
        check_columns(parquet, tmp_path / "b.parquet", Location())


@pytest.mark.parametrize(
    "content, says",
    [
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 10485760\n",
            "is a Git LFS pointer .* `git lfs pull`",
        ),
        (b"<!DOCTYPE html><html>Sign in</html>", "is a web page"),
        (b"", "is empty"),
        (b"not parquet at all", "cannot be read"),
        (None, "is cut short or damaged; download it again"),
    ],
)
def test_what_is_no_parquet_file_is_named(tmp_path, content, says):
    file = tmp_path / "train.parquet"
    save(file, labels=[0, 1])
    file.write_bytes(file.read_bytes()[:500] if content is None else content)
    with pytest.raises(ComputeError, match=f"train.parquet: {says}") as caught, opened(file):
        pass
    assert "\n" not in str(caught.value)


def test_a_partition_in_the_path_is_no_column(tmp_path):
    file = tmp_path / "label=3" / "a.parquet"
    save(file, labels=[0, 1])
    with opened(file) as parquet:
        assert parquet.schema_arrow.names == ["image", "label"] == pq.read_schema(file).names
