"""A claim on a run, so that several processes, also in several terminals, can work through one list of runs.

filelock takes the operating system's own lock (`flock`, or its counterpart on Windows), which ends with
the process that holds it, `kill -9` included. On a file system without such locks it writes a file with
the process id instead, and ignores that file once the process no longer exists.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

LOCK = "lock"  # the file in the run's checkpoint folder


@contextlib.contextmanager
def claim(folder: Path) -> Iterator[bool]:
    """Hold `folder` for this process while the block runs; yields False if another process holds it.

    The folder is made where it does not exist.
    """
    lock = FileLock(folder / LOCK)
    held = _acquire(lock, folder)
    try:
        yield held
    finally:
        if held:
            lock.release()


def _acquire(lock: FileLock, folder: Path) -> bool:
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
            return True
        except Timeout:
            return False
        except FileNotFoundError:  # the process that finished this run has just deleted the folder: make it again
            continue
