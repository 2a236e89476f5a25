"""Run artefacts: the folder that an experiment leaves behind, and the only thing that the store gets from compute.

A run is a folder `store/runs/<run_id>/` that holds `run.json` (the record) and Parquet files, each
named after the store table that it feeds. Writing needs pyarrow alone; reading a record needs
nothing but the standard library.
"""

import contextlib
import json
import os
import platform
import re
import secrets
import shutil
import stat
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from compute.core.experiments import check_config
from compute.core.recovery import in_use, recover
from compute.core.vocabulary import PROBLEMS, PROVENANCES, SCALES

PROJECT = Path(__file__).parents[2]
STORE = PROJECT / "store"
RUNS = STORE / "runs"

RECORD = "run.json"


class ArtefactError(Exception):
    """An artefact that cannot be used; the message is one line that says why, `file` the file in the run's folder."""

    def __init__(self, message: str, file: str = RECORD):
        super().__init__(message)
        self.file = file


def now() -> str:
    """The time, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, kw_only=True)
class Run:
    """The record of one run; what `run.json` holds beside the environment.

    `identity` lists, in order, the fields or `config` keys whose values make the run's id, so that
    running the same thing again replaces the artefact. `inputs` are the ids of the runs that this
    one was made from. `seconds` is the wall time of the experiment, `started_at` ISO 8601 in UTC.
    """

    problem: str
    job: str
    scale: str
    provenance: str
    identity: tuple[str, ...] = ()
    config: dict = field(default_factory=dict)
    model: str | None = None
    depth: int | None = None
    gpu_type: str | None = None
    dataset: str | None = None
    lr: float | None = None
    seed: int | None = None
    device: str | None = None
    inputs: tuple[str, ...] = ()
    weights: str | None = None
    started_at: str = field(default_factory=now)
    seconds: float | None = None
    contributor: str = "the report's authors"
    note: str | None = None

    def __post_init__(self):
        for name, allowed in (("problem", PROBLEMS), ("scale", SCALES), ("provenance", PROVENANCES)):
            if getattr(self, name) not in allowed:
                raise ArtefactError(f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(allowed)}")
        self.check_config()
        run_id(asdict(self))

    def check_config(self, whole: bool = False) -> None:
        """Raise ArtefactError for a `config` that breaks the experiment's contract (compute/core/experiments.py)."""
        try:
            check_config(self.problem, self.job, self.config, whole=whole)
        except ValueError as error:
            raise ArtefactError(str(error)) from None

    @property
    def run_id(self) -> str:
        return run_id(asdict(self))


def run_id(record: dict) -> str:
    """The readable id that a record's own configuration makes, e.g. `optimus-train-resnet20-k80-paper-s0`.

    Strings stand as they are, other values behind their name (`lr0.01`). Raises ArtefactError for a
    record whose identity names nothing.
    """
    known = {**record.get("config", {}), **{k: v for k, v in record.items() if k != "config"}}
    parts = [record["problem"], record["job"]]
    for name in record.get("identity", ()):
        value = known.get(name)
        if value is None:
            raise ArtefactError(f"the identity names {name!r}, which the run's configuration does not hold")
        parts.append(
            value if isinstance(value, str) else f"{name}{value:g}" if isinstance(value, float) else f"{name}{value}"
        )
    parts.append(record["scale"])
    if record.get("seed") is not None:
        parts.append(f"s{record['seed']}")
    return "-".join(re.sub(r"[^a-z0-9.+_]+", "_", part.lower()) for part in parts)


def environment() -> dict:
    """Where this process runs: Python, system, torch (if it was imported) and the code's commit."""
    torch = sys.modules.get("torch")
    return {
        "code_version": code_version(),
        "python_version": platform.python_version(),
        "torch_version": torch.__version__ if torch else None,
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


@cache
def code_version() -> str:
    """The commit of the code, with `-dirty` where it was changed since; as it was when this process first asked.

    An experiment of hours asks when it starts: what is committed meanwhile is not what it runs.
    """
    try:
        code = _git("rev-parse", "--short=12", "HEAD")
        # artefacts that are being replaced are no change of the code
        return code + ("-dirty" if _git("status", "--porcelain", "--untracked-files=no", "--", ":(top)compute") else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(PROJECT), *arguments], capture_output=True, text=True, check=True, timeout=10
    ).stdout.strip()


