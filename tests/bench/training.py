"""The training loop beside the plain one: same network, same batch, same run, seconds a step.

On a CPU two of our processes with a thread each share the cores, as `python -m compute train` does;
their step counts as half, because two trainings advance in it.
"""

import statistics
import subprocess
import sys
import time

import torch

from compute.data import synthetic
from compute.device import cores
from tests.conftest import PROJECT
from tests.plain_loop import plain_loop

IMAGES, BATCH, WARMUP = 2_560, 128, 3

CHILD = """
import sys
from tests.bench.training import ours
print(ours(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


def ours(model: str, steps: int, threads: int) -> float:
    """Seconds a step of our loop on the device at hand, without its first steps."""
    from compute.batches import Resident
    from compute.lane import Lane
    from compute.recipe import Recipe
    from compute.resnet_cifar import build

    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data = synthetic(train=IMAGES, test=BATCH, px=32)
    lane = Lane(build(model, 10, 0), Resident(data, device), Recipe(epochs=1000, batch=BATCH), device)
    lane.begin()
    for _ in range(WARMUP):
        lane.step()
    lane.settle()
    start = time.perf_counter()
    for step in range(steps):
        if step and step % lane.steps == 0:
            lane.begin()
        lane.step()
    lane.settle()
    return (time.perf_counter() - start) / steps


def side_by_side(model: str, steps: int, processes: int) -> float:
    """Seconds a step of our loop, when `processes` with one thread each share the cores, divided by their number."""
    command = [sys.executable, "-c", CHILD, model, str(steps), "1"]
    children = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return statistics.mean(float(child.communicate()[0]) for child in children) / processes


def plain(model: str, steps: int) -> float:
    """Seconds a step of the plain loop on the device at hand."""
    from compute.resnet_cifar import build

    torch.set_num_threads(cores())
    device = "cuda" if torch.cuda.is_available() else "cpu"
    data = synthetic(train=IMAGES, test=BATCH, px=32)
    return plain_loop(build(model, 10, 0), data, steps + WARMUP, device=device, batch=BATCH, workers=cores(), warmup=WARMUP)[0]


def training(models: tuple[str, ...] = ("resnet20", "resnet56"), steps: int = 15, repeats: int = 3) -> list[dict]:
    """For each network the medians over alternating repeats: plain, ours in one process, ours side by side."""
    found = []
    for model in models:
        times: dict[str, list[float]] = {"plain_s": [], "one_process_s": [], "side_by_side_s": []}
        for _ in range(repeats):
            times["plain_s"].append(plain(model, steps))
            times["one_process_s"].append(ours(model, steps, cores()))
            times["side_by_side_s"].append(side_by_side(model, steps, cores()))
        found.append({"model": model, **{name: statistics.median(values) for name, values in times.items()}})
    return found
