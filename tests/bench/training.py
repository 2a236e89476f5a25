"""The training loop beside the plain one, in the same run: seconds a step in several variants, and their losses.

A step's time is that of the device: where several trainings share it, the time between two steps of one
of them, divided by their number. On a CPU that is a process with one thread for each core, as
`python -m compute train` does it, on CUDA three networks in one process.
"""

import ctypes
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from compute.core.runs import PROJECT
from compute.data import synthetic
from compute.training.device import cores
from compute.training.device_dataset import DeviceDataset
from compute.training.loop import train
from compute.training.recipe import Recipe
from compute.training.resnet_cifar import build
from compute.training.trainer import Trainer

IMAGES, BATCH, WARMUP_STEPS = 2_560, 128, 3
STEPS = {"resnet8": 20, "resnet20": 10, "resnet56": 4}  # that are timed, by network


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way of executing the loop; one that is `cpu_only` is left out on CUDA."""

    precision: str = "fp32"
    shared: bool = True  # whether several trainings share the device
    allocator: bool = False  # glibc keeps freed memory
    compiled: bool = False  # torch.compile
    cpu_only: bool = False


VARIANTS = {
    "one process": Variant(shared=False),
    "shared": Variant(),
    "shared, bf16": Variant(precision="bf16"),
    "shared, bf16, allocator thresholds": Variant(precision="bf16", allocator=True, cpu_only=True),
    "shared, bf16, torch.compile": Variant(precision="bf16", compiled=True, cpu_only=True),
}
# torch.compile takes most of a minute for ResNet-20, and more for deeper networks
ROWS = (*(("resnet20", name) for name in VARIANTS), ("resnet56", "shared"), ("resnet56", "shared, bf16"))


def training(rows: tuple[tuple[str, str], ...] = ROWS, steps: dict[str, int] = STEPS) -> Iterator[dict]:
    """For each row (network and variant) the seconds a step of the plain loop, measured just before, and of ours.

    `error` says why a variant could not be measured, and is None otherwise.
    """
    for model, name in rows:
        if VARIANTS[name].cpu_only and torch.cuda.is_available():
            continue
        row = {"model": model, "variant": name, "plain_s": plain_step_s(model, steps[model]), "ours_s": None}
        try:
            yield {**row, "ours_s": our_step_s(model, name, steps[model]), "error": None}
        except subprocess.CalledProcessError as error:
            lines = (error.stderr or "").strip().splitlines()
            yield {**row, "error": lines[-1][:100] if lines else f"exit status {error.returncode}"}


def plain_step_s(model: str, steps: int) -> float:
    """Seconds a step of the plain loop takes on the device at hand."""
    from tests.plain_loop import plain_loop

    torch.set_num_threads(cores())
    device = "cuda" if torch.cuda.is_available() else "cpu"
    data, options = synthetic(train=IMAGES, test=BATCH, px=32), {"batch": BATCH, "workers": cores()}
    return plain_loop(build(model, 10, 0), data, steps + WARMUP_STEPS, device=device, warmup=WARMUP_STEPS, **options)[0]


def our_step_s(model: str, name: str, steps: int) -> float:
    """Seconds a step of a variant takes on the device at hand, in processes of its own that begin together.

    Raises CalledProcessError for a process that fails.
    """
    shared, cuda = VARIANTS[name].shared, torch.cuda.is_available()
    processes = cores() if shared and not cuda else 1
    networks = 3 if shared and cuda else 1
    threads = cores() // processes
    command = [sys.executable, "-m", "tests.bench.training", model, name, str(steps), str(threads), str(networks)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    children = [subprocess.Popen(command, cwd=PROJECT, **pipes) for _ in range(processes)]
    ready = [child.stdout.readline() for child in children]  # empty for one that failed
    for child in (child for child, line in zip(children, ready, strict=True) if line):
        child.stdin.write("begin\n")
        child.stdin.flush()
    results = [child.communicate() for child in children]
    for child, (out, err) in zip(children, results, strict=True):
        if child.returncode:
            raise subprocess.CalledProcessError(child.returncode, command, out, err)
    return statistics.mean(float(out) for out, _ in results) / (processes * networks)


def measure(model: str, variant: Variant, steps: int, threads: int, networks: int) -> float:
    """Seconds in which each of `networks` in this process advances a step; it prints `ready`, and waits for a line."""
    if variant.allocator:
        raise_allocator_thresholds()
    torch.set_num_threads(threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device_dataset = DeviceDataset(synthetic(train=IMAGES, test=BATCH, px=32), device)
    trainers = []
    for seed in range(networks):
        network, recipe = build(model, 10, seed), Recipe(epochs=1, batch=BATCH, seed=seed, precision=variant.precision)
        if variant.compiled:
            network.compile()
        trainers.append(Trainer(network, device_dataset, recipe, device))
    for trainer in trainers:
        trainer.begin_epoch()
    for count in (WARMUP_STEPS, steps):
        start = time.perf_counter()
        for _ in range(count):
            for trainer in trainers:
                trainer.step()
        for trainer in trainers:
            trainer.synchronize()
        took_s = time.perf_counter() - start
        if count == WARMUP_STEPS:
            print("ready", flush=True)
            sys.stdin.readline()
    return took_s / steps


def raise_allocator_thresholds() -> None:
    """Let glibc take large blocks from its heap and keep freed ones, instead of a system call for each.

    Raises OSError where the C library is another one.
    """
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or not (mallopt(mmap_threshold, 32 << 20) and mallopt(trim_threshold, 2**31 - 1)):
        raise OSError("the allocator is not glibc's")


def losses(model: str = "resnet8", epochs: int = 2, seeds: int = 3) -> Iterator[tuple[str, list[float]]]:
    """Mean losses of the last of some epochs, one for each seed: of the plain loop, and of ours in fp32 and bf16."""
    from tests.plain_loop import plain_loop

    torch.set_num_threads(cores())
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data, steps = synthetic(classes=10, train=IMAGES, test=BATCH, px=32, noise=250.0), IMAGES // BATCH
    options = {"device": device.type, "batch": BATCH, "workers": cores()}
    plain = (plain_loop(build(model, 10, i), data, epochs * steps, seed=i, **options)[1] for i in range(seeds))
    yield "plain loop", [statistics.mean(values[-steps:]) for values in plain]
    for precision in ("fp32", "bf16"):
        recipes = [Recipe(epochs=epochs, batch=BATCH, seed=seed, precision=precision) for seed in range(seeds)]
        histories = (train(build(model, 10, recipe.seed), data, recipe, device, bar=None) for recipe in recipes)
        yield precision, [float(history.losses[-steps:].mean()) for history in histories]


if __name__ == "__main__":
    model, name, *numbers = sys.argv[1:]
    print(measure(model, VARIANTS[name], *map(int, numbers)))
