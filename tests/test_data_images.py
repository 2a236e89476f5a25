"""Parts of a data set in memory are stratified and fixed."""

import pytest
import torch

from compute import ComputeError, data


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
