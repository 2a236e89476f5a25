"""Problem 3: FLOPs, the PALEO model and Platform Percent of Peak."""

import streamlit as st

from pages.parts.data import missing, reader, through_entrance
from pages.sections.flops import counts, inference, overhead, peak

SECTIONS = {"3.1": peak.show, "3.2": counts.show, "3.3": overhead.show, "3.4": inference.show}

through_entrance()
st.title("FLOPs, PALEO and Platform Percent of Peak")
if reader() is None:
    missing("Problem 3 needs the results.", "python -m store build")
    st.stop()
chosen = st.segmented_control("Question", list(SECTIONS), default="3.1", required=True, key="question", bind="query-params")
SECTIONS.get(chosen, peak.show)()
