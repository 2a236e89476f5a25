"""Checkpoints of older releases: the names that they use for things, and for their folders."""

from dataclasses import asdict

from compute.core.runs import Run, run_id

# former name: current name
STATE_NAMES = {"momenta": "momentum_buffers"}
SETTING_NAMES = {"drops": "milestones", "origin": "initialisation"}
# current name: former name
FORMER_SCALES = {"small": "cpu"}


def current_names(state: dict) -> dict:
    """A saved state with its keys, and those of its settings, as they are called now; the values are unchanged."""
    state = {STATE_NAMES.get(name, name): value for name, value in state.items()}
    state["settings"] = {SETTING_NAMES.get(name, name): value for name, value in state["settings"].items()}
    return state


def former_ids(run: Run) -> tuple[str, ...]:
    """The ids that older releases gave to a run, newest first: without its device, and with its scale's former name."""
    record = asdict(run)
    identities = dict.fromkeys((run.identity, tuple(name for name in run.identity if name != "device")))
    scales = (run.scale, FORMER_SCALES[run.scale]) if run.scale in FORMER_SCALES else (run.scale,)
    ids = (run_id({**record, "identity": identity, "scale": scale}) for scale in scales for identity in identities)
    return tuple(former for former in ids if former != run.run_id)
