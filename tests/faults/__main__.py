"""`python -m tests.faults [--part …]`: what kills, damaged artefacts, hostile addresses and full disks do.

Prints for each part what was tried, how it ended and every violation of what has to hold; ends with 1 if there was one.
"""

import argparse
import importlib
import sys
import time

# how often each part tries by default
PARTS = {"kill": 300, "mutate": 500, "hostile": 1000, "disk": 48}


def main(argv: list[str] | None = None) -> int:
    """Run the chosen parts and print their tables; 1 if anything was violated."""
    arguments = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    arguments.add_argument("--part", choices=(*PARTS, "all"), default="all", help="what to try")
    arguments.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of all choices, so that they can be made again"
    )
    arguments.add_argument("--count", type=int, metavar="N", help=f"attempts of a part; by default {PARTS}")
    args = arguments.parse_args(argv)
    violated = False
    for part in PARTS if args.part == "all" else (args.part,):
        start = time.perf_counter()
        outcome = importlib.import_module(f"tests.faults.{part}").run(args.seed, args.count or PARTS[part])
        print(
            f"{part}: {sum(outcome.tried.values())} attempts in {time.perf_counter() - start:.0f} s, seed {args.seed}"
        )
        print(outcome.table(), flush=True)
        violated |= bool(outcome.violations)
    return int(violated)


if __name__ == "__main__":
    sys.exit(main())
