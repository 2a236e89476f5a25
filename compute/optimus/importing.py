"""The command `import`: other people's training logs as runs of provenance `imported`.

A log becomes the tables `steps` (the losses that it holds, at the steps done by then) and `epochs`,
with NULL for what it does not say. Its unit, its learning-rate drops and where they come from are in the
run's configuration.
"""

import argparse
import hashlib
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from compute import ComputeError
from compute.core.runs import RECORD, ArtefactError, Run, read_record, write_run
from compute.core.vocabulary import GPU_TYPES
from compute.logs import Log, LogError, read_log
from compute.logs.columns import ROLES

# training images of data sets whose steps per epoch follow from the batch size
TRAIN_IMAGES = {
    "cifar10": 50_000,
    "cifar100": 50_000,
    "mnist": 60_000,
    "fashionmnist": 60_000,
    "svhn": 73_257,
    "imagenet": 1_281_167,
}
NETWORK = re.compile(r"resnet[-_]?(\d+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A log that was read, and the run that it becomes."""

    file: Path
    log: Log
    run: Run


def run(args: argparse.Namespace) -> list[Path]:
    """Read all logs, say what was understood and, without --preview, write their runs; returns the folders.

    Raises ComputeError with the file, the line and the reason, before anything is written.
    """
    for name in ("depth", "batch", "steps_per_epoch"):
        if (value := getattr(args, name)) is not None and value < 1:
            raise ComputeError(f"--{name.replace('_', '-')} is {value}; it must be at least 1")
    with tqdm(args.files, desc="reading", unit="log", leave=False, delay=2) as files:
        every = [_read(file, args) for file in files]
    _check_places(every, args.runs, args.replace)
    for each in every:
        print("\n  ".join((f"{each.file.name}: {each.run.run_id}", *each.log.understood)))
    if args.preview:
        return []
    return [write_run(each.run, tables(each.log, args.batch, train_images(args.dataset)), args.runs) for each in every]


def _read(file: Path, args: argparse.Namespace) -> Imported:
    content = file.read_bytes()
    try:
        log = read_log(
            file.name,
            content,
            columns=_mapping(args.column),
            pattern=args.pattern,
            steps_per_epoch=steps_per_epoch(args.steps_per_epoch, args.batch, args.dataset),
            drops=tuple(args.drops),
        )
    except LogError as error:
        raise ComputeError(f"{file}: {error}; nothing was imported") from None
    return Imported(file=file, log=log, run=record(file, content, log, args))


def record(file: Path, content: bytes, log: Log, args: argparse.Namespace) -> Run:
    """The record of a log's run.

    Raises ComputeError where neither the options nor the file's name say which network it is.
    """
    named = NETWORK.search(args.model or file.name)
    depth = args.depth or (int(named[1]) if named else None)
    if depth is None and not args.model:
        raise ComputeError(f"{file}: which network is it? give --depth N for a CIFAR ResNet, or --model NAME")
    gpu_type = args.gpu_type and (args.gpu_type.upper() if args.gpu_type.upper() in GPU_TYPES else args.gpu_type)
    config = {
        "file": file.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "format": log.format,
        "understood": list(log.understood),
        "unit": log.unit,
        "steps_per_epoch": log.steps_per_epoch,
        "epochs": len(log.epochs) or None,
        "batch": args.batch,
        "milestones": [each.epoch for each in log.milestones if each.epoch is not None],
        "milestone_steps": [each.step for each in log.milestones],
        "milestones_from": log.milestones[0].source if log.milestones else None,
    }
    highest = float(max(log.lr)) if log.lr is not None else 0.0
    seconds = float(log.epochs.seconds.sum()) if len(log.epochs) else math.nan
    return Run(
        problem="optimus",
        job="train",
        scale=args.scale,
        provenance="imported",
        identity=("model", *(("gpu_type",) if gpu_type else ()), "contributor"),
        config=config,
        model=args.model or f"resnet{depth}",
        depth=depth,
        gpu_type=gpu_type,
        dataset=args.dataset,
        lr=highest or None,
        seed=args.seed,
        seconds=round(seconds, 3) if math.isfinite(seconds) else None,
        contributor=args.contributor,
        note=f"imported from {file.name}" + (f"; {args.note}" if args.note else ""),
    )


def tables(log: Log, batch: int | None = None, images: int | None = None) -> dict:
    """The tables `steps` and, where the log has epochs, `epochs`; a column of which nothing is known stays away."""
    steps = {"step": log.steps - 1, "loss": log.losses}
    if not len(log.epochs):
        return {"steps": steps}
    columns = {name: getattr(log.epochs, name) for name in log.epochs.__dataclass_fields__}
    if batch and log.steps_per_epoch:
        steps_done = np.minimum(np.diff(log.epochs.step, prepend=0), log.steps_per_epoch)
        seconds = np.where(log.epochs.seconds > 0, log.epochs.seconds, math.nan)
        columns["images_per_s"] = np.minimum(batch * steps_done, images or math.inf) / seconds
    known = {name: np.isfinite(values) for name, values in columns.items()}
    epochs = {
        name: [value if there else None for value, there in zip(values.tolist(), known[name], strict=True)]
        for name, values in columns.items()
        if known[name].any()
    }
    return {"steps": steps, "epochs": epochs}


def steps_per_epoch(given: int | None, batch: int | None, dataset: str | None) -> int | None:
    """The steps of an epoch: as given, or the batches of the data set's training images with a smaller last one.

    None where nothing tells.
    """
    images = train_images(dataset)
    return given or (math.ceil(images / batch) if images and batch else None)


def train_images(dataset: str | None) -> int | None:
    """The training images of a data set; None for one that is not known."""
    return TRAIN_IMAGES.get(re.sub(r"[^a-z0-9]", "", (dataset or "").lower()))


def _mapping(pairs: list[str]) -> dict[str, str]:
    """`--column ROLE=NAME` as a dict. Raises ComputeError for anything else."""
    mapping = {}
    for pair in pairs:
        role, _, column = pair.partition("=")
        if role not in ROLES or not column:
            raise ComputeError(f"--column {pair} is no ROLE=NAME; roles are {', '.join(ROLES)}")
        mapping[role] = column
    return mapping


def _check_places(every: list[Imported], runs: Path, replace: bool) -> None:
    """Raise ComputeError where a run would take the place of another log's (unless `replace`), or of one of our own."""
    own = "give it --seed, --gpu-type or --contributor of its own"
    seen: dict[str, Path] = {}
    for each in every:
        name = each.run.run_id
        if name in seen:
            raise ComputeError(f"{seen[name].name} and {each.file.name} would both be {name}; {own}")
        seen[name] = each.file
        if not (runs / name / RECORD).exists():
            continue
        try:
            there = read_record(runs / name)
        except ArtefactError as error:
            raise ComputeError(f"{runs / name} is broken and has to be removed first: {error.file}: {error}") from None
        if there["provenance"] != "imported":
            raise ComputeError(f"{each.file.name} would be {name}, which is a run of our own; {own}")
        if there["config"]["sha256"] != each.run.config["sha256"] and not replace:
            other = f"which is there already, from {there['config']['file']}"
            raise ComputeError(f"{each.file.name} would be {name}, {other}; {own}, or --replace")
