"""The linear probe: the C that is best on val, and a word where it is an end of the list."""

import pytest
import torch

from compute.transfer import probe
from compute.transfer.features import Features


@pytest.fixture
def features() -> Features:
    """Features of three well separated classes, in two dimensions."""
    make, centres = torch.Generator().manual_seed(0), torch.tensor([[0.0, 4.0], [4.0, 0.0], [-4.0, -4.0]])
    parts = {name: centres[labels()] + torch.randn(30, 2, generator=make) for name in ("unaugmented", "val", "test")}
    return Features(train=parts["unaugmented"][None], **parts, seconds={})


def labels() -> torch.Tensor:
    return torch.arange(30) % 3


def test_the_probe_separates_what_is_separable(features):
    found = probe.best_probe(features, labels(), labels(), 3)
    assert (found.test.argmax(1) == labels()).float().mean() > 0.95
    assert found.test.shape == found.val.shape == (30, 3)


def test_the_best_C_on_val_is_chosen(features, monkeypatch):
    """Planted: the probe with C = 10 alone gets the val images right."""

    def planted(train, train_labels, tests, classes, C):
        right = torch.nn.functional.one_hot(labels(), 3).double()
        return [right if C == 10 else right.roll(1, 1)] * 2

    monkeypatch.setattr(probe, "linear_probe", planted)
    assert probe.best_probe(features, labels(), labels(), 3).C == 10


def test_a_C_at_an_end_of_the_list_is_reported(features, monkeypatch, capsys):
    monkeypatch.setattr(probe, "C_VALUES", (1.0,))
    probe.best_probe(features, labels(), labels(), 3)
    assert "C = 1, an end of the list" in capsys.readouterr().out
