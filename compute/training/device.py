"""The device that an experiment runs on, and its name."""

import os
import platform
import subprocess
from contextlib import suppress
from pathlib import Path

import torch

from compute import ComputeError


def pick(requested: str = "auto") -> torch.device:
    """The device for `auto`, `cpu` or `cuda`. Raises ComputeError for cuda where torch can use none."""
    if requested == "cuda" and not torch.cuda.is_available():
        raise ComputeError("this machine has no CUDA device that torch can use; use --device cpu")
    return torch.device("cuda" if requested != "cpu" and torch.cuda.is_available() else "cpu")


def name(device: torch.device) -> str:
    """The name that the device reports, e.g. `Tesla V100-SXM2-16GB` or `AMD EPYC`."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    with suppress(OSError, subprocess.SubprocessError):  # macOS
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
