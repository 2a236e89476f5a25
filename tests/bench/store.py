"""Store build times at growing sizes, each build in a process of its own, with its peak memory."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.conftest import PROJECT, make_run

RUNS = (1_500, 6_000)  # beside the committed store
STEPS, EPOCHS, PATTERNS = 2_000, 20, 8
REPEATS, ENOUGH_S = 3, 10.0  # a whole build is measured so many times, or until so much time has gone
LAST_START_S = 90.0  # a busy machine does not get to the largest size, so that all of it ends within five minutes

CHILD = """
import json, resource, sys, time
from pathlib import Path
from store.build import build, up_to_date
from store.layout import Layout
layout = Layout.at(Path(sys.argv[1]))
start = time.perf_counter()
version = build(layout)
print(json.dumps({"s": time.perf_counter() - start, "runs": version.runs, "rows": version.rows,
                  "mb": version.bytes / 1e6, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""
# what a server that is running spends on freshness: a rerun's look at the pointer, and the look at all folders beside
# it
LOOKS = """
import json, statistics, sys, time
from pathlib import Path
from store.build import up_to_date
from store.layout import Layout
from store.reader import open_reader
layout = Layout.at(Path(sys.argv[1]))
def median(look):
    times = []
    for _ in range(9):
        start = time.perf_counter()
        look(layout)
        times.append(time.perf_counter() - start)
    return statistics.median(times)
print(json.dumps({"rerun_s": median(open_reader), "look_s": median(up_to_date)}))
"""


def make(root: Path, runs: int) -> None:
    """Put training runs of some thousand steps each below `root`; their files are those of a few, linked, which is
    quick.
    """
    import numpy as np

    from compute.core.runs import write_run

    random = np.random.default_rng(0)
    names = ("train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds", "images_per_s")
    for pattern in range(PATTERNS):
        epochs = {
            "epoch": np.arange(EPOCHS),
            "step": (np.arange(EPOCHS) + 1) * (STEPS // EPOCHS),
            "lr": np.full(EPOCHS, 0.1),
        }
        tables = {
            "steps": {"step": np.arange(STEPS, dtype="int32"), "loss": random.random(STEPS, dtype="float32")},
            "epochs": epochs | {name: random.random(EPOCHS) for name in names},
        }
        write_run(make_run(seed=pattern), tables, root / "runs")
    for seed in range(PATTERNS, runs):
        add(root, seed)


def add(root: Path, seed: int, put: Callable[[Path, Path], object] = os.link) -> None:
    """Put one more run below `root`. A link changes a time of the file that is linked, and with it the state of all
    runs that share it.
    """
    pattern, run = root / "runs" / make_run(seed=seed % PATTERNS).run_id, make_run(seed=seed)
    record = json.loads((pattern / "run.json").read_text()) | {"seed": seed, "run_id": run.run_id}
    folder = root / "runs" / f".new-{run.run_id}"
    folder.mkdir()
    for file in pattern.glob("*.parquet"):
        put(file, folder / file.name)
    (folder / "run.json").write_text(json.dumps(record))
    folder.rename(root / "runs" / run.run_id)


def _child(code: str, root: Path) -> dict:
    """What a child prints last; before it, DuckDB may draw progress bars where Python runs with `-c`."""
    said = subprocess.run(
        [sys.executable, "-c", code, str(root)], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    return json.loads(said.splitlines()[-1])


def builds() -> Iterator[dict]:
    """For each size: runs, rows, seconds of a whole build (median), of one with one more run, of looks with nothing
    new, peak MiB, MB of the file.
    """
    begun = time.perf_counter()
    for runs in (None, *RUNS):
        if time.perf_counter() - begun > LAST_START_S:
            break
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            if runs is None:
                shutil.copytree(PROJECT / "store" / "runs", root / "runs")
            else:
                make(root, runs)
            done, start = [], time.perf_counter()
            while not done or (len(done) < REPEATS and time.perf_counter() - start < ENOUGH_S):
                shutil.rmtree(root / "built", ignore_errors=True)
                done.append(_child(CHILD, root))
            row = {key: statistics.median(one[key] for one in done) for key in done[0]} | _child(LOOKS, root)
            if runs is None:
                make(root, PATTERNS)
                _child(CHILD, root)
            add(root, 10**6, shutil.copyfile)
            yield row | {"more_s": _child(CHILD, root)["s"]}
