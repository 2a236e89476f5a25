"""Where the log comes from: a file of the reader, or one of the report's own trainings."""

import re
from dataclasses import dataclass

import streamlit as st

from compute.logs import Log, LogError, read_log
from compute.logs.recorded import recorded
from pages.parts.data import cached_query, missing
from pages.parts.figure import escaped
from pages.parts.origin import Origin, of_runs
from store.optimus import logs, trainings
from store.settings import UPLOAD_MB

KEPT = "_log_of_reader"  # in the session, which ends with the visit
ROLES = {
    "loss": "Column of the loss",
    "step": "Column of the steps",
    "epoch": "Column of the epochs",
    "lr": "Column of the learning rate",
    "seconds": "Column of the seconds",
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """A log, whether the reader brought it, and its origins."""

    log: Log
    own: bool
    origins: list[Origin]


def log() -> Source | None:
    """The log that the reader chooses, with its controls; None where there is none, or where it cannot be used."""
    left, right = st.columns(2)
    uploaded = left.file_uploader(
        f"A training log, up to {UPLOAD_MB} MiB",
        key="file",
        max_upload_size=UPLOAD_MB,
        help="CSV, TSV, JSON, JSON lines, Parquet or a text log: of Keras, Lightning, the Hugging Face Trainer, "
        "TensorBoard's and Weights & Biases' CSV export, `key=value`, `Epoch: [3][50/391] … Loss 1.2`. It stays in "
        "this visit's memory, and nothing of it is stored on the server.",
    )
    examples = cached_query(trainings.trainings)
    ids = [] if examples.empty else examples["run_id"].tolist()
    run = right.selectbox(
        "or one of the report's own trainings",
        ids,
        key="log",
        bind="query-params",
        disabled=uploaded is not None,
    )
    if uploaded is not None:
        return _read(uploaded)
    if run is None:
        missing("The report has no training to play with yet; drop a log of your own.", "python -m compute train")
        return None
    steps, epochs = cached_query(logs.logged_steps, run), cached_query(logs.logged_epochs, run)
    known = recorded(run, steps["step"].to_numpy(), steps["loss"].to_numpy(), {c: epochs[c].to_numpy() for c in epochs})
    return Source(log=known, own=False, origins=of_runs([run]))


def _read(uploaded) -> Source | None:
    """The uploaded log with the reader's corrections; a refused one is said in one message."""
    options = _corrections()
    if options is None:
        return None
    if uploaded.size > UPLOAD_MB * 2**20:
        st.error(f"The file has more than {UPLOAD_MB} MiB; keep every tenth step of it.", icon=":material/report:")
        return None
    key = (uploaded.file_id, str(options))
    if st.session_state.get(KEPT, (None,))[0] != key:
        try:
            with st.spinner("Reading the log …"):
                st.session_state[KEPT] = key, read_log(uploaded.name, uploaded.getvalue(), **options)
        except LogError as error:
            st.session_state[KEPT] = key, error
    found = st.session_state[KEPT][1]
    if isinstance(found, LogError):
        st.error(f"{escaped(uploaded.name)}: {escaped(found)}", icon=":material/report:")
        return None
    return Source(log=found, own=True, origins=[Origin("imported", None, "your own log")])


def _corrections() -> dict | None:
    """What the reader says of the log, as arguments of `read_log`; None where it makes no sense."""
    with st.expander("If something was misunderstood", icon=":material/tune:"):
        columns = {}
        for place, (role, label) in zip(st.columns(len(ROLES)), ROLES.items(), strict=True):
            if name := place.text_input(
                label, key=f"column_{role}", bind="query-params", placeholder="found by itself"
            ):
                columns[role] = name.strip()
        left, right = st.columns(2)
        per_epoch = left.number_input(
            "Steps an epoch",
            1.0,
            1e9,
            None,
            format="%.0f",
            key="steps_an_epoch",
            bind="query-params",
            placeholder="as the log says",
        )
        given = right.text_input(
            "Epochs after which the learning rate fell",
            key="drops",
            bind="query-params",
            placeholder="100, 150: where the log does not say it",
        )
    drops = re.split(r"[\s,;]+", given.strip()) if given and given.strip() else []
    if not all(re.fullmatch(r"[0-9]{1,9}", each) for each in drops):
        st.error("The drops are epochs, as in: 100, 150", icon=":material/report:")
        return None
    return {
        "columns": columns,
        "steps_per_epoch": per_epoch and int(per_epoch),
        "drops": tuple(int(each) for each in drops),
    }
