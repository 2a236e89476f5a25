"""What a wing's `commands.py` offers to the command line."""

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command: its help, a function that adds its arguments, and one that runs it.

    `run` takes the parsed arguments (with `runs`, the folder for artefacts) and gives the run folders
    as it writes them; heavy imports belong inside it, so that `--help` is instant.
    """

    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], Iterable[Path]]
