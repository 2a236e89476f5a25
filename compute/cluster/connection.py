"""The connection to a Ray cluster: one that is running, or one on this machine for as long as it is used."""

import contextlib
import os
from collections.abc import Iterator

from compute import ComputeError
from compute.core.runs import PROJECT
from compute.training.device import cores

# of the code that a cluster's machines get; results and data stay where they are
LEFT_OUT = ["store/runs", "store/built", "store/*.duckdb*", "work", ".git", ".venv", "**/__pycache__"]


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Be connected to a Ray cluster while the block runs.

    `address` may be `auto`: the cluster that this machine belongs to. None starts one on this machine
    with its cores. Raises ComputeError where Ray is not installed, or no cluster answers.
    """
    try:
        import ray
    except ModuleNotFoundError:
        raise ComputeError("ray is not installed; run: pip install -r compute/requirements-cluster.txt") from None
    quiet = {"log_to_driver": False, "logging_level": "error"}
    if ray.is_initialized():  # a caller's own cluster
        yield
        return
    try:
        if address is None:
            os.environ.setdefault("PYTHONPATH", str(PROJECT))
            ray.init(num_cpus=cores(), include_dashboard=False, **quiet)
        else:
            ray.init(address=address, runtime_env={"working_dir": str(PROJECT), "excludes": LEFT_OUT}, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise ComputeError(f"no Ray cluster answers at {address}: {' '.join(str(error).split())[:200]}") from None
    try:
        yield
    finally:
        ray.shutdown()
