"""Problem 1: a target data set, fine-tuning ResNet-50 on it, new last layers on its frozen features, and which wins."""

from pages.parts.data import through_entrance
from pages.parts.sections import page
from pages.registry import SECTIONS

through_entrance()
page("transfer", SECTIONS)
