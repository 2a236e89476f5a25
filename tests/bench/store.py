"""Store build times at growing sizes, each in a process of its own, with its peak memory."""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import PROJECT

# (runs, steps a run): three sizes ten times apart, and the two million rows that the store is made for
SIZES = ((10, 2_000), (100, 2_000), (1_000, 2_000), (100, 20_000))

CHILD = """
import json, resource, sys, time
from pathlib import Path
from store.build import build
from store.layout import Layout
layout = Layout.at(Path(sys.argv[1]))
start = time.perf_counter()
version = build(layout)
again = []
for _ in range(5):
    then = time.perf_counter()
    build(layout)
    again.append(time.perf_counter() - then)
print(json.dumps({"s": version.seconds, "rows": version.rows, "again_s": sorted(again)[2],
                  "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def make(root: Path, runs: int, steps: int) -> Path:
    """A store with `runs` training runs of `steps` steps each."""
    import numpy as np

    from compute.core.runs import write_run
    from tests.conftest import make_run

    random = np.random.default_rng(0)
    rows = {"step": np.arange(steps, dtype="int32"), "loss": random.random(steps, dtype="float32")}
    for seed in range(runs):
        write_run(make_run(seed=seed), {"steps": rows}, root / "runs")
    return root


def builds(repeats: int = 3) -> list[dict]:
    """For each size: runs, rows, median seconds of a full build, of one with nothing new, and peak MiB."""
    found = []
    for runs, steps in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            root, done = make(Path(folder), runs, steps), []
            for _ in range(repeats):
                for old in (root / "built").glob("*"):
                    old.unlink()
                out = subprocess.run(
                    [sys.executable, "-c", CHILD, folder], cwd=PROJECT, capture_output=True, text=True, check=True
                ).stdout
                done.append(json.loads(out))
            middle = {key: statistics.median(one[key] for one in done) for key in done[0]}
            found.append({"runs": runs, **middle})
    return found
