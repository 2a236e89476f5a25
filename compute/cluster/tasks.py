"""A sweep on a Ray cluster: one task a run; artefacts come back whole, and a lost machine's runs are trained again.

Ray starts a task anew elsewhere when its machine or process is lost. The run then continues from its
checkpoint if the folder of checkpoints is on storage that the machines share, and else from the start.
"""

import io
import tarfile
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from tqdm import tqdm

from compute import ComputeError
from compute.cluster.connection import connected
from compute.core.runs import read_record, recover
from compute.training.claim import claim
from compute.training.runner import RETRY_S, train_group
from compute.training.sweep import Sweep

RETRIES = 3  # how often a run is begun anew after its machine was lost


def train_on_ray(sweep: Sweep, address: str | None) -> list[Path]:
    """Train the planned runs that are not done on a Ray cluster, None: one on this machine; returns the run folders.

    The cluster's machines need the packages and, at the same place as here, the data set. Raises
    ComputeError where a run failed or its machines were lost too often, when the others are written.
    """
    pending = [i for i, run in enumerate(sweep.planned()) if not sweep.done(run)]
    with connected(address):
        import ray
        from ray.exceptions import RayError

        run_remotely = ray.remote(train_one)
        tasks = {}
        for i in pending:
            run = sweep.planned()[i]
            inputs = {one: packed(sweep.runs / one) for one in run.inputs if (sweep.runs / one).exists()}
            options = resources(sweep, run.gpu_type, ray.cluster_resources())
            tasks[run_remotely.options(max_retries=RETRIES, **options).remote(sweep, i, inputs)] = run.run_id
        written, failed = [], []
        with tqdm(total=len(tasks), desc="training", unit="run") as bar:
            while tasks:
                task = ray.wait(list(tasks))[0][0]
                name = tasks.pop(task)
                try:
                    written.append(unpacked(ray.get(task), sweep.runs))
                except RayError as error:
                    failed.append(f"{name}: {str(error).strip().splitlines()[-1]}")
                bar.update()
    if failed:
        raise ComputeError(f"{len(failed)} runs failed, {len(written)} are written; the first: {failed[0]}")
    return written


def resources(sweep: Sweep, gpu_type: str | None, of_cluster: dict[str, float]) -> dict:
    """What a run's task asks of a machine: a GPU of its type where the cluster has one, else CPU cores."""
    from ray.util import accelerators

    name = getattr(accelerators, f"NVIDIA_TESLA_{gpu_type}", None)
    if sweep.device != "cpu" and name and f"accelerator_type:{name}" in of_cluster:
        return {"num_cpus": sweep.threads, "num_gpus": 1, "accelerator_type": name}
    return {"num_cpus": sweep.threads, "num_gpus": int(sweep.device == "cuda")}


def train_one(sweep: Sweep, i: int, inputs: dict[str, bytes]) -> bytes:
    """Train the i-th planned run where this is called, with that machine's device; returns its artefact, packed."""
    torch.set_num_threads(sweep.threads)
    with tempfile.TemporaryDirectory() as folder:
        here = replace(sweep, runs=Path(folder), existing={})
        for content in inputs.values():
            unpacked(content, here.runs)
        run = here.planned()[i]
        while True:
            with claim(here.checkpoint(run).folder) as held:
                if held:
                    return packed(train_group(here, [run], here.device_dataset(), bar=0)[0])
            time.sleep(RETRY_S)


def packed(folder: Path) -> bytes:
    """A run's folder as one file."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.add(folder, arcname=folder.name)
    return content.getvalue()


def unpacked(content: bytes, runs: Path) -> Path:
    """Put a packed run among the others, whole or not at all, in place of an older one; returns its folder."""
    runs.mkdir(parents=True, exist_ok=True)
    recover(runs)
    with tempfile.TemporaryDirectory(dir=runs, prefix=".new-") as aside:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            archive.extractall(aside, filter="data")
        (fresh,) = Path(aside).iterdir()
        read_record(fresh)
        target, old = runs / fresh.name, runs / f".old-{fresh.name}"
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        for file in [*old.glob("*")]:
            file.unlink()
        if old.exists():
            old.rmdir()
    return target
