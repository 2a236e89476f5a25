"""What a trained network gets right, as the rows of the store's tables."""

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from compute.training.device_dataset import DeviceDataset


@torch.no_grad()
def evaluate(model: nn.Module, data: DeviceDataset, precision=nullcontext) -> Tensor:
    """Mean cross-entropy and accuracy over the test images, as a device tensor of two: reading it is what waits."""
    model.eval()
    batch = 1000 if data.test.device.type == "cuda" else 128  # a CPU is fastest while a layer's images fit its cache
    total = torch.zeros(2, dtype=torch.float64, device=data.test.device)
    for pixels, labels in zip(data.test.split(batch), data.test_labels.split(batch), strict=True):
        with precision():
            logits = model(data.normalise(pixels))
        logits = logits.float()
        total += torch.stack([F.cross_entropy(logits, labels, reduction="sum"), (logits.argmax(1) == labels).sum()])
    return total / len(data.test_labels)


@torch.no_grad()
def outputs(model: nn.Module, data: DeviceDataset, precision=nullcontext, batch: int = 128) -> Tensor:
    """What the network says of every test image: float32 N x outputs, on the CPU."""
    model.eval()
    found = []
    for pixels in data.test.split(batch):
        with precision():
            said = model(data.normalise(pixels))
        found.append(said.float().cpu())
    return torch.cat(found)


def metrics(logits: Tensor, labels: Tensor, stage: str = "final") -> dict[str, list[dict]]:
    """The tables `scores` and `class_accuracy` of logits N x classes on the test split."""
    pairs = confusion(logits, labels)
    return {
        "scores": [score("test", logits, labels, stage)],
        "class_accuracy": [
            {"stage": stage, "class_id": c, "correct": int(pairs[c, c]), "images": int(pairs[c].sum())} for c in pairs.sum(1).nonzero().flatten().tolist()
        ],
    }


def confusions(logits: Tensor, labels: Tensor) -> list[dict]:
    """Rows of the table `confusions` on the test split."""
    pairs = confusion(logits, labels)
    wrong = pairs.clone().fill_diagonal_(0).nonzero().tolist()
    return [{"class_id": c, "predicted_id": p, "images": int(pairs[c, p])} for c, p in wrong]


def confusion(logits: Tensor, labels: Tensor) -> Tensor:
    """The confusion matrix, true classes x predicted ones, int64."""
    predicted, classes = logits.argmax(1), logits.shape[1]
    return torch.bincount(labels * classes + predicted, minlength=classes**2).view(classes, classes)


def score(split: str, logits: Tensor, labels: Tensor, stage: str = "final") -> dict:
    """A row of `scores`; the loss is left out where it is not finite."""
    loss = float(F.cross_entropy(logits.double(), labels))
    correct = int((logits.argmax(1) == labels).sum())
    return {"stage": stage, "split": split, "images": len(labels), "correct": correct, "loss": loss if loss < float("inf") else None}


def logistic(train: Tensor, labels: Tensor, tests: list[Tensor], classes: int, strength: float = 1.0) -> list[Tensor]:
    """Log-probabilities N x classes, one tensor for each of `tests`, of scikit-learn's logistic regression on standardised features `train`, images x D.

    `strength` is its C. A class that `labels` do not have gets a probability of next to nothing.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    fit = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000)).fit(train.numpy(), labels.numpy())
    said = []
    for test in tests:
        logits = torch.full((len(test), classes), -100.0, dtype=torch.float64)
        logits[:, fit.classes_] = torch.from_numpy(fit.predict_log_proba(test.numpy())).double()
        said.append(logits)
    return said
