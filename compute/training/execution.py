"""How training steps are executed on a device: precision, CUDA stream, eagerly or as a CUDA graph.

A whole step as one CUDA graph is for networks whose kernels are shorter than the time to launch them.
"""

from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor
from tqdm import tqdm

from compute import ComputeError
from compute.training.recipe import Recipe


class Execution:
    """Executes the steps of the training `name` by its recipe; `mode` is the execution mode in use, eager or graph.

    Raises ComputeError for CUDA graphs without CUDA.
    """

    def __init__(self, recipe: Recipe, device: torch.device, name: str):
        self.recipe, self.device, self.name = recipe, device, name
        self.mode = execution_mode_for(recipe.execution_mode, device)
        self.stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self.graph, self.captured_lr = None, None

    def on_stream(self):
        """The context of the training's own CUDA stream; an empty one on a CPU."""
        return torch.cuda.stream(self.stream) if self.stream else nullcontext()

    def precision(self):
        """The context that computes in the recipe's precision."""
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = self.recipe.precision == "tf32"
        # no cache of cast weights: in a captured graph it would keep those of the capture
        bf16 = self.recipe.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=bf16, cache_enabled=False)

    def prepare(
        self, step: Callable[[], None], modified: list[Tensor], clear_gradients: Callable[[], None], lr: float
    ) -> None:
        """Capture `step` as a CUDA graph where graphs are in use and none was captured at this learning rate.

        The learning rate is a constant of the graph, so each of its values needs its own. A network that
        cannot be captured is trained eagerly, with a message, unless the recipe asks for graphs:
        ComputeError. `modified` and `clear_gradients` as in `capture`.
        """
        if self.mode != "graph" or self.captured_lr == lr:
            return
        self.graph = None
        try:
            self.graph = capture(step, modified, clear_gradients, self.stream)
            self.captured_lr = lr
        except RuntimeError as error:
            if self.recipe.execution_mode == "graph":
                reason = " ".join(str(error).split())[:100]
                raise ComputeError(
                    f"{self.name} cannot be captured as a CUDA graph ({reason}); use --execution-mode eager"
                ) from None
            tqdm.write(f"{self.name}: CUDA graph capture failed, training continues eagerly")
            self.mode = "eager"

    def run(self, step: Callable[[], None]) -> None:
        """Execute a step: replay the captured graph if there is one, else call `step`."""
        with self.on_stream():
            if self.graph:
                self.graph.replay()
            else:
                step()


def execution_mode_for(requested: str, device: torch.device) -> str:
    """The execution mode, eager or graph, for `auto`, `eager` or `graph` on a device.

    Raises ComputeError for CUDA graphs without CUDA.
    """
    if requested == "graph" and device.type != "cuda":
        raise ComputeError("CUDA graphs need a CUDA device; use --execution-mode auto or eager")
    if requested == "auto":
        return "graph" if device.type == "cuda" else "eager"
    return requested


def capture(
    step: Callable[[], None], modified: list[Tensor], clear_gradients: Callable[[], None], stream: torch.cuda.Stream
) -> torch.cuda.CUDAGraph:
    """The CUDA graph that replays `step`, captured on `stream`; all tensors are then as they were before.

    A capture needs warm-up steps, in which libraries choose algorithms and allocate memory. They change
    weights and statistics, so the tensors that a step modifies, `modified`, are restored. Gradients are
    cleared so that the captured step allocates them in the graph's memory. Raises RuntimeError if the
    step cannot be captured (torch.cuda.graph).
    """
    before = [tensor.detach().clone() for tensor in modified]
    stream.wait_stream(torch.cuda.current_stream(stream.device))
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.stream(stream):
            for _ in range(3):
                step()
        torch.cuda.synchronize(stream.device)
        clear_gradients()
        with torch.cuda.graph(graph, stream=stream):
            step()
    finally:
        torch.cuda.synchronize(stream.device)
        with torch.no_grad():
            for tensor, value in zip(modified, before, strict=True):
                tensor.copy_(value)
        torch.cuda.synchronize(stream.device)
    return graph
