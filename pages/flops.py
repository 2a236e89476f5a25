"""Problem 3: FLOPs, the PALEO model and Platform Percent of Peak."""

from pages.parts.data import through_entrance
from pages.parts.sections import page
from pages.registry import SECTIONS

through_entrance()
page("flops", SECTIONS)
