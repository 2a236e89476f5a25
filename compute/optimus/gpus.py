"""The provenance of a training that belongs to one of the assignment's three GPU types.

Each depth is trained once for each type. Where the GPU at hand is of that type, the run is
`measured`. Anywhere else it is `emulated`: an independent replica with the type's own seed, trained
on the device at hand. What a loss curve depends on (network, data, recipe, chance) is then real;
whether it depends on the GPU as well is what question 4.2 is about. Its seconds are those of the device
at hand. Hours on a K80, P100 or V100 come from the time model that is calibrated on published
throughputs, never from these seconds.
"""

import re

from compute import ComputeError
from compute.core.vocabulary import GPU_TYPES


def seed(gpu_type: str) -> int:
    """The seed of the replica that stands for a GPU type. Raises ComputeError for an unknown type."""
    if gpu_type not in GPU_TYPES:
        raise ComputeError(f"there is no GPU type {gpu_type!r}; there are {', '.join(GPU_TYPES)}")
    return GPU_TYPES[gpu_type].seed


def is_type(gpu_type: str, device_name: str) -> bool:
    """Whether a device that calls itself `device_name` is of the type, e.g. `Tesla V100-SXM2-16GB` of V100."""
    return re.search(rf"\b{gpu_type}\b", device_name, re.IGNORECASE) is not None


def provenance(gpu_type: str, device_name: str) -> str:
    """`measured` on a device of the type, `emulated` on any other."""
    return "measured" if is_type(gpu_type, device_name) else "emulated"


def note(gpu_type: str, device_name: str) -> str | None:
    """How an emulated run was made, in a sentence for beside its figures; None for a measured one."""
    if is_type(gpu_type, device_name):
        return None
    return (
        f"an independent replica (seed {seed(gpu_type)}) trained on {device_name} in place of a {gpu_type}; "
        f"its seconds are those of {device_name}, hours on a {gpu_type} come from the time model"
    )
