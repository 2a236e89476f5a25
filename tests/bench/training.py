"""The training loop beside the plain one: same network, same batch, same run, seconds a step.

Side by side is as `python -m compute train` does it: on a CPU a process with one thread for each core,
on CUDA several networks in one process; a step's time is then divided by the trainings that advance in it.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import torch

from compute.data import synthetic
from compute.training.device import cores
from compute.training.device_dataset import DeviceDataset
from compute.training.loop import train
from compute.training.recipe import Recipe
from compute.training.resnet_cifar import build
from compute.training.trainer import Trainer
from tests.conftest import PROJECT
from tests.plain_loop import plain_loop

IMAGES, BATCH, WARMUP = 2_560, 128, 3
STEPS = {"resnet20": 15, "resnet56": 6}  # that are timed of each network

CHILD = """
import sys
from tests.bench.training import ours
print(ours(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


def ours(model: str, steps: int, threads: int, networks: int = 1) -> float:
    """Seconds a step of our loop on the device at hand, without its first steps, for each of `networks` that train in one process."""
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device_dataset = DeviceDataset(synthetic(train=IMAGES, test=BATCH, px=32), device)
    trainers = [Trainer(build(model, 10, seed), device_dataset, Recipe(epochs=1000, batch=BATCH, seed=seed), device) for seed in range(networks)]
    start = 0.0
    for step in range(WARMUP + steps):
        if step == WARMUP:
            for trainer in trainers:
                trainer.synchronize()
            start = time.perf_counter()
        for trainer in trainers:
            if step % trainer.steps == 0:
                trainer.begin()
            trainer.step()
    for trainer in trainers:
        trainer.synchronize()
    return (time.perf_counter() - start) / steps / networks


def side_by_side(model: str, steps: int) -> float:
    """Seconds a step of our loop where several trainings share the device."""
    if torch.cuda.is_available():
        return ours(model, steps, cores(), networks=3)
    command = [sys.executable, "-c", CHILD, model, str(steps), "1"]
    children = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) for _ in range(cores())]
    return statistics.mean(float(child.communicate()[0]) for child in children) / cores()


def plain(model: str, steps: int) -> float:
    """Seconds a step of the plain loop on the device at hand."""
    torch.set_num_threads(cores())
    device = "cuda" if torch.cuda.is_available() else "cpu"
    data = synthetic(train=IMAGES, test=BATCH, px=32)
    return plain_loop(build(model, 10, 0), data, steps + WARMUP, device=device, batch=BATCH, workers=cores(), warmup=WARMUP)[0]


def training(repeats: int = 3) -> Iterator[dict]:
    """For each network the medians over alternating repeats: plain, ours in one process, ours side by side."""
    for model, steps in STEPS.items():
        times: dict[str, list[float]] = {"plain_s": [], "one_process_s": [], "side_by_side_s": []}
        for _ in range(repeats):
            times["plain_s"].append(plain(model, steps))
            times["one_process_s"].append(ours(model, steps, cores()))
            times["side_by_side_s"].append(side_by_side(model, steps))
        yield {"model": model, **{name: statistics.median(values) for name, values in times.items()}}


def agreement(model: str = "resnet20", epochs: int = 2, seeds: int = 2) -> dict[str, list[float]]:
    """Mean loss over the last of some epochs, a number for each seed, of the plain loop and of ours."""
    device, data = "cuda" if torch.cuda.is_available() else "cpu", synthetic(classes=10, train=IMAGES, test=BATCH, px=32, noise=250.0)
    steps = IMAGES // BATCH
    found: dict[str, list[float]] = {"plain": [], "ours": []}
    for seed in range(seeds):
        losses = plain_loop(build(model, 10, seed), data, epochs * steps, device=device, batch=BATCH, workers=cores(), seed=seed)[1]
        found["plain"].append(statistics.mean(losses[-steps:]))
        recipe = Recipe(epochs=epochs, batch=BATCH, seed=seed)
        found["ours"].append(float(train(build(model, 10, seed), data, recipe, torch.device(device), bar=None).losses[-steps:].mean()))
    return found
