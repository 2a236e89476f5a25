"""Parameter-server training as Ray actors, synchronous and asynchronous (Li et al. 2014, as Optimus uses it).

A server holds its shard of the parameters and takes SGD steps on it; a worker gets the whole vector from
the servers, computes a gradient, and returns a part for each server. A step's gradients are applied once
all are there, and each once only, so that a worker that dies is replaced and its share computed again.
"""

from collections.abc import Sequence

import numpy as np
import ray
import torch
from ray.exceptions import RayActorError

from compute.cluster import network
from compute.cluster.shards import shards


@ray.remote(num_cpus=0)
class Server:
    """Parameters `values` and their SGD with momentum."""

    def __init__(self, values: np.ndarray, lr: float, momentum: float):
        self.values, self.lr, self.momentum = values.copy(), lr, momentum
        self.velocity, self.done = np.zeros_like(self.values), set()

    def pull(self) -> np.ndarray:
        """The parameters."""
        return self.values

    def apply(self, step: int, *gradients: np.ndarray) -> int:
        """Take one step with the sum of the gradients, unless it was taken; returns the number of steps."""
        if step not in self.done:
            self.velocity = self.momentum * self.velocity + np.sum(gradients, axis=0)
            self.values = self.values - self.lr * self.velocity
            self.done.add(step)
        return len(self.done)


@ray.remote(num_cpus=0)
class Worker:
    """Computes gradients with one thread; `batch` is the images of a step."""

    def __init__(self, batch: int):
        torch.set_num_threads(1)
        self.network, self.batch = network.build(), batch

    def ready(self) -> bool:
        """True, once the actor is up."""
        return True

    def gradients(self, step: int, part: slice, places: list[np.ndarray], *values: np.ndarray):
        """The parts of a gradient, one for each server, from the servers' parameters `values` at `places`."""
        parameters = np.empty(sum(len(one) for one in places), dtype=np.float32)
        for at, held in zip(places, values, strict=True):
            parameters[at] = held
        found = network.gradient(self.network, parameters, step, self.batch, part)
        parts = [found[at] for at in places]
        return parts if len(parts) > 1 else parts[0]


class Training:
    """A training on `servers` servers by the given worker actors; `replaced` counts workers that died."""

    def __init__(self, servers: int, workers: list, batch: int, lr: float = 0.05, momentum: float = 0.9):
        model = network.build()
        values = network.vector(model)
        self.places = shards(network.sizes(model), servers)
        self.servers = [Server.remote(values[at], lr, momentum) for at in self.places]
        self.shared = ray.put(self.places)
        self.workers, self.batch, self.next, self.replaced = workers, batch, 0, 0

    def parameters(self) -> np.ndarray:
        """All parameters as the servers hold them now."""
        found = np.empty(sum(len(one) for one in self.places), dtype=np.float32)
        for at, values in zip(self.places, ray.get([server.pull.remote() for server in self.servers]), strict=True):
            found[at] = values
        return found

    def synchronous(self, steps: int) -> int:
        """Train `steps` steps, each with the gradients of all workers; returns the steps that the servers took."""
        taken = 0
        for step in range(self.next, self.next + steps):
            values = [server.pull.remote() for server in self.servers]
            count = len(self.workers)
            parts = [self._ask(i, step, network.share(self.batch, i, count), values) for i in range(count)]
            for i in range(count):
                while not self._arrived(parts[i], i):
                    parts[i] = self._ask(i, step, network.share(self.batch, i, count), values)
            columns = zip(*parts, strict=True)
            taken = ray.get([s.apply.remote(step, *one) for s, one in zip(self.servers, columns, strict=True)])[0]
        self.next += steps
        return taken

    def asynchronous(self, steps: int) -> int:
        """Train `steps` steps, each with one worker's gradient of a batch of its own, and nobody waits for another.

        Returns the steps that the servers took.
        """
        ahead, last, taken, applied = self.next, self.next + steps, 0, []
        under_way: dict = {}

        def begin(i: int, step: int) -> None:
            part = self._ask(i, step, slice(0, self.batch), [server.pull.remote() for server in self.servers])
            under_way[part[0]] = (i, step, part)

        for i in range(min(len(self.workers), steps)):
            begin(i, ahead)
            ahead += 1
        while under_way:
            first = ray.wait(list(under_way), num_returns=1)[0][0]
            i, step, part = under_way.pop(first)
            if not self._arrived(part, i):
                begin(i, step)
                continue
            applied = [server.apply.remote(step, one) for server, one in zip(self.servers, part, strict=True)]
            if ahead < last:
                begin(i, ahead)
                ahead += 1
        taken = ray.get(applied)[0] if applied else taken
        self.next = last
        return taken

    def close(self) -> None:
        """End the servers; the workers are the caller's."""
        for server in self.servers:
            ray.kill(server)

    def _ask(self, i: int, step: int, part: slice, values: Sequence):
        method = self.workers[i].gradients.options(num_returns=len(self.servers))
        found = method.remote(step, part, self.shared, *values)
        return found if isinstance(found, list) else [found]

    def _arrived(self, parts: list, i: int) -> bool:
        """Wait for a worker's parts; False after the worker died and another has taken its place."""
        try:
            ray.wait(parts, num_returns=len(parts), fetch_local=False)
            ray.get(parts)
        except RayActorError:
            self.workers[i] = Worker.remote(self.batch)
            self.replaced += 1
            return False
        return True
