"""What a wing's `commands.py` offers to the command line."""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from compute import ComputeError
from store.artefact import SCALES


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command: its help, a function that adds its arguments, and one that runs it.

    `run` takes the parsed arguments (with `runs`, the folder for artefacts) and gives the run folders
    as it writes them; heavy imports belong inside it, so that `--help` is instant.
    """

    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], Iterable[Path]]


def data_arguments(parser: argparse.ArgumentParser, data: str) -> None:
    """The options that say where a data set lies; `data` says what may lie there."""
    parser.add_argument("--data", type=Path, metavar="DIR", help=data)
    parser.add_argument("--image-column", default="image", metavar="NAME", help="column of the encoded images")
    parser.add_argument(
        "--label-column",
        default="label",
        metavar="NAME",
        help="column of the labels; with another one the data set is another, so give it another --dataset name",
    )


def data_location(args: argparse.Namespace):
    """What `data_arguments` took, as a `compute.data.Location`."""
    from compute.data import Location

    return Location(args.data, args.image_column, args.label_column)


def training_arguments(parser: argparse.ArgumentParser, *, scales: str, data: str, checkpoint_s: float, scale: str = "cpu") -> None:
    """The options of every command that trains a list of networks; `scales` and `data` say what theirs mean, `scale` is the default."""
    parser.add_argument("--scale", choices=SCALES, default=scale, help=scales)
    data_arguments(parser, data)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to train")
    parser.add_argument("--precision", choices=("fp32", "tf32", "bf16"), default="fp32", help="arithmetic of convolutions and matrix products")
    parser.add_argument("--engine", choices=("auto", "eager", "graph"), default="auto", help="graph: a whole step as one CUDA graph")
    parser.add_argument("--together", type=int, default=0, metavar="N", help="networks that train side by side on a device; 0: 3 on CUDA, else 1")
    parser.add_argument("--processes", type=int, default=0, metavar="N", help="processes that share the list of runs; 0: 1 on CUDA, else one a core")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="CPU threads of a process")
    parser.add_argument("--checkpoints", type=Path, metavar="DIR", help="folder for the state of unfinished runs instead of work/checkpoints")
    parser.add_argument(
        "--checkpoint-every", type=float, default=checkpoint_s, metavar="S", help="least time between two checkpoints of a run, in seconds"
    )
    parser.add_argument("--contributor", default="the report's authors", metavar="NAME", help="who ran it")
    parser.add_argument("--again", action="store_true", help="train even what is there already")
    parser.add_argument("--list", action="store_true", help="say which runs are there and which are owed, and how long they would take here")


def training_options(args: argparse.Namespace) -> dict:
    """What `training_arguments` took, as the fields of a `worklist.Request`. Raises ComputeError for impossible numbers."""
    for name, least in (("together", 0), ("processes", 0), ("threads", 1)):
        if getattr(args, name) < least:
            raise ComputeError(f"--{name} is {getattr(args, name)}; it must be at least {least}")

    from compute import device as devices
    from compute.checkpoint import CHECKPOINTS

    cuda = devices.pick(args.device).type == "cuda"
    as_they_are = ("scale", "runs", "device", "precision", "engine", "threads", "again", "contributor")
    return {name: getattr(args, name) for name in as_they_are} | {
        "data": data_location(args),
        "together": args.together or (3 if cuda else 1),
        "checkpoints": args.checkpoints or CHECKPOINTS,
        "checkpoint_every_s": args.checkpoint_every,
    }
