"""Where a training leaves off: one file that is replaced whole, so that `kill -9` at any moment loses no more than an epoch.

`kill -9` releases the claim on a run too: the lock is the kernel's, not a file's presence.
"""

import contextlib
import io
import os
import pickle
import shutil
import time
from pathlib import Path

import torch

from compute import ComputeError
from compute.core.runs import PROJECT

CHECKPOINTS = PROJECT / "work" / "checkpoints"
# names in checkpoints of older releases, and what they are called now
FORMER_STATE = {"momenta": "momentum_buffers"}
FORMER_SETTINGS = {"drops": "milestones", "origin": "initialisation"}
READING = (OSError, RuntimeError, ValueError, KeyError, TypeError, EOFError, pickle.UnpicklingError)  # what a broken file raises


class Checkpoint:
    """The saved state of one training in `folder`; `every_s` is the least time in seconds between two saves."""

    def __init__(self, folder: Path, every_s: float = 5.0):
        self.folder, self.every_s = Path(folder), every_s
        self.file = self.folder / "state.pt"
        self.saved_at = time.monotonic()

    def save(self, state: dict, *, now: bool = False) -> None:
        """Write `state` (tensors and plain values) if it is due or `now`; OSError leaves the older state in place."""
        if not now and time.monotonic() - self.saved_at < self.every_s:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()  # torch reports a full disk as a RuntimeError; a plain file as an OSError
        torch.save(state, buffer)
        fresh = self.folder / "state.new"
        try:
            with open(fresh, "wb") as handle:
                handle.write(buffer.getbuffer())
                handle.flush()
                os.fsync(handle.fileno())
            fresh.replace(self.file)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        self.saved_at = time.monotonic()

    def load(self, settings: dict) -> dict | None:
        """The saved state, on the CPU; None if there is none. Raises ComputeError if it cannot be read or belongs to other settings."""
        if not self.file.exists():
            return None
        try:
            state = current_names(torch.load(self.file, map_location="cpu", weights_only=True))
            saved = state["settings"]
        except READING as error:
            raise ComputeError(f"{self.file} cannot be read ({type(error).__name__}); delete it to start this run over") from None
        changed = [key for key in sorted(settings.keys() | saved.keys()) if settings.get(key) != saved.get(key)]
        if changed:
            before = ", ".join(f"{key} {saved.get(key)!r} (now {settings.get(key)!r})" for key in changed)
            raise ComputeError(f"{self.file} is of a training with {before}; delete it to start this run over")
        return state

    def epochs(self) -> int:
        """Epochs that the saved state has behind it; 0 if there is none that can be read."""
        try:
            return torch.load(self.file, map_location="cpu", weights_only=True)["epoch"]
        except READING:
            return 0

    def discard(self) -> None:
        """Drop the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def current_names(state: dict) -> dict:
    """A saved state under today's names, whichever release wrote it; the values are left as they are."""
    state = {FORMER_STATE.get(name, name): value for name, value in state.items()}
    state["settings"] = {FORMER_SETTINGS.get(name, name): value for name, value in state["settings"].items()}
    return state


@contextlib.contextmanager
def claim(folder: Path):
    """Hold `folder` for this process while the block runs; yields False if another process holds it.

    Several processes, in several terminals too, can so work through one list of runs. Where the
    system has no `flock`, every claim succeeds.
    """
    try:
        import fcntl
    except ModuleNotFoundError:
        yield True
        return
    with contextlib.ExitStack() as stack:
        while True:
            folder.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # whoever finished the run has just dropped the folder
                lock = stack.enter_context(open(folder / "lock", "w"))
                break
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