def write_run(run: Run, tables: dict, runs: Path | None = None) -> Path:
    """Write a run's folder, whole or not at all, in place of an older one of the same id.

    `tables` maps a store table's name to a dict of equally long columns or to a list of rows (dicts of
    the same keys, none of them for a table that stays away); the column `run_id` is left out, the folder
    says it. Returns the folder. Raises OSError when the disk refuses; what was there before is then
    still there.
    """
    run.check_config(whole=True)
    runs = RUNS if runs is None else Path(runs)
    runs.mkdir(parents=True, exist_ok=True)
    recover(runs)
    target = runs / run.run_id
    # a random name: where a killed process left its folder, the next one may have the same process id
    fresh, old = runs / f".new-{run.run_id}-{secrets.token_hex(4)}", runs / f".old-{run.run_id}"
    fresh.mkdir()
    with contextlib.ExitStack() as stack:
        in_use(stack, fresh)
        _write_files(run, tables, fresh)
        if target.exists():
            in_use(stack, target)
            shutil.rmtree(old, ignore_errors=True)  # an older one yet, left by a process that was killed
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    return target


def _write_files(run: Run, tables: dict, fresh: Path) -> None:
    """Write the tables and the record into a folder; removes it where that fails."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        tables = {name: rows for name, rows in tables.items() if rows != []}
        for name, rows in tables.items():
            table = pa.Table.from_pylist(rows) if isinstance(rows, list) else pa.table(rows)
            pq.write_table(table, fresh / f"{name}.parquet", compression="zstd")
        sizes = {name: (fresh / f"{name}.parquet").stat().st_size for name in tables}
        record = {"run_id": run.run_id, **asdict(run), **environment(), "tables": sizes}
        (fresh / RECORD).write_text(json.dumps(record, indent=1, allow_nan=False) + "\n")
        for file in fresh.iterdir():
            with open(file, "rb+") as handle:
                os.fsync(handle.fileno())
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def read_record(folder: Path) -> dict:
    """The checked record of a run folder, whose tables are all there in full length.

    Raises ArtefactError with the file and the reason.
    """
    try:
        if not stat.S_ISREG(os.stat(f"{folder}/{RECORD}").st_mode):  # opening a pipe would wait for its writer
            raise ArtefactError("it is not a regular file")
        with open(f"{folder}/{RECORD}", encoding="utf-8") as file:
            text = file.read()
        record = json.loads(text, parse_constant=_no_constant)
        expected, tables, inputs, _ = (
            run_id(record),
            dict(record["tables"]),
            record.get("inputs") or [],
            dict(record["config"]),
        )
    except FileNotFoundError:
        raise ArtefactError("the file is missing") from None
    except (KeyError, AttributeError, TypeError) as error:
        raise ArtefactError(f"it lacks a field or holds a wrong type: {error}") from None
    except (ValueError, RecursionError) as error:
        raise ArtefactError(f"it is not valid JSON: {error}") from None
    if not folder.name == record.get("run_id") == expected:
        raise ArtefactError(
            f"it configures the run {expected!r}, but the folder is {folder.name!r} and run_id {record.get('run_id')!r}"
        )
    if not (isinstance(inputs, list) and all(isinstance(one, str) for one in inputs)):
        raise ArtefactError(f"it lists inputs that are not the ids of runs: {inputs!r}")
    for name, size in tables.items():
        file = f"{name}.parquet"
        try:
            is_size = os.stat(f"{folder}/{file}").st_size
        except FileNotFoundError:
            raise ArtefactError(f"the file is missing, which {RECORD} lists", file) from None
        if is_size != size:
            raise ArtefactError(f"the file has {is_size} bytes, {RECORD} says {size}", file)
    return record


def finished(run: Run, runs: Path | None = None) -> bool:
    """Whether a run of this id already has its artefact, whole."""
    try:
        read_record((RUNS if runs is None else Path(runs)) / run.run_id)
    except (ArtefactError, OSError):
        return False
    return True


def _no_constant(name: str) -> None:
    raise ValueError(f"it holds {name}, which is no number")
