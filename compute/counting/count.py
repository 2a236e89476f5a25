"""Count the work of a network without doing it: each operation of one forward pass, on meta tensors.

A meta tensor has a shape and no data, so that a network of any size is counted in milliseconds and
no weight is allocated. The pass is intercepted at the level of aten, where there are few kinds of
operation, and everything is seen: also the residual sum that is no module. An operation belongs to
the innermost module that is running; a module's operations of one kind make one row.

Two conventions are kept apart. `macs` are the multiply-accumulates of convolutions and matrix
products, counted once each, and `flops` are twice that, as PALEO (Qi et al. 2017, section 3.1.3)
and the peak figures of data sheets count them. `other_ops` is all else, counted as Lu et al. (2017)
count it: compute/counting/rules.py says how, and `macs + other_ops` is what their tables call FLOPs.
"""

import copy
import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

from compute import ComputeError
from compute.counting.rules import BATCH_NORMS, FREE, MATRIX_PRODUCTS, PER_INPUT, PER_OUTPUT, WINDOWS


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One module's work of one kind, for one image; bytes are those of fp32.

    `input_bytes` and `activation_bytes` are what its operations read and write besides the weights.
    `output_shape` (channels×height×width for images) leaves the batch out. The parameters of a
    module stand in the row that does most of its work.
    """

    name: str
    kind: str
    output_shape: str
    params: int
    macs: int
    flops: int
    other_ops: int
    input_bytes: int
    activation_bytes: int


def count(model: nn.Module, input_shape: tuple[int, ...] = (3, 224, 224)) -> list[Layer]:
    """The layers of a network in order of execution, for one image of `input_shape` in evaluation mode.

    The model may live anywhere, best on meta; it stays as it is. Raises ComputeError for an operation
    without a rule, since a silent zero would be wrong.
    """
    model = copy.deepcopy(model).to("meta").eval()
    counter = Counter(model)
    for name, module in model.named_modules():
        module.register_forward_pre_hook(lambda module, _, name=name: counter.enter(name, module))
        module.register_forward_hook(lambda _module, _inputs, output: counter.leave(output))
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        model(torch.empty(1, *input_shape, device="meta"))
    counter.assign_params(model)
    return counter.layers()


class Counter(TorchDispatchMode):
    """Adds up operations under the calls that `enter` and `leave` mark; `model` tells weights from activations."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.weights = {id(tensor) for tensor in [*model.parameters(), *model.buffers()]}
        self.rows: dict[tuple[int, str], dict] = {}
        self.calls = 0
        self.stack: list[tuple[int, str, nn.Module | None]] = [(0, "", None)]

    def enter(self, name: str, module: nn.Module | None = None) -> None:
        self.calls += 1
        self.stack.append((self.calls, name, module))

    def leave(self, output) -> None:
        call, _, module = self.stack[-1]
        if isinstance(module, nn.LocalResponseNorm):
            self.add("lrn", 0, 4 * output.numel(), output.numel(), output)
        if (
            (row := self.rows.get((call, "fc")))
            and isinstance(output, torch.Tensor)
            and output.numel() == math.prod(row["shape"])
        ):
            row["shape"] = output.shape  # a linear layer multiplies a flattened view of its input
        self.stack.pop()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        if not isinstance(self.stack[-1][2], nn.LocalResponseNorm):
            name = func.name().partition("::")[2].partition(".")[0].removesuffix("_")  # relu_, in place, counts as relu
            first = output[0] if isinstance(output, (tuple, list)) else output
            if name not in FREE and isinstance(first, torch.Tensor) and first.is_floating_point():
                self.operation(name, args, first)
        return output

    def operation(self, name: str, args: tuple, output: torch.Tensor) -> None:
        """Apply the rule of one aten operation; `output` is its first, or only, output."""
        n = output.numel()
        read = sum(tensor.numel() for tensor in tensors(args) if not self.is_weight(tensor))
        if name == "convolution":
            data, weight, bias, transposed = args[0], args[1], args[2], args[6]
            taps = weight[0].numel()  # weights that meet in one element: of the output, or of the input if transposed
            self.add("conv", taps * (data.numel() if transposed else n), n if bias is not None else 0, read, output)
        elif name in MATRIX_PRODUCTS:
            left, right = args[MATRIX_PRODUCTS[name] :][:2]
            kind = "fc" if self.is_weight(left) or self.is_weight(right) else "matmul"
            self.add(kind, n * left.shape[-1], n if MATRIX_PRODUCTS[name] else 0, read, output)
        elif name in BATCH_NORMS:
            self.normalise(3, args[1], read, output)
        elif name == "native_layer_norm":
            self.normalise(5, args[2], read, output)
        elif name == "native_group_norm":
            self.normalise(5, args[1], read, output)
        elif name in WINDOWS:
            sides = args[1] * (int(name.partition("pool")[2][0]) if len(args[1]) == 1 else 1)
            self.add("pool", 0, n * math.prod(sides), read, output)
        elif name.lstrip("_").startswith("adaptive_"):
            self.add("pool", 0, adaptive_reads(args[0], output), read, output)
        elif name in PER_OUTPUT:
            kind, cost = PER_OUTPUT[name]
            self.add(kind, 0, cost * n, read, output)
        elif name in PER_INPUT:
            kind, cost = PER_INPUT[name]
            self.add(kind, 0, cost * args[0].numel(), read, output)
        else:
            where = self.stack[-1][1] or "the network"
            raise ComputeError(
                f"no rule counts the operation {name!r} in {where}; add one to compute/counting/rules.py"
            )

    def normalise(self, cost: int, scale: torch.Tensor | None, read: int, output: torch.Tensor) -> None:
        self.add("norm", 0, cost * output.numel(), read, output)
        if scale is not None:
            self.add("scale", 0, output.numel(), 0, output, written=0)

    def add(
        self, kind: str, macs: int, other_ops: int, read: int, output: torch.Tensor, written: int | None = None
    ) -> None:
        call, name, _ = self.stack[-1]
        blank = {"name": name, "kind": kind, "params": 0, "macs": 0, "other_ops": 0, "read": 0, "written": 0}
        row = self.rows.setdefault((call, kind), blank)
        row["shape"] = output.shape
        row["macs"] += macs
        row["other_ops"] += other_ops
        row["read"] += read
        row["written"] += output.numel() if written is None else written

    def is_weight(self, tensor: torch.Tensor) -> bool:
        return id(tensor) in self.weights or (tensor._base is not None and id(tensor._base) in self.weights)

    def assign_params(self, model: nn.Module) -> None:
        """Give each parameter to its module's main row; an uncalled module's go to the module around it."""
        first: dict[str, int] = {}
        main: dict[str, dict] = {}
        for (call, _), row in self.rows.items():
            if first.setdefault(row["name"], call) == call and (
                row["name"] not in main or row["macs"] > main[row["name"]]["macs"]
            ):
                main[row["name"]] = row
        for name, parameter in model.named_parameters():
            while name not in main and name:
                name = name.rpartition(".")[0]
            (main.get(name) or next(iter(self.rows.values())))["params"] += parameter.numel()

    def layers(self) -> list[Layer]:
        return [
            Layer(
                name=row["name"] or "(network)",
                kind=row["kind"],
                output_shape="×".join(
                    map(str, row["shape"][1:] if row["shape"][:1] == (1,) and len(row["shape"]) > 1 else row["shape"])
                ),
                params=row["params"],
                macs=row["macs"],
                flops=2 * row["macs"],
                other_ops=row["other_ops"],
                input_bytes=4 * row["read"],
                activation_bytes=4 * row["written"],
            )
            for row in self.rows.values()
        ]


def tensors(args) -> list[torch.Tensor]:
    """The tensors among an operation's arguments, those inside lists (`cat`) too."""
    flat = (item for arg in args for item in (arg if isinstance(arg, (tuple, list)) else (arg,)))
    return [item for item in flat if isinstance(item, torch.Tensor)]


def adaptive_reads(data: torch.Tensor, output: torch.Tensor) -> int:
    """Elements that adaptive pooling reads: window i covers floor(i·in/out) to ceil((i+1)·in/out) along each side."""
    reads = math.prod(output.shape[:2])
    for size, out in zip(data.shape[2:], output.shape[2:], strict=True):
        reads *= sum(-((i + 1) * size // -out) - i * size // out for i in range(out))
    return reads
