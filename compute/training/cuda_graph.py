"""A training step as one CUDA graph, for networks whose kernels are shorter than the time to launch them."""

from collections.abc import Callable

import torch
from torch import Tensor


def capture(step: Callable[[], None], touched: list[Tensor], forget: Callable[[], None], stream: torch.cuda.Stream) -> torch.cuda.CUDAGraph:
    """Record `step` on `stream` and return the graph that replays it; nothing has changed then.

    A capture needs rehearsals, in which libraries choose algorithms and allocate. They do train, so
    the tensors that a step changes, `touched`, get their values back. `forget` drops the gradients,
    so that the captured step allocates them where the graph can keep them. Raises RuntimeError if
    the step cannot be captured (torch.cuda.graph).
    """
    before = [tensor.detach().clone() for tensor in touched]
    stream.wait_stream(torch.cuda.current_stream(stream.device))
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.cuda.stream(stream):
            for _ in range(3):
                step()
        torch.cuda.synchronize(stream.device)
        forget()
        with torch.cuda.graph(graph, stream=stream):
            step()
    finally:
        torch.cuda.synchronize(stream.device)
        with torch.no_grad():
            for tensor, value in zip(touched, before, strict=True):
                tensor.copy_(value)
        torch.cuda.synchronize(stream.device)
    return graph
