"""The experiment `flops`: the layers of every classification network of torchvision, and of Caffe's versions.

Nothing is measured and no weight is allocated: the networks are built and run on meta tensors.
"""

import difflib
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torchvision
from torch import nn
from torch.overrides import TorchFunctionMode
from torchvision.models import get_model, get_model_builder, get_model_weights, list_models
from tqdm import tqdm

from compute import ComputeError
from compute.core.runs import Run, write_run
from compute.counting import caffe
from compute.counting.count import Layer, count
from compute.counting.rules import RULES

WITH_AUXILIARY_HEADS = ("googlenet", "inception_v3")


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network that can be counted and timed; `published_gmacs` is the figure of its own library, if it has one."""

    model: str
    variant: str
    family: str
    input_px: int
    published_gmacs: float | None

    @property
    def input_shape(self) -> tuple[int, int, int]:
        return (3, self.input_px, self.input_px)


def names() -> list[str]:
    """Every model id: torchvision's classification networks, then Caffe's versions."""
    return [*list_models(module=torchvision.models), *caffe.NETWORKS]


def network(model: str) -> Network:
    """What is known of a network before it is built. Raises ComputeError, with a suggestion, for an unknown id.

    torchvision publishes some networks at several input sizes; the smallest is taken, so that networks
    compare (`vit_h_14`: 224 px rather than 518).
    """
    if model in caffe.NETWORKS:
        _, input_px, family = caffe.NETWORKS[model]
        return Network(model=model, variant="caffe", family=family, input_px=input_px, published_gmacs=None)
    if model not in names():
        close = difflib.get_close_matches(model, names(), n=3)
        raise ComputeError(
            f"no network is called {model!r}" + (f"; did you mean {' or '.join(close)}?" if close else "")
        )
    family = get_model_builder(model).__module__.rpartition(".")[2]
    published = [(weights.transforms().crop_size[0], weights.meta.get("_ops")) for weights in get_model_weights(model)]
    input_px, gmacs = min(published, key=lambda entry: entry[0], default=(224, None))
    return Network(model=model, variant="torchvision", family=family, input_px=input_px, published_gmacs=gmacs)


class WeightsOnMeta(TorchFunctionMode):
    """While active, `torch.empty` (what layers make weights from) yields meta tensors.

    `torch.device("meta")` as a context would do the same to every tensor, and RegNet reads numbers
    out of small ones while it is being built.
    """

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is torch.empty:
            kwargs["device"] = "meta"
        return func(*args, **kwargs)


def build(model: str) -> nn.Module:
    """The untrained network in evaluation mode, without the auxiliary classifiers that only training runs."""
    if model in caffe.NETWORKS:
        return caffe.NETWORKS[model][0]().eval()
    options = {"aux_logits": False, "init_weights": False} if model in WITH_AUXILIARY_HEADS else {}
    return get_model(model, weights=None, **options).eval()


def build_on_meta(model: str) -> nn.Module:
    """The same network with shapes and no weights: milliseconds and kilobytes, whatever its size."""
    with WeightsOnMeta():
        return build(model).to("meta")


def layers_of(model: str) -> tuple[Network, list[Layer]]:
    """What is known of a network, and its counted layers."""
    known = network(model)
    return known, count(build_on_meta(model), known.input_shape)


def configuration() -> Run:
    """The record of the run that counts everything; there is one, whatever is installed."""
    return Run(
        problem="flops",
        job="layers",
        scale="paper",
        provenance="modelled",
        config={"torchvision_version": torchvision.__version__, "batch": 1, "bytes_per_element": 4, "rules": RULES},
        note=(
            "Counted from shapes, at the smallest input size for which torchvision publishes weights; "
            "auxiliary classifiers, which evaluation does not run, are left out."
        ),
    )


def run(runs: Path) -> Path:
    """Count every network and write the run with its tables `networks` and `layers`; returns its folder."""
    start = time.perf_counter()
    record = configuration()
    tables: dict[str, list[dict]] = {"networks": [], "layers": [], "products": []}
    for model in tqdm(names(), desc="counting", unit="network"):
        known, layers = layers_of(model)
        add_network(tables, vars(known) | {"input_shape": shape_text(known.input_shape)}, layers)
    return write_run(replace(record, seconds=round(time.perf_counter() - start, 3)), tables, runs)


def shape_text(shape: tuple[int, ...]) -> str:
    """`3×224×224` of (3, 224, 224)."""
    return "×".join(map(str, shape))


def add_network(tables: dict[str, list[dict]], known: dict, layers: list[Layer]) -> None:
    """Add a counted network to the rows of the tables `networks`, `layers` and `products`."""
    sums = {name: sum(getattr(layer, name) for layer in layers) for name in ("params", "macs", "other_ops")}
    tables["networks"].append({**known, **sums})
    for position, layer in enumerate(layers):
        place = {"model": known["model"], "position": position}
        columns = {name: value for name, value in vars(layer).items() if name != "products"}
        tables["layers"].append(place | columns)
        tables["products"] += [place | {"nth": nth} | vars(product) for nth, product in enumerate(layer.products)]
