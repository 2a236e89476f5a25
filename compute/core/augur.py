"""Augur's way to predict a network's time on a device without running it (Lu et al. 2017, sections 5 and 6).

A device is profiled once: the time of matrix products, and here of convolutions and of the other layers too,
over a grid of sizes. A network's time is the sum over its layers of the profiled throughput, interpolated to
the layer's sizes, in log space. `products_ms` is the paper's model, in which a convolution takes the time of
its matrix product (im2col, section 5.2) and other layers take none; `layers_ms` asks the profile of
convolutions and of other layers as well.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Product:
    """[rows × depth] · [depth × columns], `groups` side by side, for one image, `repeats` times in a row.

    `kernel` is the number of positions of a filter (9 for 3×3), 0 where it is no convolution; `stride` is
    the first side's. Images of a batch lengthen `columns` where one factor is learnt (`shared`), else they
    multiply `groups`.
    """

    groups: int
    rows: int
    depth: int
    columns: int
    kernel: int = 0
    stride: int = 1
    transposed: bool = False
    shared: bool = True
    repeats: int = 1

    def __post_init__(self):
        for name in ("groups", "rows", "depth", "columns", "stride", "repeats"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")

    @property
    def macs(self) -> int:
        return self.groups * self.rows * self.depth * self.columns * self.repeats

    def of_batch(self, batch: int) -> "Product":
        """The product of a batch."""
        groups, columns = (1, batch) if self.shared else (batch, 1)
        return replace(self, groups=self.groups * groups, columns=self.columns * columns)


@dataclass(frozen=True, kw_only=True)
class Element:
    """A layer that is no matrix product: its `kind` and the elements that it writes for one image."""

    kind: str
    elements: float


@dataclass(frozen=True, kw_only=True)
class Network:
    """What of a counted network decides its time: matrix products, other layers, and parameters (for the update)."""

    products: tuple[Product, ...]
    elements: tuple[Element, ...]
    params: float


# which curve of the profile a kind of layer takes that has none of its own; the learnt factor of a normalisation
# (`scale`) is part of it
LIKE = {"resize": "eltwise", "scale": None}
DIRECTIONS = ("forward", "backward")


def operation(product: Product) -> str:
    """The surface that a product is looked up in: convolutions by the size of their filters, `matmul` else."""
    if not product.kernel:
        return "matmul"
    if product.rows == 1 and product.groups > 1:
        return "depthwise"
    return "conv1" if product.kernel == 1 else "conv3" if product.kernel <= 9 else "conv_large"


def place(product: Product) -> tuple[float, ...]:
    """Coordinates in its surface, in octaves. Throughput is the same function of them wherever the product stands."""
    if operation(product) == "depthwise":
        sizes = (product.groups, product.columns, product.stride)
    elif product.kernel:
        sizes = (product.rows, product.depth / product.kernel, product.columns, product.stride)
    else:
        sizes = (product.rows, product.depth, product.columns)
    return tuple(math.log2(size) for size in sizes)


@dataclass(frozen=True, kw_only=True)
class Surface:
    """Work per ms over sizes: points (n, d) in octaves, and log2 of the work per ms that was measured there."""

    points: np.ndarray
    log_rates: np.ndarray
    weights: np.ndarray = field(init=False, repr=False)

    def __post_init__(self):
        if len(self.points) != len(self.log_rates) or not len(self.points):
            raise ValueError("a surface needs at least one point, and a rate for each; profile the device again")
        object.__setattr__(self, "weights", self._weights())

    def _weights(self) -> np.ndarray:
        """Of |x − point| (a radial basis), a constant and the coordinates that vary, so that every point is met."""
        n = len(self.points)
        tail = self._tail(self.points)
        distance = np.linalg.norm(self.points[:, None] - self.points[None], axis=-1)
        system = np.block([[-distance, tail], [tail.T, np.zeros((tail.shape[1], tail.shape[1]))]])
        return np.linalg.lstsq(system, np.concatenate([self.log_rates, np.zeros(len(system) - n)]), rcond=None)[0]

    def _tail(self, at: np.ndarray) -> np.ndarray:
        varies = np.ptp(self.points, axis=0) > 0
        return np.column_stack([np.ones(len(at)), at[:, varies]])

    def rates(self, at: np.ndarray) -> np.ndarray:
        """Work per ms at sizes (m, d) in octaves: interpolated, and the edge's beyond the profiled sizes."""
        at = np.clip(at, self.points.min(axis=0), self.points.max(axis=0))
        distance = np.linalg.norm(at[:, None] - self.points[None], axis=-1)
        logs = np.column_stack([-distance, self._tail(at)]) @ self.weights
        return np.exp2(np.clip(logs, self.log_rates.min(), self.log_rates.max()))

    def covers(self, at: np.ndarray) -> np.ndarray:
        """Whether sizes (m, d) lie within those that were profiled."""
        inside = (at >= self.points.min(axis=0)) & (at <= self.points.max(axis=0))
        return np.asarray(inside.all(axis=1))


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A device's surfaces by (operation, direction); work is multiply-accumulates, or elements of other layers."""

    surfaces: dict[tuple[str, str], Surface]

    @classmethod
    def of_rows(cls, rows: Sequence[dict]) -> "Profile":
        """The profile that rows of the table `profile_points` are."""
        points: dict[tuple[str, str], list] = {}
        for row in rows:
            if row["elements"]:
                at, work = (math.log2(row["elements"]),), row["elements"]
            else:
                sizes: dict[str, Any] = {name: int(row[name]) for name in SIZES}
                product = Product(**sizes)
                at, work = place(product), product.macs
            points.setdefault((row["operation"], row["direction"]), []).append((at, math.log2(work / row["ms"])))
        return cls(
            surfaces={
                key: Surface(points=np.array([at for at, _ in found]), log_rates=np.array([rate for _, rate in found]))
                for key, found in points.items()
            }
        )

    @property
    def peak_tflops(self) -> float:
        """The highest throughput of any matrix product, two operations a multiply-accumulate."""
        return 2e-9 * float(np.exp2(self._surface("matmul", "forward").log_rates.max()))

    @property
    def memory_gbps(self) -> float:
        """Bandwidth of the update of the largest parameter, in place: eight fp32 values are read or written for each
        element (momentum times a factor, plus the gradient, added to the parameter).
        """
        updates = self._surface("update", "forward")
        return 32e-6 * float(np.exp2(updates.log_rates[updates.points[:, 0].argmax()]))

    def _surface(self, name: str, direction: str) -> Surface:
        if (name, direction) not in self.surfaces:
            raise ValueError(f"the profile has no {direction} times of {name}; make it anew: python -m compute profile")
        return self.surfaces[name, direction]

    def products_ms(self, products: Sequence[Product], direction: str = "forward", *, as_matmul: bool = False) -> float:
        """Time of products, each looked up in its surface, or all in that of plain matrix products."""
        by_surface: dict[str, list[tuple[tuple, int]]] = {}
        for product in products:
            if as_matmul:
                product = replace(product, kernel=0)
            by_surface.setdefault(operation(product), []).append((place(product), product.macs))
        total = 0.0
        for name, found in by_surface.items():
            at, macs = np.array([at for at, _ in found]), np.array([macs for _, macs in found])
            total += float(np.sum(macs / self._surface(name, direction).rates(at)))
        return total

    def elements_ms(self, elements: Sequence[Element], direction: str = "forward") -> float:
        """Time of layers that are no products; those with no curve of their own take that of LIKE."""
        by_kind: dict[str, list[float]] = {}
        for one in elements:
            kind = LIKE.get(one.kind, one.kind)
            if kind and one.elements:
                by_kind.setdefault(kind, []).append(one.elements)
        return sum(
            float(np.sum(np.array(found) / self._surface(kind, direction).rates(np.log2(found)[:, None])))
            for kind, found in by_kind.items()
        )

    def covered_percent(self, products: Sequence[Product]) -> float:
        """Share of the multiply-accumulates in products whose sizes lie within those that were profiled."""
        inside = [
            product.macs
            for product in products
            if self._surface(operation(product), "forward").covers(np.array([place(product)]))[0]
        ]
        return 100 * sum(inside) / max(sum(product.macs for product in products), 1)


