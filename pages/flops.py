"""Problem 3: FLOPs, the PALEO model and Platform Percent of Peak."""

import streamlit as st

from pages.parts.data import missing, reader
from pages.sections.flops import counts, inference, overhead, peak

SECTIONS = {
    "3.1": ("Peak and PALEO", peak.show),
    "3.2": ("VGG-19's FLOPs", counts.show),
    "3.3": ("Layer times", overhead.show),
    "3.4": ("Inference on a K80", inference.show),
}

st.title("FLOPs, PALEO and Platform Percent of Peak")
if reader() is None:
    missing("Problem 3 needs the results.", "python -m store build")
    st.stop()
chosen = st.segmented_control(
    "Question",
    list(SECTIONS),
    default="3.1",
    required=True,
    format_func=lambda question: f"{question} {SECTIONS[question][0]}",
    key="question",
    bind="query-params",
    label_visibility="collapsed",
)
SECTIONS[chosen][1]()
