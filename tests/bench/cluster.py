"""The list of runs on Ray: smoke trainings over 1, 2 and 4 worker processes, and what Ray costs a run."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import ray

from compute.cluster.tasks import train_on_ray
from compute.core.vocabulary import BASELINE_GPU, GPU_TYPES
from compute.optimus.train import TrainingSweep
from compute.training.runner import train_pending

WORKERS = (1, 2, 4)


def sweep(folder: str) -> TrainingSweep:
    """Six trainings of seconds each."""
    return TrainingSweep(
        scale="smoke",
        runs=Path(folder) / "runs",
        checkpoints=Path(folder) / "checkpoints",
        device="cpu",
        models=("resnet18", "resnet20"),
        gpu_types=tuple(GPU_TYPES),
    )


def plain() -> tuple[int, float]:
    """Runs, and seconds for all of them one after the other in this process, without Ray, once it is warm."""
    with tempfile.TemporaryDirectory() as folder:
        train_pending(replace(sweep(folder), gpu_types=(BASELINE_GPU,)))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        return len(train_pending(sweep(folder))), time.perf_counter() - start


def scaling():
    """Yield worker processes and the seconds for all runs; their start and imports come before the clock."""
    for workers in WORKERS:
        ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="error")
        try:
            with tempfile.TemporaryDirectory() as folder:
                ray.get([_warm.remote() for _ in range(workers)])
                start = time.perf_counter()
                train_on_ray(sweep(folder), None)
                yield workers, time.perf_counter() - start
        finally:
            ray.shutdown()


@ray.remote(num_cpus=1)
def _warm() -> None:
    import compute.cluster.tasks  # noqa: F401

    time.sleep(2)
