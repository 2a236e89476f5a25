"""The entrance of the report: page configuration, navigation, and the store that this rerun shows."""

import streamlit as st

from pages.parts import data

st.set_page_config(page_title="Deep learning systems performance", page_icon=":material/speed:", layout="wide")
page = st.navigation(
    [
        st.Page("pages/overview.py", title="Overview", icon=":material/home:", default=True),
        st.Page("pages/transfer.py", title="Transfer", icon=":material/swap_horiz:"),
        st.Page("pages/supervision.py", title="Supervision", icon=":material/school:"),
        st.Page("pages/flops.py", title="FLOPs and peak", icon=":material/memory:"),
        st.Page("pages/optimus.py", title="Optimus", icon=":material/trending_down:"),
        st.Page("pages/runs.py", title="All runs", icon=":material/table_rows:"),
    ],
    position="top",
)
with data.entrance():
    page.run()
