"""Where a figure's data come from, as badges: provenance and scale, each with what it means."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from compute.core.vocabulary import PROVENANCES, SCALES
from pages.parts.data import cached_query
from store import catalogue
from store.reader import Reader

COLOURS = {"measured": "green", "emulated": "orange", "imported": "violet", "published": "blue", "modelled": "gray"}


@dataclass(frozen=True)
class Origin:
    """Where a figure's data come from: provenance, scale of the runs (None for facts), and details."""

    provenance: str
    scale: str | None = None
    detail: str = ""


def of_jobs(*jobs: str) -> list[Origin]:
    """The origins of the runs of some jobs (`problem/job`), at the most complete scale of each."""
    return list(cached_query(_origins, catalogue.job_runs, list(jobs)))


def of_runs(run_ids: Sequence[str]) -> list[Origin]:
    """The origins of these runs."""
    return list(cached_query(_origins, catalogue.run_origins, sorted(run_ids)))


def published(*works: str) -> list[Origin]:
    """The origin of facts from these works; none where there are none."""
    return [Origin("published", None, "; ".join(works))] if works else []


def _origins(
    reader: Reader, query: Callable[[Reader, list[str]], pd.DataFrame], asked: list[str]
) -> tuple[Origin, ...]:
    return tuple(
        Origin(row.provenance, row.scale, f"{row.count} × {row.job}, {row.devices or 'computed from shapes'}")
        for row in query(reader, asked).itertuples()
    )


def badges(origins: Sequence[Origin]) -> None:
    """One badge for each distinct provenance and scale, with what they mean as help."""
    with st.container(horizontal=True, gap="small"):
        for provenance, scale in dict.fromkeys((o.provenance, o.scale) for o in origins):
            details = "; ".join(
                o.detail for o in origins if (o.provenance, o.scale) == (provenance, scale) and o.detail
            )
            text = f"{provenance} · {scale} scale" if scale else provenance
            said = f"{provenance}: {PROVENANCES[provenance]}." + (f" {scale} scale: {SCALES[scale]}." if scale else "")
            st.badge(text, color=COLOURS[provenance], help=f"{said} {details}")
