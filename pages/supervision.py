"""Problem 2: hashtags as labels against a teacher's labels, with both papers' ideas tried on CIFAR-10."""

from pages.parts.data import through_entrance
from pages.parts.sections import page
from pages.registry import SECTIONS

through_entrance()
page("supervision", SECTIONS)
