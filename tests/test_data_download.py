"""Data sets that torchvision knows are downloaded as Parquet files."""

import io

import numpy as np
import pytest
from PIL import Image

from compute import ComputeError, data
from compute.data import download
from tests.data_files import pictures

pytestmark = pytest.mark.usefixtures("own_cache")


def test_download_that_fails_names_the_way_out(tmp_path, monkeypatch):
    torchvision = pytest.importorskip("torchvision")

    def offline(**_):
        raise OSError("no route to host")

    monkeypatch.setattr(torchvision.datasets, "CIFAR10", offline)
    monkeypatch.setattr("compute.data.loading.ROOT", tmp_path)
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
    monkeypatch.setattr("compute.data.loading.ROOT", tmp_path)
    loaded = data.load("cifar10")
    assert loaded.classes == ("cat", "dog") and len(loaded.test_labels) == 4
    assert np.array_equal(loaded.train_images.permute(0, 2, 3, 1).numpy(), pictures(6))


def test_omniglot_is_split_by_drawing_over_both_parts(tmp_path, monkeypatch):
    torchvision = pytest.importorskip("torchvision")

    class Fake:
        def __init__(self, root, background, download):
            self._characters = ["a", "b"] if background else ["c"]
            self._flat_character_images = [
                (f"{nth}.png", label) for label in range(len(self._characters)) for nth in range(20)
            ]

        def __getitem__(self, i):
            name, label = self._flat_character_images[i]
            return Image.new("L", (8, 8), 10 * label + int(name.removesuffix(".png"))), label

    monkeypatch.setattr(torchvision.datasets, "Omniglot", Fake)
    monkeypatch.setattr("compute.data.loading.ROOT", tmp_path)
    choose, report = data.load_choosing("omniglot")
    assert report.classes == ("a", "b", "c")
    for images, labels, drawings in (
        (report.train_images, report.train_labels, range(12)),
        (choose.test_images, choose.test_labels, range(12, 16)),
        (report.test_images, report.test_labels, range(16, 20)),
    ):
        assert labels.tolist() == [label for label in range(3) for _ in drawings]
        assert images[:, 0, 0, 0].tolist() == [
            10 * (label if label < 2 else 0) + nth for label in range(3) for nth in drawings
        ]


def test_large_images_are_reduced():
    with Image.open(io.BytesIO(download.encode(Image.new("RGB", (600, 1200))))) as image:
        assert image.size == (256, 512)
