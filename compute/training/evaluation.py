"""Evaluation of trained networks: loss, accuracy and confusions, as rows of the store's tables."""

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from compute.training.device_dataset import DeviceDataset


@torch.no_grad()
def evaluate(model: nn.Module, data: DeviceDataset, precision=nullcontext) -> Tensor:
    """Mean cross-entropy and accuracy over the evaluation images: a tensor of two on the device, not waited for."""
    model.eval()
    batch = 1000 if data.test.device.type == "cuda" else 128  # on a CPU a layer's activations should fit its cache
    total = torch.zeros(2, dtype=torch.float64, device=data.test.device)
    for pixels, labels in zip(data.test.split(batch), data.test_labels.split(batch), strict=True):
        with precision():
            logits = model(data.normalise(pixels))
        logits = logits.float()
        total += torch.stack([F.cross_entropy(logits, labels, reduction="sum"), (logits.argmax(1) == labels).sum()])
    return total / len(data.test_labels)


@torch.no_grad()
def outputs(model: nn.Module, data: DeviceDataset, precision=nullcontext, batch: int = 128) -> Tensor:
    """The network's outputs for all evaluation images: float32 N x outputs, on the CPU."""
    model.eval()
    batches = []
    for pixels in data.test.split(batch):
        with precision():
            logits = model(data.normalise(pixels))
        batches.append(logits.float().cpu())
    return torch.cat(batches)


def metrics(logits: Tensor, labels: Tensor, stage: str = "final") -> dict[str, list[dict]]:
    """The tables `scores` and `class_accuracy` for logits N x classes of the test split."""
    matrix = confusion_matrix(logits, labels)
    present = matrix.sum(1).nonzero().flatten().tolist()
    return {
        "scores": [score("test", logits, labels, stage)],
        "class_accuracy": [
            {"stage": stage, "class_id": c, "correct": int(matrix[c, c]), "images": int(matrix[c].sum())}
            for c in present
        ],
    }


def confusions(logits: Tensor, labels: Tensor) -> list[dict]:
    """Rows of the table `confusions` for the test split: each pair of a class and a wrong prediction that occurs."""
    matrix = confusion_matrix(logits, labels)
    wrong = matrix.clone().fill_diagonal_(0).nonzero().tolist()
    return [{"class_id": c, "predicted_id": p, "images": int(matrix[c, p])} for c, p in wrong]


def confusion_matrix(logits: Tensor, labels: Tensor) -> Tensor:
    """The confusion matrix, true classes x predicted classes, int64."""
    predicted, classes = logits.argmax(1), logits.shape[1]
    return torch.bincount(labels * classes + predicted, minlength=classes**2).view(classes, classes)


def score(split: str, logits: Tensor, labels: Tensor, stage: str = "final") -> dict:
    """A row of the table `scores`; the loss is None where it is not finite."""
    loss = float(F.cross_entropy(logits.double(), labels))
    correct = int((logits.argmax(1) == labels).sum())
    return {
        "stage": stage,
        "split": split,
        "images": len(labels),
        "correct": correct,
        "loss": loss if loss < float("inf") else None,
    }


def linear_probe(train: Tensor, labels: Tensor, tests: list[Tensor], classes: int, C: float = 1.0) -> list[Tensor]:
    """Log-probabilities N x classes, for each of `tests`, of a logistic regression on features `train`, images x D.

    It is scikit-learn's, on standardised features, with the inverse regularisation strength `C`. A class
    that does not occur in `labels` gets a log-probability of -100.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fit = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000)).fit(train.numpy(), labels.numpy())
    results = []
    for test in tests:
        logits = torch.full((len(test), classes), -100.0, dtype=torch.float64)
        logits[:, fit.classes_] = torch.from_numpy(fit.predict_log_proba(test.numpy())).double()
        results.append(logits)
    return results
