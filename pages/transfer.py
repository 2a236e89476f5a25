"""Problem 1: a target data set, fine-tuning ResNet-50 on it, new last layers on its frozen features, and which wins."""

from pages.parts.data import through_entrance
from pages.parts.sections import page
from pages.sections.transfer import heads, target, training, verdict

through_entrance()
page(
    "Transfer learning: fine-tuning against feature extraction",
    {"1.1a": target.show, "1.1b": training.one_rate, "1.1c": training.three_rates, "1.2a": heads.show, "1.2b": verdict.show},
)
