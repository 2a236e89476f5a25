"""A linear probe: scikit-learn's logistic regression on the frozen network's features, its C chosen on val."""

import time
from dataclasses import dataclass

from torch import Tensor
from tqdm import tqdm

from compute.training.evaluation import linear_probe
from compute.transfer.features import Features

C_VALUES = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)  # inverse regularisation strengths


@dataclass(frozen=True, kw_only=True)
class Probe:
    """The probe with the C that is best on val: log-probabilities N x classes of two splits, seconds of all fits."""

    C: float
    test: Tensor
    val: Tensor
    seconds: float


def best_probe(features: Features, labels: Tensor, val_labels: Tensor, classes: int) -> Probe:
    """The probe of C_VALUES that gets most val images right, fitted to the features of the unaugmented train images."""
    start, fits = time.perf_counter(), {}
    for C in tqdm(C_VALUES, desc="linear probe", unit="fit"):
        fits[C] = linear_probe(features.unaugmented, labels, [features.test, features.val], classes, C)
    correct = {C: int((val.argmax(1) == val_labels).sum()) for C, (_, val) in fits.items()}
    best = max(C_VALUES, key=correct.get)
    if best in (C_VALUES[0], C_VALUES[-1]):
        tqdm.write(f"the linear probe is best at C = {best:g}, an end of the list; a C beyond it may be better")
    test, val = fits[best]
    return Probe(C=best, test=test, val=val, seconds=time.perf_counter() - start)
