"""Counting every classification network of torchvision: ours beside fvcore, in the same process."""

import time
import warnings

import torch
from fvcore.nn import FlopCountAnalysis
from torchvision.models import get_model

from compute.flops.layers import layers_of, names


def ours(models: list[str]) -> tuple[float, dict[str, float]]:
    """Seconds for all, and GMAC of each."""
    start, found = time.perf_counter(), {}
    for model in models:
        found[model] = sum(layer.macs for layer in layers_of(model)[1]) / 1e9
    return time.perf_counter() - start, found


def fvcores(models: list[str]) -> tuple[float, dict[str, float]]:
    """The same with fvcore, which traces a network with its weights on random input."""
    start, found = time.perf_counter(), {}
    for model in models:
        network = get_model(
            model, weights=None, **({"init_weights": False} if model in ("googlenet", "inception_v3") else {})
        ).eval()
        px = layers_input(model)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            analysis = (
                FlopCountAnalysis(network, torch.zeros(1, 3, px, px))
                .unsupported_ops_warnings(False)
                .uncalled_modules_warnings(False)
            )
            found[model] = analysis.total() / 1e9
    return time.perf_counter() - start, found


def layers_input(model: str) -> int:
    """The input size in pixels that our count of this network used."""
    from compute.flops.layers import network

    return network(model).input_px


def counters() -> dict:
    """Seconds of both counters on the same networks, their ratio, and the largest difference of a total in percent."""
    models = [model for model in names() if not model.startswith("caffe_")]
    our_s, our = ours(models)
    their_s, their = fvcores(models)
    differences = {model: 100 * (their[model] / our[model] - 1) for model in models}
    worst = max(differences, key=lambda model: abs(differences[model]))
    return {
        "models": len(models),
        "ours_s": our_s,
        "fvcore_s": their_s,
        "ratio": their_s / our_s,
        "worst": worst,
        "difference": differences[worst],
    }
