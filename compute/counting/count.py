"""Count the work of a network without doing it: each operation of one forward pass, on meta tensors.

A meta tensor has a shape and no data, so that a network of any size is counted in milliseconds and
no weight is allocated. The pass is intercepted at the level of aten, where there are few kinds of
operation, and everything is seen: also the residual sum that is no module. An operation belongs to
the innermost module that is running; a module's operations of one kind make one row.

Two conventions are kept apart. `macs` are the multiply-accumulates of convolutions and matrix
products, counted once each, and `flops` are twice that, as PALEO (Qi et al. 2017, section 3.1.3)
and the peak figures of data sheets count them. `other_ops` is all else, counted as Lu et al. (2017)
count it: compute/counting/rules.py says how, and `macs + other_ops` is what their tables call FLOPs.

Beside the work stands the memory: the activations that are alive while a layer runs, and what autograd
keeps of it (compute/counting/kept.py).
"""

import copy
import math
import weakref
from collections import Counter as Tally
from dataclasses import dataclass, field, replace

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

from compute import ComputeError
from compute.core.augur import Product
from compute.counting.kept import kept
from compute.counting.products import of_convolution, of_matrices
from compute.counting.rules import BATCH_NORMS, FREE, MATRIX_PRODUCTS, PER_INPUT, PER_OUTPUT, WINDOWS


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One module's work of one kind, for one image; bytes are those of fp32.

    `input_bytes` and `activation_bytes` are what its operations read and write besides the weights.
    `output_shape` (channels×height×width for images) leaves the batch out. The parameters of a
    module stand in the row that does most of its work, and so do `kept_bytes` (floating-point tensors) and
    `kept_index_bytes` (indices and masks), which autograd keeps of all its calls. `live_bytes` are the
    activations that exist at once while the layer runs. `products` are the matrix products among its work.
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
    live_bytes: int = 0
    kept_bytes: int = 0
    kept_index_bytes: int = 0
    products: tuple[Product, ...] = ()


@dataclass(kw_only=True)
class Count:
    """The `layers` of a network in order of execution, and the operations without a rule, by module path."""

    layers: list[Layer]
    uncounted: dict[str, set[str]] = field(default_factory=dict)


def count(model: nn.Module, input_shape: tuple[int, ...] = (3, 224, 224)) -> list[Layer]:
    """The layers of a network in order of execution, for one image of `input_shape` in evaluation mode.

    The model may live anywhere, best on meta; it stays as it is. Raises ComputeError for an operation
    without a rule, since a silent zero would be wrong.
    """
    counted = count_all(model, input_shape)
    for where, operations in counted.uncounted.items():
        raise ComputeError(
            f"no rule counts the operation {min(operations)!r} in {where or 'the network'}; add one to"
            " compute/counting/rules.py"
        )
    return counted.layers


def count_all(model: nn.Module, input_shape: tuple[int, ...], *, integers: bool = False) -> Count:
    """The same, with the operations that no rule counts named; `integers`: the input holds indices (tokens)."""

    def example(images: int) -> tuple[torch.Tensor]:
        return (
            torch.empty(
                images, *input_shape, device="meta", dtype=torch.int64 if integers else torch.get_default_dtype()
            ),
        )

    kept_bytes = kept(model, example)
    model = copy.deepcopy(model).to("meta").eval()
    counter = Counter(model)
    for name, module in model.named_modules():
        module.register_forward_pre_hook(lambda module, _, name=name: counter.enter(name, module))
        module.register_forward_hook(lambda _module, _inputs, output: counter.leave(output))
    inputs = example(1)
    counter.alive(inputs[0])
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        model(*inputs)
    if not counter.rows:
        return Count(layers=[], uncounted=counter.uncounted)
    main = counter.main_rows()
    for name, parameter in model.named_parameters():
        counter.row_of(main, name)["params"] += parameter.numel()
    for name, bytes_kept in kept_bytes.items():
        row = counter.row_of(main, name)
        row["kept"] += bytes_kept.floats
        row["kept_index"] += bytes_kept.indices
    return Count(layers=counter.layers(), uncounted=counter.uncounted)


