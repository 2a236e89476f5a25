"""All runs: what ran where, when, at which scale, by whom, and what was left out."""

import json

import streamlit as st

from pages.parts.data import cached_query, missing, needs_results, reader, through_entrance
from store import catalogue

SHOWN = ["run_id", "scale", "provenance", "model", "gpu_type", "device", "seconds", "started_at", "contributor"]

through_entrance()
st.title("All runs")
st.markdown("One row is one experiment that left an artefact. Select a row to see its whole configuration.")
needs_results()

version = reader().version
st.caption(
    f"Store built {version.built_at} from {version.runs} runs ({version.rows:,} rows) in {version.seconds:.2f} s."
)
if version.left_out:
    with st.expander(f"{len(version.left_out)} artefacts were left out", icon=":material/report:", expanded=True):
        st.dataframe(list(version.left_out), hide_index=True)
        st.caption("Nothing was deleted: mend the file or run its experiment again, and it is taken in within seconds.")

runs = cached_query(catalogue.runs)
if runs.empty:
    missing("The store holds no runs yet.", "python -m compute flops")
    st.stop()
left, right = st.columns(2)
problem = left.selectbox("Problem", ["all", *sorted(runs["problem"].unique())], key="problem", bind="query-params")
scale = right.selectbox("Scale", ["all", *sorted(runs["scale"].unique())], key="scale", bind="query-params")
chosen = runs[((runs["problem"] == problem) | (problem == "all")) & ((runs["scale"] == scale) | (scale == "all"))]
event = st.dataframe(
    chosen,
    hide_index=True,
    column_order=SHOWN,
    column_config={
        "run_id": st.column_config.TextColumn("Run", width="large"),
        "seconds": st.column_config.NumberColumn("Seconds", format="%.1f"),
        "started_at": "Started",
        "gpu_type": "GPU type",
        "scale": "Scale",
        "provenance": "Provenance",
        "model": "Network",
        "device": "Device",
        "contributor": "Contributor",
    },
    on_select="rerun",
    selection_mode="single-row",
    key=f"runs_table_{problem}_{scale}",  # a selection is one of rows, so it ends with the rows
    alt="Table of all runs with scale, provenance, model, device, duration and start",
)
st.download_button(
    "Data as CSV",
    lambda: chosen.to_csv(index=False),
    "runs.csv",
    "text/csv",
    on_click="ignore",
    type="tertiary",
    icon=":material/download:",
)
for index in event.selection.rows:
    run = chosen.iloc[index]
    with st.container(border=True):
        st.markdown(f"**{run['run_id']}**")
        st.json(run.drop("config").dropna().to_dict(), expanded=True)
        st.json(json.loads(run["config"]), expanded=1)

st.subheader("Works that facts come from", divider="gray")
st.dataframe(
    cached_query(catalogue.sources),
    hide_index=True,
    column_config={"link": st.column_config.LinkColumn("Link")},
    alt="Published works cited by the report",
)
