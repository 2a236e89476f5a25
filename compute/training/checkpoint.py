"""The saved state of an unfinished training: one file that is replaced whole, at any moment safe from `kill -9`."""

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
from compute.training.claim import LOCK, claim
from compute.training.former_releases import current_names

CHECKPOINTS = PROJECT / "work" / "checkpoints"
STATE = "state.pt"
# what reading a damaged file, or continuing from it, raises
UNUSABLE = (
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    pickle.UnpicklingError,
)


class Checkpoint:
    """The saved state of one training in `folder`; `every_s` is the least time in seconds between two saves."""

    def __init__(self, folder: Path, every_s: float = 5.0):
        self.folder, self.every_s = Path(folder), every_s
        self.file = self.folder / STATE
        self.saved_at = time.monotonic()

    def save(self, state: dict, *, now: bool = False) -> None:
        """Write `state` (tensors and plain values) if `every_s` have passed since the last save, or `now`.

        Raises OSError when the disk refuses; the older state is then still there.
        """
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
        """The saved state, on the CPU; None if there is none.

        Raises ComputeError if it cannot be read or belongs to a training with other settings.
        """
        if not self.file.exists():
            return None
        try:
            state = self._read()
            saved = dict(state["settings"])
        except UNUSABLE as error:
            raise self.unusable(error) from None
        changed = [key for key in sorted(settings.keys() | saved.keys()) if settings.get(key) != saved.get(key)]
        if changed:
            values = ", ".join(f"{key} {saved.get(key)!r} (now {settings.get(key)!r})" for key in changed)
            raise ComputeError(
                f"{self.file} belongs to a training with {values}; delete the file to start this run over"
            )
        return state

    def unusable(self, error: Exception) -> ComputeError:
        """The error that says that the file cannot be used, why, and what to do."""
        text = " ".join(str(error).split())[:80]
        reason = f"it lacks {text}" if isinstance(error, KeyError) else f"{type(error).__name__}: {text}"
        return ComputeError(f"{self.file} cannot be used ({reason}); delete the file to start this run over")

    def epochs(self) -> int:
        """Finished epochs of the saved state; 0 if there is none or it cannot be read."""
        try:
            return int(self._read()["epoch"])
        except UNUSABLE:
            return 0

    def started_at(self) -> str | None:
        """When the saved training was started; None if there is none or it cannot be read."""
        try:
            return self._read()["started_at"]
        except UNUSABLE:
            return None

    def take_over(self, former: Path) -> None:
        """Move the state of this training here from `former`, a folder that an older release named otherwise.

        Nothing is moved if there is a state here, or if a process is working on the former one.
        """
        if self.file.exists() or not (former / STATE).exists():
            return
        with claim(former) as idle:
            if idle and (former / STATE).exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                for path in sorted(former.iterdir(), key=lambda path: path.name == STATE):  # the state itself last
                    if path.name != LOCK:
                        path.replace(self.folder / path.name)
                Checkpoint(former).discard()

    def clear(self) -> None:
        """Delete what is in the folder, except for the lock of the process that works on it."""
        with contextlib.suppress(FileNotFoundError):
            for path in self.folder.iterdir():
                if path.is_dir():
                    shutil.rmtree(path)
                elif path.name != LOCK:
                    path.unlink()

    def discard(self) -> None:
        """Delete the folder and everything in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self) -> dict:
        return current_names(torch.load(self.file, map_location="cpu", weights_only=True))
