"""The assignment's questions, the runs and the facts: what rests on what."""

import pandas as pd

from store.answers import answer, without_footnotes
from store.complete import at_complete_scale
from store.reader import Reader

UNANSWERED = "Not answered yet."


def questions(reader: Reader) -> pd.DataFrame:
    """One row a question of the assignment: id, problem, title, points, what is asked, and what an answer needs."""
    return reader.df(
        "SELECT question, problem::VARCHAR AS problem, title, points, asked, needs FROM questions ORDER BY question"
    )


def evidence(reader: Reader) -> list[dict]:
    """For each question: answered or not, its runs at the most complete scale of each job, its facts, what is missing.

    A question is answered when its text is written and filled, and every job and work that it needs is
    in the store, with as many runs as it needs.
    """
    asked, rows = questions(reader), []
    needs = {row.question: [need.strip() for need in row.needs.split(",")] for row in asked.itertuples()}
    jobs = {
        question: dict(job_need(need) for need in each if not need.startswith("@")) for question, each in needs.items()
    }
    every = job_runs(reader, sorted({job for one in jobs.values() for job in one}))
    counts, works = every.groupby("job")["count"].sum(), set(sources(reader)["work"])
    for row in asked.itertuples():
        wanted = [need[1:] for need in needs[row.question] if need.startswith("@")]
        found = every[every["job"].isin(jobs[row.question])]
        missing = [job for job, least in jobs[row.question].items() if counts.get(job, 0) < least] + [
            work for work in wanted if work not in works
        ]
        said = answer(reader, row.question)
        unfilled = said.missing if said else ()
        rows.append(
            {
                "question": row.question,
                "problem": row.problem,
                "title": row.title,
                "asked": row.asked,
                "points": row.points,
                "answered": bool(said) and not missing and not unfilled,
                "headline": without_footnotes(said.headline) if said and not unfilled else UNANSWERED,
                "runs": found.to_dict("records"),
                "facts": [work for work in wanted if work in works],
                # runs that are missing explain the values that are
                "missing": missing
                + [f"value of {name}" for name in dict.fromkeys(unfilled) if not missing]
                + ([] if said else ["written answer"]),
            }
        )
    return rows


def job_need(need: str) -> tuple[str, int]:
    """The job and how many of its runs there must be at least: `optimus/train*18` needs eighteen, `optimus/fit` one."""
    job, _, least = need.partition("*")
    return job, int(least or 1)


def points(reader: Reader) -> dict[str, int]:
    """What each question is worth; the assignment writes the points of its parts as `2+2`."""
    frame = reader.df("SELECT question, points FROM questions")
    return {row.question: sum(int(part) for part in row.points.split("+")) for row in frame.itertuples()}


def job_runs(reader: Reader, jobs: list[str]) -> pd.DataFrame:
    """The runs of each job (`problem/job`), of each network and device at the scale that has most of them, of equal
    ones the largest.

    Columns: job, scale, provenance, count, devices, run_ids (separated by spaces).
    """
    mine = at_complete_scale(
        "SELECT * FROM runs WHERE list_contains(?, problem || '/' || job)",
        variant="run_id",
        within="(problem, job, model, device, gpu_type)",
    )
    return reader.df(
        f"""
        SELECT problem || '/' || job AS job, scale::VARCHAR AS scale, provenance::VARCHAR AS provenance,
               count(*)::INTEGER AS count,
               string_agg(DISTINCT device, ', ') AS devices, string_agg(run_id, ' ' ORDER BY run_id) AS run_ids
        FROM ({mine}) GROUP BY ALL ORDER BY ALL
        """,
        [jobs],
    )


def run_origins(reader: Reader, run_ids: list[str]) -> pd.DataFrame:
    """Where some runs come from: job, scale, provenance, count, devices."""
    return reader.df(
        """
        SELECT problem || '/' || job AS job, scale::VARCHAR AS scale, provenance::VARCHAR AS provenance,
               count(*)::INTEGER AS count,
               string_agg(DISTINCT device, ', ') AS devices
        FROM runs WHERE list_contains(?, run_id) GROUP BY ALL ORDER BY ALL
        """,
        [run_ids],
    )


def fact(reader: Reader, key: str) -> str | None:
    """The value of a published fact, as text; None for an unknown key."""
    row = reader.one("SELECT value FROM published WHERE key = ?", [key])
    return row[0] if row else None


def runs(reader: Reader) -> pd.DataFrame:
    """Every run, newest first."""
    return reader.df("""
        SELECT run_id, problem::VARCHAR AS problem, job, scale::VARCHAR AS scale, provenance::VARCHAR AS provenance,
               model, gpu_type,
               dataset, lr, seed, device, seconds, started_at::VARCHAR AS started_at, contributor, code_version,
                   torch_version,
               array_to_string(inputs, ', ') AS inputs, note, config::VARCHAR AS config
        FROM runs ORDER BY started_at DESC, run_id
    """)


def sources(reader: Reader) -> pd.DataFrame:
    """The works that facts come from."""
    return reader.df("SELECT work, authors, title, venue, link FROM sources ORDER BY work")
