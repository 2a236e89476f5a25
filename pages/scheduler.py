"""The scheduler: a reader's own jobs on a reader's own cluster, and section 6 of the Optimus paper in simulation."""

import streamlit as st

from pages.parts.data import needs_results, through_entrance
from pages.sections.scheduler import evaluation, sandbox, speeds

through_entrance()
st.title("Optimus as a scheduler")
needs_results()
sandbox.show()
evaluation.show()
speeds.show()
