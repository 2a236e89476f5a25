"""Run artefacts: the folder that an experiment leaves behind, and the only thing compute hands to the store.

A run is a folder `store/runs/<run_id>/` that holds `run.json` (the record) and Parquet files, each
named after the store table that it feeds. Writing needs pyarrow alone; reading a record needs
nothing but the standard library.
"""

import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent
RUNS = ROOT / "runs"

PROBLEMS = ("transfer", "supervision", "flops", "optimus")
SCALES = ("smoke", "cpu", "paper")
PROVENANCES = ("measured", "emulated", "imported", "published", "modelled")

RECORD = "run.json"


class ArtefactError(Exception):
    """An artefact that cannot be used; the message is one line that names the file and the reason."""


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
    started_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    seconds: float | None = None
    contributor: str = "the report's authors"
    note: str | None = None

    def __post_init__(self):
        for name, allowed in (("problem", PROBLEMS), ("scale", SCALES), ("provenance", PROVENANCES)):
            if getattr(self, name) not in allowed:
                raise ArtefactError(f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(allowed)}")
        run_id(asdict(self))

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
        parts.append(value if isinstance(value, str) else f"{name}{value:g}" if isinstance(value, float) else f"{name}{value}")
    parts.append(record["scale"])
    if record.get("seed") is not None:
        parts.append(f"s{record['seed']}")
    return "-".join(re.sub(r"[^a-z0-9.+_]+", "_", part.lower()) for part in parts)


def environment() -> dict:
    """Where this process runs: Python, system, torch (if it was imported) and the code's commit."""
    torch = sys.modules.get("torch")
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        code = subprocess.run(git, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        code = "unknown"
    return {
        "code_version": code,
        "python_version": platform.python_version(),
        "torch_version": torch.__version__ if torch else None,
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


def write_run(run: Run, tables: dict, runs: Path | None = None) -> Path:
    """Write a run's folder, whole or not at all, in place of an older one of the same id.

    `tables` maps a store table's name to a pyarrow Table or to a dict of equally long columns; the
    column `run_id` is left out, the folder says it. Returns the folder. Raises OSError when the disk
    refuses; what was there before is then still there.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    runs = RUNS if runs is None else Path(runs)
    runs.mkdir(parents=True, exist_ok=True)
    recover(runs)
    target = runs / run.run_id
    fresh, old = runs / f".new-{run.run_id}-{os.getpid()}", runs / f".old-{run.run_id}"
    fresh.mkdir()
    try:
        for name, rows in tables.items():
            table = rows if isinstance(rows, pa.Table) else pa.table(rows)
            pq.write_table(table, fresh / f"{name}.parquet", compression="zstd")
        record = {"run_id": run.run_id, **asdict(run), **environment()}
        (fresh / RECORD).write_text(json.dumps(record, indent=1, allow_nan=False) + "\n")
        for file in fresh.iterdir():
            with open(file, "rb+") as handle:
                os.fsync(handle.fileno())
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    return target


def recover(runs: Path) -> None:
    """Put back what a kill between the two renames of `write_run` left aside; drop what was replaced."""
    for old in runs.glob(".old-*"):
        target = runs / old.name.removeprefix(".old-")
        with contextlib.suppress(OSError):
            if target.exists():
                shutil.rmtree(old)
            else:
                old.rename(target)


def read_record(folder: Path) -> dict:
    """The checked record of a run folder. Raises ArtefactError with the file and the reason."""
    file = folder / RECORD
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        expected = run_id(record)
    except FileNotFoundError:
        raise ArtefactError(f"{RECORD} is missing") from None
    except (ValueError, UnicodeDecodeError) as error:
        raise ArtefactError(f"{RECORD} is not valid JSON: {error}") from None
    except (KeyError, AttributeError, TypeError) as error:
        raise ArtefactError(f"{RECORD} lacks a field or holds a wrong type: {error}") from None
    if not folder.name == record.get("run_id") == expected:
        raise ArtefactError(f"{RECORD} configures the run {expected!r}, but the folder is {folder.name!r} and run_id {record.get('run_id')!r}")
    return record


def finished(run: Run, runs: Path | None = None) -> bool:
    """Whether a run of this id already has its artefact."""
    return ((RUNS if runs is None else Path(runs)) / run.run_id / RECORD).exists()
