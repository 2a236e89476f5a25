"""Problem 3: FLOPs, the PALEO model and Platform Percent of Peak."""

from pages.parts.data import through_entrance
from pages.parts.sections import page
from pages.sections.flops import counts, inference, overhead, peak

through_entrance()
page("FLOPs, PALEO and Platform Percent of Peak", {"3.1": peak.show, "3.2": counts.show, "3.3": overhead.show, "3.4": inference.show})
