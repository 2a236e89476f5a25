"""What a trained network gets right, as the rows of the store's tables."""

from contextlib import nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from compute.batches import Resident


@torch.no_grad()
def outputs(model: nn.Module, data: Resident, precision=nullcontext, batch: int = 128) -> Tensor:
    """What the network says of every test image: float32 N x outputs, on the CPU."""
    model.eval()
    found = []
    for pixels in data.test.split(batch):
        with precision():
            said = model(data.normalise(pixels))
        found.append(said.float().cpu())
    return torch.cat(found)


def judgement(logits: Tensor, labels: Tensor, stage: str = "final") -> dict[str, list[dict]]:
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
