"""What a killed process leaves beside the runs: folders that it was writing, and runs that it was replacing."""

import contextlib
import os
import shutil
import time
from collections.abc import Generator
from pathlib import Path


def recover(runs: Path, older_s: float = 60.0) -> bool:
    """Put back what a kill between the two renames of `write_run` left aside; drop what was replaced or half written.

    Returns whether anything was put back. A folder that a living process works on is left alone. Where the file
    system's locks tell of none, a replaced run is dealt with at once; a folder that was begun, or any where there
    are no locks, once it has lain there for `older_s` seconds, or is from the future by a clock that was changed.
    """
    restored = False
    for aside in runs.glob(".*-*"):
        replaced = aside.name.startswith(".old-")
        if not (replaced or aside.name.startswith(".new-")):
            continue
        with contextlib.suppress(OSError), _unused(aside) as unused:
            lain = abs(time.time() - aside.stat().st_ctime) >= older_s
            if unused is False or not (lain or (replaced and unused)):
                continue
            target = runs / aside.name.removeprefix(".old-")
            if replaced and not target.exists():
                aside.rename(target)
                restored = True
            else:
                shutil.rmtree(aside)
    return restored


def in_use(stack: contextlib.ExitStack, folder: Path) -> None:
    """Hold a shared lock on a folder until the stack ends, or this process; without one where there are no locks."""
    with contextlib.suppress(OSError, ImportError):
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
        stack.callback(os.close, handle)
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)


@contextlib.contextmanager
def _unused(folder: Path) -> Generator[bool | None]:
    """Lock a folder for oneself; yields False where another process holds a lock, None where there are no locks."""
    try:
        import fcntl
    except ImportError:
        yield None
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unused = True
        except BlockingIOError:
            unused = False
        except OSError:
            unused = None
        yield unused
    finally:
        os.close(handle)
