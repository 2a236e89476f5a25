"""The experiment `own`: the layers of a reader's network, `python -m compute flops --model package.module:function`.

The function takes no arguments and returns an `nn.Module`, whose one input has the batch first. The network is
counted on meta tensors as torchvision's are. Operations that no rule counts do not stop the count: they are named,
with the share of leaf modules and of parameters that they stand in.
"""

import importlib
import re
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from compute import ComputeError
from compute.core.runs import Run, write_run
from compute.counting.count import Count, count_all
from compute.counting.rules import RULES
from compute.flops.layers import add_network, names, shape_text


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the command line asks for: `function` as `module:name`, one input's shape, whether it holds indices."""

    function: str
    shape: tuple[int, ...]
    integers: bool
    model: str

    @classmethod
    def parsed(cls, function: str, shape: str, model: str | None = None) -> "Request":
        """The request of the arguments. Raises ComputeError for one that cannot be meant."""
        if not re.fullmatch(r"[\w.]+:\w+", function):
            raise ComputeError(f"--model is {function!r}; write package.module:function")
        found = re.fullmatch(r"(\d+(?:x\d+)*)(:int)?", shape)
        sizes = tuple(int(size) for size in found[1].split("x")) if found else ()
        if not found or 0 in sizes:
            raise ComputeError(f"--input is {shape!r}; write sizes without the batch, as 3x224x224, or 128:int")
        model = re.sub(r"[^A-Za-z0-9.+_]+", "_", model or function.partition(":")[2])
        if model in names():
            raise ComputeError(f"a network of the report is called {model!r}; give yours another name with --name")
        return cls(function=function, shape=sizes, integers=bool(found[2]), model=model)


def load(function: str) -> nn.Module:
    """The module that `package.module:function` returns. Raises ComputeError where that fails."""
    path, _, name = function.partition(":")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        home = importlib.import_module(path)
    except ModuleNotFoundError as error:
        raise ComputeError(
            f"there is no module {error.name!r}; start the command in the folder that holds it"
        ) from None
    except Exception as error:  # noqa: BLE001  (a reader's code may raise anything)
        raise ComputeError(f"the module {path} cannot be imported: {one_line(error)}") from None
    make = getattr(home, name, None)
    if not callable(make):
        raise ComputeError(f"the module {path} has no function {name!r}")
    try:
        model = make()
    except Exception as error:  # noqa: BLE001
        raise ComputeError(f"{function} failed without arguments: {one_line(error)}") from None
    if not isinstance(model, nn.Module):
        raise ComputeError(f"{function} returned {type(model).__name__}; it must return an nn.Module")
    return model


def one_line(error: Exception) -> str:
    """An exception's type and the first line of its message."""
    return f"{type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0]}"


def counted(model: nn.Module, request: Request) -> Count:
    """The network's count. Raises ComputeError where it does not take the input or does nothing that is counted."""
    try:
        count = count_all(model, request.shape, integers=request.integers)
    except ComputeError:
        raise
    except Exception as error:  # noqa: BLE001
        raise ComputeError(
            f"the network does not run on an input of {shape_text(request.shape)} without data: {one_line(error)}"
        ) from None
    if not sum(layer.macs for layer in count.layers):
        raise ComputeError(f"{request.function} has no convolution and no matrix product that could be counted")
    return count


def shares(model: nn.Module, uncounted: dict[str, set[str]]) -> dict:
    """The columns of table `networks` that say what was not counted, NULL where everything was."""
    leaves = [name for name, module in model.named_modules() if not any(module.children())]
    if not uncounted:
        return {"uncounted": None, "uncounted_params": None, "uncounted_modules": None, "modules": len(leaves)}
    inside = {name for name in leaves if name in uncounted}
    params = sum(p.numel() for where in uncounted for p in model.get_submodule(where).parameters(recurse=False))
    named = [
        f"{operation} in {where or 'the network'}" for where in uncounted for operation in sorted(uncounted[where])
    ]
    more = f" and {len(named) - 5} more" if len(named) > 5 else ""
    return {
        "uncounted": ", ".join(named[:5]) + more,
        "uncounted_params": params,
        "uncounted_modules": len(inside),
        "modules": len(leaves),
    }


def run(request: Request, runs: Path) -> Path:
    """Count a reader's network and write the run; says what was not counted. Returns the run's folder."""
    start = time.perf_counter()
    model = load(request.function)
    count = counted(model, request)
    known = {
        "model": request.model,
        "variant": "own",
        "family": "own",
        "input_px": request.shape[-1] if len(request.shape) == 3 and not request.integers else None,
        "published_gmacs": None,
        "input_shape": shape_text(request.shape),
        **shares(model, count.uncounted),
    }
    tables: dict[str, list[dict]] = {"networks": [], "layers": [], "products": []}
    add_network(tables, known, count.layers)
    if known["uncounted"]:
        total = sum(parameter.numel() for parameter in model.parameters())
        print(
            f"not counted: {known['uncounted']} ({known['uncounted_modules']} of {known['modules']} leaf modules, "
            f"{100 * known['uncounted_params'] / max(total, 1):.1f} % of the parameters)",
            file=sys.stderr,
        )
    record = Run(
        problem="flops",
        job="own",
        scale="paper",
        provenance="modelled",
        identity=("model",),
        model=request.model,
        config={
            "function": request.function,
            "input": shape_text(request.shape) + (":int" if request.integers else ""),
            "batch": 1,
            "bytes_per_element": 4,
            "rules": RULES,
        },
        note="Counted from shapes, from a reader's own network.",
    )
    return write_run(replace(record, seconds=round(time.perf_counter() - start, 3)), tables, runs)
