"""Problem 4: Optimus' loss and speed models, the prediction of ResNet-50, time and cost to accuracy."""

import streamlit as st

from pages.parts.data import missing, reader, through_entrance
from pages.sections.optimus import losses, plan, prediction

SECTIONS = {"4.1": losses.show, "4.2": prediction.show, "4.3": plan.show}

through_entrance()
st.title("Optimus: loss models, speed models, time and cost")
if reader() is None:
    missing("Problem 4 needs the results.", "python -m store build")
    st.stop()
chosen = st.segmented_control("Question", list(SECTIONS), default="4.1", required=True, key="question", bind="query-params")
SECTIONS.get(chosen, losses.show)()
