"""Problem 4: Optimus' loss and speed models, the prediction of ResNet-50, time and cost to accuracy."""

from pages.parts.data import through_entrance
from pages.parts.sections import page
from pages.registry import SECTIONS

through_entrance()
page("optimus", SECTIONS)
