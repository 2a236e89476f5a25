"""What a problem's `commands.py` offers to the command line, and the options that training commands share."""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from compute import ComputeError


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command: its help, a function that adds its arguments, and one that runs it.

    `run` takes the parsed arguments (with `runs`, the folder for artefacts) and returns or yields the run
    folders that it writes; heavy imports belong inside it, so that `--help` is instant.
    """

    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], Iterable[Path]]


def scale_argument(parser: argparse.ArgumentParser, scales: dict[str, str], default: str = "small") -> None:
    """Add `--scale` with the scales that the command has; `scales` says what each of them is there."""
    meanings = "; ".join(f"{scale}: {meaning}" for scale, meaning in scales.items())
    parser.add_argument("--scale", choices=tuple(scales), default=default, help=meanings)


def data_arguments(parser: argparse.ArgumentParser, data: str) -> None:
    """Add the options that say where a data set is; `data` is the help of `--data`."""
    parser.add_argument("--data", type=Path, metavar="DIR", help=data)
    parser.add_argument("--image-column", default="image", metavar="NAME", help="column of the encoded images")
    parser.add_argument(
        "--label-column",
        default="label",
        metavar="NAME",
        help="column of the labels; with another one the data set is another, so give it another --dataset name",
    )


def data_location(args: argparse.Namespace):
    """The options of `data_arguments` as a `compute.data.Location`."""
    from compute.data import Location

    return Location(args.data, args.image_column, args.label_column)


def training_arguments(
    parser: argparse.ArgumentParser, *, scales: dict[str, str], data: str, checkpoint_s: float, scale: str = "small"
) -> None:
    """Add the options of every command that trains a sweep.

    `scales` says what each scale is, `scale` is the default; `data` is the help of `--data`,
    `checkpoint_s` the default of `--checkpoint-every`.
    """
    add = parser.add_argument
    scale_argument(parser, scales, scale)
    data_arguments(parser, data)
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to train")
    add(
        "--precision",
        choices=("fp32", "tf32", "bf16"),
        default="fp32",
        help="arithmetic of convolutions and matrix products",
    )
    add(
        "--execution-mode",
        choices=("auto", "eager", "graph"),
        default="auto",
        help="graph: a whole step as one CUDA graph",
    )
    add(
        "--concurrency",
        type=int,
        default=0,
        metavar="N",
        help="networks that train concurrently in a process; 0: 3 on CUDA, else 1",
    )
    add(
        "--processes",
        type=int,
        default=0,
        metavar="N",
        help="processes that share the runs; 0: 1 on CUDA, else one for each core",
    )
    ray = "train on a Ray cluster, one task a run: its address, auto for the one that this machine is in, or local"
    add("--ray", metavar="ADDRESS", help=ray)
    add("--threads", type=int, default=1, metavar="N", help="CPU threads of each process")
    add(
        "--checkpoints",
        type=Path,
        metavar="DIR",
        help="folder for the state of unfinished runs instead of work/checkpoints",
    )
    add(
        "--checkpoint-every",
        type=float,
        default=checkpoint_s,
        metavar="S",
        help="least time between two checkpoints of a run, in seconds",
    )
    add("--contributor", default="the report's authors", metavar="NAME", help="who runs it")
    add("--again", action="store_true", help="train all runs, also those that are done")
    add(
        "--list",
        action="store_true",
        help="list the runs, which of them are pending, and how long those would take here",
    )


def training_options(args: argparse.Namespace) -> dict:
    """The values of `training_arguments` as fields of a `compute.training.sweep.Sweep`.

    Raises ComputeError for impossible numbers.
    """
    for name, least in (("concurrency", 0), ("processes", 0), ("threads", 1)):
        if getattr(args, name) < least:
            raise ComputeError(f"--{name} is {getattr(args, name)}; it must be at least {least}")

    from compute.training import device as devices
    from compute.training.checkpoint import CHECKPOINTS

    cuda = devices.pick(args.device).type == "cuda"
    unchanged = (
        "scale",
        "runs",
        "device",
        "precision",
        "execution_mode",
        "threads",
        "again",
        "contributor",
        "ray",
    )
    return {name: getattr(args, name) for name in unchanged} | {
        "data": data_location(args),
        "concurrency": args.concurrency or (3 if cuda else 1),
        "checkpoints": args.checkpoints or CHECKPOINTS,
        "checkpoint_every_s": args.checkpoint_every,
    }
