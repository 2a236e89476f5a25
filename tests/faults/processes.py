"""Worker processes that are killed: forked from a server that has imported what they need, so that each starts in
milliseconds.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PRELOADED = ("duckdb", "filelock", "pyarrow.parquet", "store.build", "tests.faults.jobs")
PATIENCE_S = 300
# audited operations by which files come, change and go
FILE_EVENTS = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "shutil.rmtree", "shutil.copyfile")

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([*PRELOADED, "torch", "compute.optimus.train", "compute.training.runner"])


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a worker ended: its exit code (negative: the signal), what it printed, its seconds and its operations on
    files.
    """

    code: int
    said: str
    seconds: float
    operations: int


def work(
    job: Callable[[Path], int],
    root: Path,
    *,
    kill_after_s: float | None = None,
    kill_before_operation: int | None = None,
) -> Ended:
    """Run `job(root)` in a worker; kill it after some seconds, or right before one of its operations on files."""
    receive, send = _context.Pipe(duplex=False)
    said = Path(tempfile.gettempdir()) / f"faults-{os.getpid()}.said"
    worker = _context.Process(target=_work, args=(job, root, said, send, kill_before_operation))
    worker.start()
    send.close()
    with contextlib.suppress(EOFError):
        receive.recv()  # it begins
    start = time.perf_counter()
    worker.join(PATIENCE_S if kill_after_s is None else kill_after_s)
    if worker.is_alive():
        worker.kill()
        worker.join()
    seconds, operations = time.perf_counter() - start, 0
    with contextlib.suppress(EOFError):
        operations = receive.recv()
    text = said.read_text(errors="replace")
    said.unlink()
    return Ended(code=worker.exitcode or 0, said=text, seconds=seconds, operations=operations)


def _work(job, root: Path, said: Path, send, kill_before: int | None) -> None:
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    count = [0]
    send.send("begins")
    sys.addaudithook(_counting(count, kill_before))
    code = job(root)
    send.send(count[0])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _counting(count: list[int], kill_before: int | None) -> Callable:
    def hook(event: str, arguments: tuple) -> None:
        if event in FILE_EVENTS or (event == "open" and _writes(*arguments[1:3])):
            count[0] += 1
            if count[0] == kill_before:
                os.kill(os.getpid(), signal.SIGKILL)

    return hook


def _writes(mode: str | None, flags: int) -> bool:
    return bool(set(mode or "") & set("wax+")) or bool(flags & (os.O_WRONLY | os.O_RDWR))
