"""Your training: a log that the reader brings, understood, fitted and forecast."""

import streamlit as st

from pages.parts.answer import READABLE_PX
from pages.parts.data import needs_results, through_entrance
from pages.sections.optimus import judged
from pages.sections.training import source, view

through_entrance()
st.title("Your training")
st.markdown(
    "Where is a training heading, and when will it be there? Drop its log: the loss is cut at the drops of the"
    " learning rate, Optimus' loss model is fitted to each piece, and the last piece is forecast.",
    width=READABLE_PX,
)
needs_results()
found = source.log()
if found is not None:
    view.show(found)
judged.card()
