"""ResNet-50's state dict, found in what people save around it, and checked."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Size, Tensor

from compute import ComputeError
from compute.notice import say
from compute.transfer.weights_file import Foreign, read_weights

ANCHOR = "layer1.0.conv1.weight"  # every ResNet has it; what stands before it is the prefix of all keys
DEEPEST = 3  # dicts within dicts that are looked into
# networks trained beside a moving average of themselves, which stays behind (MoCo v1 and v2; v3)
TRAINED_BESIDE = {"encoder_q.": "encoder_k.", "base_encoder.": "momentum_encoder."}


@dataclass(frozen=True, kw_only=True)
class Found:
    """Tensors that may be a ResNet-50.

    `path` are the keys of the dicts around them; `prefix`, with which each of their own keys began, is taken away;
    `others` are the keys beside them that began otherwise.
    """

    path: tuple[str, ...]
    prefix: str
    tensors: dict[str, Tensor]
    others: tuple[str, ...]

    @property
    def name(self) -> str:
        """Where they are."""
        inside = " in ".join(repr(key) for key in reversed(self.path))
        return " in ".join(
            each for each in (f"keys that begin with {self.prefix!r}" if self.prefix else "", inside) if each
        )


@cache
def body() -> dict[str, Size]:
    """The shapes of torchvision's resnet50 without what its features do not need: last layer, BatchNorm's counters."""
    from torchvision.models import resnet50

    with torch.device("meta"):
        state = resnet50(weights=None).state_dict()
    return {
        key: value.shape
        for key, value in state.items()
        if not key.startswith("fc.") and not key.endswith("num_batches_tracked")
    }


def read_state(file: Path) -> dict[str, Tensor]:
    """The body of a ResNet-50 from a file of weights, float32 by torchvision's keys; a line says what was unwrapped.

    Raises ComputeError that says what the file holds where that is not one ResNet-50 with usable numbers.
    """
    holding = read_weights(file)
    found = list(candidates(holding))
    fitting = [each for each in found if not misfit(each)]
    trained = {each.prefix for each in fitting}
    averages = {p.replace(k, average) for k, average in TRAINED_BESIDE.items() for p in trained if k in p}
    fitting = [each for each in fitting if each.prefix not in averages]
    if len(fitting) > 1:
        names = "; ".join(each.name or "the file itself" for each in fitting[:3])
        raise ComputeError(
            f"{file} holds {len(fitting)} networks that fit resnet50 ({names}); save the one that is meant alone"
        )
    if not fitting:
        raise ComputeError(f"{file}: {misfit(found[0]) if found else no_resnet(holding)}")
    state = checked(fitting[0], file)
    if line := unwrapped(fitting[0], holding):
        say(f"{file.name}: {line}")
    return state


def candidates(holding: object, path: tuple[str, ...] = ()) -> Iterator[Found]:
    """Whatever in nested dicts has the keys of a ResNet, under any prefix."""
    if not isinstance(holding, Mapping):
        return
    tensors = {key: value for key, value in holding.items() if isinstance(key, str) and isinstance(value, Tensor)}
    for prefix in dict.fromkeys(key.removesuffix(ANCHOR) for key in tensors if key.endswith(ANCHOR)):
        mine = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        others = tuple(key for key in tensors if not key.startswith(prefix))
        yield Found(path=path, prefix=prefix, tensors=mine, others=others)
    if len(path) < DEEPEST:
        for key, value in holding.items():
            yield from candidates(value, (*path, str(key)))


def misfit(found: Found) -> str | None:
    """Why tensors do not fit torchvision's resnet50, in words that follow the file's name; None where they do."""
    shapes = body()
    modules = {key.partition(".")[0] for key in shapes}
    for key, value in found.tensors.items():
        if key in shapes and value.shape != shapes[key]:
            return f"{apart(found)}: {key} is {size(value.shape)} instead of {size(shapes[key])}"
        if key not in shapes and key.partition(".")[0] in modules and not key.endswith("num_batches_tracked"):
            return f"{apart(found)}: {key} is not in resnet50"
    missing = [key for key in shapes if key not in found.tensors]
    if missing:
        where = f" ({found.name})" if found.name else ""
        many = f"{len(missing)} of {len(shapes)} tensors are missing, the first is {missing[0]}"
        return f"the weights do not fit torchvision's resnet50{where}: {many}"
    return None


def apart(found: Found) -> str:
    """Words for a network that is no resnet50, with its depth by its number of blocks."""
    blocks = sum(bool(re.fullmatch(r"layer[1-4]\.\d+\.conv1\.weight", key)) for key in found.tensors)
    layers = 3 if any(key.endswith(".conv3.weight") for key in found.tensors) else 2
    where = f" ({found.name})" if found.name else ""
    return f"the weights do not fit torchvision's resnet50; they are a ResNet of {2 + layers * blocks} layers{where}"


def size(shape: Size) -> str:
    """A shape as 64x3x7x7."""
    return "x".join(map(str, shape)) or "a single number"


def no_resnet(holding: object) -> str:
    """What a file holds that has no key of a ResNet, in words that follow its name."""
    if isinstance(holding, Foreign):
        return (
            "holds a whole network or another object, no state dict; save it with torch.save(model.state_dict(), FILE)"
        )
    if not isinstance(holding, Mapping):
        return f"holds a {type(holding).__name__}, no state dict"
    if not holding:
        return "holds an empty dict, no state dict"
    keys = keys_of_tensors(holding)
    if keys:
        return f"holds no ResNet with torchvision's keys (conv1.weight, ...); its keys begin with {some(keys)}"
    whole = [str(key) for key, value in holding.items() if isinstance(value, Foreign)]
    advice = f"; {whole[0]} is a whole object, save its state_dict() instead" if whole else ""
    return f"holds no state dict of tensors; its keys are {some([str(key) for key in holding])}{advice}"


def keys_of_tensors(holding: object, depth: int = 0) -> list[str]:
    """The keys of the first dict that holds tensors."""
    if not isinstance(holding, Mapping) or depth > DEEPEST:
        return []
    own = [str(key) for key, value in holding.items() if isinstance(value, Tensor)]
    return own or next((keys for value in holding.values() if (keys := keys_of_tensors(value, depth + 1))), [])


def some(names: list[str], many: int = 4) -> str:
    """The first of several names."""
    return ", ".join(names[:many]) + (", ..." if len(names) > many else "")


def checked(found: Found, file: Path) -> dict[str, Tensor]:
    """The body as float32. Raises ComputeError for numbers that no training can begin with."""
    state = {}
    for key in body():
        value, where = found.tensors[key], f"{file}: {key}"
        if value.is_meta or value.is_quantized or not value.is_floating_point():
            what = "no numbers" if value.is_meta else f"numbers of type {str(value.dtype).removeprefix('torch.')}"
            raise ComputeError(f"{where} holds {what}; save it as float32 or float16")
        value = value.detach().to_dense().float()
        least, most = value.aminmax()  # NaN if one of the numbers is
        if not (torch.isfinite(least) and torch.isfinite(most)):
            bad = f"{int((~torch.isfinite(value)).sum())} of {value.numel()} numbers"
            raise ComputeError(f"{where} has {bad} that are NaN or infinite; the file is unusable")
        if key.endswith("running_var") and least < 0:
            raise ComputeError(f"{where} has negative variances, down to {least:g}; the file is unusable")
        state[key] = value
    return state


def unwrapped(found: Found, holding: Mapping) -> str | None:
    """A line on what was taken and what was left; None for a plain state dict of resnet50."""
    heads = [key for key in found.tensors if key not in body() and not key.endswith("num_batches_tracked")]
    beside = [str(key) for key in holding if found.path and str(key) != found.path[0]]
    beside += [".".join(key.split(".")[:2]) for key in found.others] + [key.partition(".")[0] for key in heads]
    left = [each for each in dict.fromkeys(beside) if each != "fc"]
    dtypes = sorted({str(found.tensors[key].dtype).removeprefix("torch.") for key in body()} - {"float32"})
    taken = [f"the weights are its {found.name}"] if found.name else []
    taken += [f"{' and '.join(dtypes)} is read as float32"] if dtypes else []
    taken += [f"left out: {some(left)}"] if left else []
    return "; ".join(taken) or None
