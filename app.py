"""The entrance of the report: page configuration, navigation, and the store that this rerun shows."""

import streamlit as st

from compute.core.vocabulary import PROBLEMS
from pages.parts import data
from pages.parts.garbage import settle

ICONS = {"transfer": "swap_horiz", "supervision": "school", "flops": "memory", "optimus": "trending_down"}
SIDEBAR_PX = 240  # on a wide window; a narrow one begins with it closed

st.set_page_config(
    page_title="Deep learning systems performance",
    page_icon="pages/icon.png",
    layout="wide",
    initial_sidebar_state=SIDEBAR_PX,
)
page = st.navigation(
    [
        st.Page("pages/overview.py", title="Overview", icon=":material/home:", default=True),
        *(
            st.Page(f"pages/{name}.py", title=problem.short, icon=f":material/{ICONS[name]}:")
            for name, problem in PROBLEMS.items()
        ),
        st.Page("pages/your_training.py", title="Your training", icon=":material/insights:"),
        st.Page("pages/scheduler.py", title="Scheduler", icon=":material/calendar_view_week:"),
        st.Page("pages/runs.py", title="All runs", icon=":material/table_rows:"),
    ],
    position="top",
)
with data.entrance():
    page.run()
settle(page.url_path)