class Counter(TorchDispatchMode):
    """Adds up operations under the calls that `enter` and `leave` mark; `model` tells weights from activations."""

    def __init__(self, model: nn.Module):
        super().__init__()
        owned = [*model.parameters(), *model.buffers()]
        self.weights = {id(tensor) for tensor in owned}
        self.owned = {tensor.untyped_storage()._cdata for tensor in owned}
        self.rows: dict[tuple[int, str], dict] = {}
        self.calls = 0
        self.stack: list[tuple[int, str, nn.Module | None]] = [(0, "", None)]
        self.uncounted: dict[str, set[str]] = {}
        self.live: dict[int, int] = {}  # bytes of the storages of activations that exist now
        self.live_peak = 0  # since the last row

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
        for tensor in tensors(output if isinstance(output, (tuple, list)) else (output,)):
            self.alive(tensor)
        if not isinstance(self.stack[-1][2], nn.LocalResponseNorm):
            name = func.name().partition("::")[2].partition(".")[0].removesuffix("_")  # relu_, in place, counts as relu
            first = output[0] if isinstance(output, (tuple, list)) else output
            if name not in FREE and isinstance(first, torch.Tensor) and first.is_floating_point():
                self.operation(name, args, first)
        return output

    def alive(self, tensor: torch.Tensor) -> None:
        """Add a tensor's storage to those that exist, until it is freed."""
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key not in self.live and key not in self.owned:
            self.live[key] = storage.nbytes()
            weakref.finalize(storage, self.live.pop, key, None)
            self.live_peak = max(self.live_peak, sum(self.live.values()))

    def operation(self, name: str, args: tuple, output: torch.Tensor) -> None:
        """Apply the rule of one aten operation; `output` is its first, or only, output."""
        n = output.numel()
        read = sum(tensor.numel() for tensor in tensors(args) if not self.is_weight(tensor))
        if name == "convolution":
            data, weight, bias, transposed = args[0], args[1], args[2], args[6]
            taps = weight[0].numel()  # weights that meet in one element: of the output, or of the input if transposed
            macs = taps * (data.numel() if transposed else n)
            product = of_convolution(data, weight, output, stride=args[3], transposed=transposed, groups=args[8])
            self.add("conv", macs, n if bias is not None else 0, read, output, product=product)
        elif name in MATRIX_PRODUCTS:
            left, right = args[MATRIX_PRODUCTS[name] :][:2]
            kind = "fc" if self.is_weight(left) or self.is_weight(right) else "matmul"
            biases = n if MATRIX_PRODUCTS[name] else 0
            self.add(kind, n * left.shape[-1], biases, read, output, product=of_matrices(left, right, kind == "fc"))
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
            self.uncounted.setdefault(self.stack[-1][1], set()).add(name)

    def normalise(self, cost: int, scale: torch.Tensor | None, read: int, output: torch.Tensor) -> None:
        self.add("norm", 0, cost * output.numel(), read, output)
        if scale is not None:
            self.add("scale", 0, output.numel(), 0, output, written=0)

    def add(
        self,
        kind: str,
        macs: int,
        other_ops: int,
        read: int,
        output: torch.Tensor,
        written: int | None = None,
        product: Product | None = None,
    ) -> None:
        call, name, _ = self.stack[-1]
        numbers = ("params", "macs", "other_ops", "read", "written", "live", "kept", "kept_index")
        blank = {"name": name, "kind": kind, **dict.fromkeys(numbers, 0)}
        row = self.rows.setdefault((call, kind), blank)
        if product:
            row.setdefault("products", Tally())[product] += 1
        row["live"] = max(row["live"], self.live_peak)
        self.live_peak = sum(self.live.values())
        row["shape"] = output.shape
        row["macs"] += macs
        row["other_ops"] += other_ops
        row["read"] += read
        row["written"] += output.numel() if written is None else written

    def is_weight(self, tensor: torch.Tensor) -> bool:
        return id(tensor) in self.weights or (tensor._base is not None and id(tensor._base) in self.weights)

    def main_rows(self) -> dict[str, dict]:
        """The row of each module that does most of its work, in its first call."""
        first: dict[str, int] = {}
        main: dict[str, dict] = {}
        for (call, _), row in self.rows.items():
            if first.setdefault(row["name"], call) == call and (
                row["name"] not in main or row["macs"] > main[row["name"]]["macs"]
            ):
                main[row["name"]] = row
        return main

    def row_of(self, main: dict[str, dict], name: str) -> dict:
        """The main row of the module or parameter `name`; of the module around it where it has none."""
        while name not in main and name:
            name = name.rpartition(".")[0]
        return main.get(name) or next(iter(self.rows.values()))

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
                live_bytes=row["live"],
                kept_bytes=row["kept"],
                kept_index_bytes=row["kept_index"],
                products=tuple(replace(one, repeats=times) for one, times in row.get("products", {}).items()),
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
