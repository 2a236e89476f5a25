"""Full disks, read-only disks and a limit on the size of files, during each kind of write.

A full disk and a read-only one are a small tmpfs, where mounting is allowed; elsewhere only the limit is tried.
"""

import contextlib
import random
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tqdm import tqdm

from compute.core.runs import write_run
from tests.conftest import make_run, steps
from tests.faults import jobs, stores
from tests.faults.outcome import Outcome
from tests.faults.processes import Ended, work

TMPFS = "64m"  # three built versions of a small store fit
KINDS = ("full disk", "read-only disk", "limit on files")
OTHER_RUNS = 3  # of another network, which no job writes


def run(seed: int, count: int) -> Outcome:
    """Let each kind of write meet each kind of refusal, `count` times in all."""
    outcome, chance = Outcome(), random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        mounting = _mount(Path(folder))
        if mounting:
            _umount(Path(folder))
        kinds = KINDS if mounting else KINDS[2:]
        every = [(kind, write) for kind in kinds for write in WRITES]
        for nth in tqdm(range(count), desc="disk", unit="write"):
            kind, write = every[nth % len(every)]
            _refuse(outcome, chance, kind, write, mounting)
    if not mounting:
        outcome.add("full and read-only disk", "mounting is not allowed here: not tried")
    return outcome


def _mount(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS}", "tmpfs", str(folder)]
    with contextlib.suppress(OSError):
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False


def _umount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


def _refuse(outcome: Outcome, chance: random.Random, kind: str, write: str, mounting: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        disk = Path(folder) / "disk"
        disk.mkdir()
        if mounting:
            _mount(disk)
        try:
            end, problem = _attempt(chance, kind, write, disk)
            outcome.add(f"{write}, {kind}", end, problem)
        finally:
            if mounting:
                _umount(disk)


def _attempt(chance: random.Random, kind: str, write: str, disk: Path) -> tuple[str, str | None]:
    root, (job, bytes_written) = disk / "store", WRITES[write]
    root.mkdir()
    for seed in range(OTHER_RUNS):
        write_run(make_run(model="resnet56", seed=seed), {"steps": steps()}, root / "runs")
    jobs.logs(root)
    if (first := work(jobs.build, root)).code:
        return "no store", f"the first build failed: {first.said[-300:]}"
    if chance.random() < 0.5 and write in ("artefact", "import"):
        if (first := work(job, root)).code:
            return "no run", f"the first write failed: {first.said[-300:]}"
        jobs.next_generation(root)
        jobs.logs(root)
    if write == "build":
        for seed in range(20):
            write_run(make_run(seed=seed), {"steps": steps(2000)}, root / "runs")
    finished = {name for name in stores.visible(root) if "resnet20" not in name or write != "build"}
    limit = int(bytes_written ** chance.uniform(0.3, 1))
    with _refusing(kind, root, limit):
        ended = work(partial(_limited, limit, job) if kind == "limit on files" else job, root)
        problem = _message(ended) or stores.lost(root, finished) or stores.unreadable(root)
    problem = problem or stores.half_runs(root)
    if problem is None:
        again = work(job, root)
        problem = f"given again, it ended with {again.code}: {again.said[-300:]}" if again.code else None
        problem = problem or stores.not_built(root, "SELECT 1", [(1,)])
    return "refused" if ended.code else "was written", problem and f"{limit} bytes: {problem}"


@contextlib.contextmanager
def _refusing(kind: str, root: Path, free: int) -> Iterator[None]:
    """Leave so many bytes on the disk, or allow no writing to it."""
    if kind == "full disk":
        filler = root.parent / "filler"
        left = shutil.disk_usage(root).free - free
        filler.write_bytes(b"x" * max(left, 0))
        yield
        filler.unlink()
    elif kind == "read-only disk":
        subprocess.run(["mount", "-o", "remount,ro", str(root.parent)], check=True, capture_output=True)
        yield
        subprocess.run(["mount", "-o", "remount,rw", str(root.parent)], check=True, capture_output=True)
    else:
        yield


def _limited(limit: int, job: Callable[[Path], int], root: Path) -> int:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        return job(root)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _message(ended: Ended) -> str | None:
    """What is wrong with the way in which a refused command ended: it has to say why, in one line, with status 2."""
    if ended.code == 0:
        return None
    errors = [line for line in ended.said.splitlines() if line.startswith("error: ")]
    if ended.code != 2 or len(errors) != 1 or "Traceback" in ended.said:
        return f"it ended with {ended.code}: {ended.said[-400:]}"
    return None


# each kind of write: the job, and about how many bytes it writes at most
WRITES: dict[str, tuple[Callable[[Path], int], int]] = {
    "artefact": (jobs.artefact, 8_000),
    "build": (jobs.build, 4_000_000),
    "checkpoint": (jobs.train, 6_000_000),
    "import": (jobs.import_logs, 12_000),
}