SIZES = ("groups", "rows", "depth", "columns", "kernel", "stride")


def products_forward_ms(network: Network, profile: Profile, batch: int = 1) -> float:
    """The paper's model of a forward pass: the sum of its matrix products."""
    return profile.products_ms(_of_batch(network, batch), as_matmul=True)


def products_step_ms(network: Network, profile: Profile, batch: int) -> float:
    """The paper's model carried over to a training step: each product, and the two of its gradients.

    With Y = W·X, the gradients are dW = dY·Xᵀ and dX = Wᵀ·dY: the same three sizes in other places. The
    first convolution's input needs none.
    """
    forward = _of_batch(network, batch)
    weights = [replace(one, depth=one.columns, columns=one.depth) for one in forward]
    inputs = [replace(one, rows=one.depth, depth=one.rows) for one in forward[1:]]
    return profile.products_ms([*forward, *weights, *inputs], as_matmul=True)


def layers_forward_ms(network: Network, profile: Profile, batch: int = 1) -> float:
    """A forward pass as the sum of all its layers, each from the profile of its own operation."""
    elements = _elements_of_batch(network, batch)
    return profile.products_ms(_of_batch(network, batch)) + profile.elements_ms(elements)


def layers_step_ms(network: Network, profile: Profile, batch: int) -> float:
    """A training step: forward and backward pass of every layer, and the update of the parameters.

    Normalisation takes its training form, with statistics of the batch.
    """
    elements = [
        Element(kind="norm_training", elements=one.elements) if one.kind == "norm" else one
        for one in _elements_of_batch(network, batch)
    ]
    products = _of_batch(network, batch)
    passes = sum(profile.products_ms(products, way) + profile.elements_ms(elements, way) for way in DIRECTIONS)
    return passes + profile.elements_ms([Element(kind="update", elements=network.params)])


def _of_batch(network: Network, batch: int) -> list[Product]:
    if batch < 1:
        raise ValueError(f"batch is {batch}; it must be at least 1")
    return [product.of_batch(batch) for product in network.products]


def _elements_of_batch(network: Network, batch: int) -> list[Element]:
    return [Element(kind=one.kind, elements=one.elements * batch) for one in network.elements]
