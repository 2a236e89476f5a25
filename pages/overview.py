"""Every question at a glance: its points, its answer in one line, what the answer rests on, where it stands."""

import streamlit as st

from compute.core.experiments import EXPERIMENTS
from compute.core.vocabulary import PROBLEMS
from pages.parts.answer import READABLE_PX
from pages.parts.data import cached_query, missing, needs_results, reader, through_entrance
from pages.parts.origin import Origin, badges, published
from store import catalogue

through_entrance()
st.title("Deep learning systems performance")
st.markdown(
    "An interactive, reproducible answer to a course assignment on how long deep-learning workloads take, why, and what"
    " they cost. Every number below is read from runs or published facts, and every figure says which.",
    width=READABLE_PX,
)
needs_results()

rows = cached_query(catalogue.evidence)
if not rows:
    missing("The store holds no questions; the facts in store/published could not be read.", "python -m store build")
    st.stop()
points = cached_query(catalogue.points)
for column, (name, problem) in zip(st.columns(len(PROBLEMS)), PROBLEMS.items(), strict=True):
    mine = [row for row in rows if row["problem"] == name]
    answered = [row for row in mine if row["answered"]]
    with column.container(border=True, height="stretch"):
        st.metric(
            f"Problem {problem.number}: {problem.short}",
            f"{len(answered)} of {len(mine)} answered",
            help=f"{sum(points[row['question']] for row in answered)} of "
            f"{sum(points[row['question']] for row in mine)} points. The badges say what the answers rest on.",
        )
        badges([Origin(run["provenance"], run["scale"]) for row in answered for run in row["runs"]])
if reader().version.left_out:
    st.warning(
        f"{len(reader().version.left_out)} artefacts could not be used; the page of all runs says why.",
        icon=":material/report:",
    )

for name, problem in PROBLEMS.items():
    mine = [row for row in rows if row["problem"] == name]
    st.subheader(f"Problem {problem.number}: {problem.title}", anchor=name, divider="gray")
    for row in mine:
        said = f"**{row['question']} {row['title']}** :gray[({row['points']} points)]"
        if not row["answered"]:
            commands = " and ".join(
                dict.fromkeys(f"`{EXPERIMENTS[job].command_line}`" for job in row["missing"] if job in EXPERIMENTS)
            )
            st.markdown(
                f"{said} :gray[· {catalogue.UNANSWERED}]" + (f" Its runs are made by {commands}." if commands else "")
            )
            continue
        about, rests_on = st.columns([5, 2], gap="medium")
        about.markdown(f"{said}  \n{row['headline']}", width=READABLE_PX)
        with rests_on:
            badges(
                [Origin(r["provenance"], r["scale"], f"{r['count']} × {r['job']}") for r in row["runs"]]
                + published(*row["facts"])
            )
            st.page_link(
                f"pages/{name}.py",
                label="Answer and evidence",
                icon=":material/arrow_forward:",
                query_params={"question": row["question"]},
            )
