"""`python -m compute <command>`: re-run any experiment of the report."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from compute import ComputeError
from compute.core.runs import RUNS, ArtefactError, code_version
from compute.flops import commands as flops
from compute.optimus import commands as optimus
from compute.supervision import commands as supervision
from compute.transfer import commands as transfer

COMMANDS = {**transfer.COMMANDS, **supervision.COMMANDS, **flops.COMMANDS, **optimus.COMMANDS}


def parser() -> argparse.ArgumentParser:
    """The command line; each problem's `commands.py` adds its own commands and imports nothing heavy."""
    top = argparse.ArgumentParser(
        prog="python -m compute",
        description=(
            "Re-run the report's experiments. Each command writes run artefacts, which the report shows on its next"
            " rerun."
        ),
        epilog=(
            "Needs: pip install -r compute/requirements.txt. What a command does in detail: python -m compute COMMAND"
            " --help"
        ),
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        sub = commands.add_parser(
            name,
            help=command.help,
            description=command.help,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        sub.add_argument(
            "--runs", type=Path, default=RUNS, metavar="DIR", help="folder that receives the run artefacts"
        )
        command.arguments(sub)
        sub.set_defaults(run=command.run)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one command, then say what was written, where and how long it took."""
    args = parser().parse_args(argv)
    code_version()
    start, written = time.perf_counter(), 0
    try:
        check_writable(args.runs)
        for folder in args.run(args):
            print(f"wrote {folder}")
            written += 1
    except (ComputeError, ArtefactError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("compute", "store"):
            raise
        print(f"error: {error.name} is not installed; run: pip install -r compute/requirements.txt", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"error: {error.strerror or error}{f': {error.filename}' if error.filename else ''}; nothing half-written"
            " was left",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("\nstopped; finished runs are kept, and the same command goes on with the rest", file=sys.stderr)
        return 130
    print(f"{written} run{'s' if written != 1 else ''} written in {time.perf_counter() - start:.1f} s")
    return 0


def check_writable(runs: Path) -> None:
    """Make the folder for artefacts, before anything is computed that could not be written. Raises ComputeError."""
    try:
        runs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=runs):
            pass
    except OSError as error:
        raise ComputeError(
            f"run artefacts cannot be written to {runs} ({error.strerror}); choose another folder with --runs"
        ) from None


if __name__ == "__main__":
    sys.exit(main())
