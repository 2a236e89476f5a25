"""What the workers of the fault runs do, each with one folder: write artefacts, train, build, import logs.

A job returns its exit code, 2 after a message of one line, as the commands do. What a run holds tells which of two
generations it is of, so that a mixture is found: runs of generation 0 have 40 steps, those of 1 have 60.
"""

import os
import sys
from pathlib import Path

from compute.__main__ import main as compute
from compute.core.runs import write_run
from store.__main__ import main as store
from tests.conftest import make_run, steps
from tests.planted_logs import accuracies, epoch_losses, lines

RUNS = 3
STEPS = {0: 40, 1: 60}
EPOCHS = {0: 10, 1: 12}
LOGS = (20, 32, 44)  # depths


def generation(root: Path) -> int:
    """The generation that the folder's jobs are to write."""
    file = root / "generation"
    return int(file.read_text()) if file.exists() else 0


def next_generation(root: Path) -> None:
    """Have the next jobs write the other generation of every run."""
    (root / "generation").write_text(str(1 - generation(root)))


def artefact(root: Path) -> int:
    """Write three runs in place of those that are there."""
    now = generation(root)
    try:
        for seed in range(RUNS):
            write_run(make_run(seed=seed, note=str(STEPS[now])), {"steps": steps(STEPS[now])}, root / "runs")
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def logs(root: Path) -> list[Path]:
    """Write three logs of the generation."""
    now = EPOCHS[generation(root)]
    (root / "logs").mkdir(exist_ok=True)
    files = [root / "logs" / f"resnet{depth}.csv" for depth in LOGS]
    for file in files:
        file.write_bytes(lines("epoch,loss,test_acc", range(now), epoch_losses(now), accuracies(now)))
    return files


def import_logs(root: Path) -> int:
    """Import the three logs that are there."""
    files = [str(root / "logs" / f"resnet{depth}.csv") for depth in LOGS]
    return compute(["import", *files, "--batch", "128", "--dataset", "cifar10", "--replace", "--runs", f"{root}/runs"])


def build(root: Path) -> int:
    """Build the store."""
    os.environ["REPORT_STORE"] = str(root)
    return store(["build"])


def train(root: Path) -> int:
    """Train the smallest network at scale smoke, with a checkpoint after every step that may save one."""
    return compute([
        "train", "--scale", "smoke", "--depth", "20", "--gpu-type", "K80", "--device", "cpu", "--processes", "1",
        "--runs", f"{root}/runs", "--checkpoints", f"{root}/checkpoints", "--checkpoint-every", "0",
    ])  # fmt: skip
