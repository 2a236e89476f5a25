"""Selecting K images a class from 1,000,000 images × 1,000 classes, beside sorting a class's scores whole."""

import resource
import subprocess
import sys
import time

import numpy as np

from compute.supervision.selection import select
from tests.conftest import PROJECT

IMAGES, CLASSES, CHUNK, K, P = 1_000_000, 1_000, 10_000, 1_000, 10
CHILD = "from tests.bench.selection import once; print(*once())"


def once() -> tuple[float, float]:
    """Seconds of the selection without those of making up the scores, and the process's peak memory in MiB."""
    made_s, make = 0.0, np.random.default_rng(0)

    def chunks():
        nonlocal made_s
        for _ in range(IMAGES // CHUNK):
            start = time.perf_counter()
            scores = make.random((CHUNK, CLASSES), dtype=np.float32)
            made_s += time.perf_counter() - start
            yield scores

    start = time.perf_counter()
    found = select(chunks(), k=K, p=P)
    took = time.perf_counter() - start - made_s
    assert len(found.image) == K * CLASSES
    return took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def whole_column_s(columns: int = 20) -> float:
    """Seconds of sorting every class's scores of all images, from a few classes: what a plain version does, with P =
    all classes, where all scores fit memory.
    """
    scores = np.random.default_rng(0).random((columns, IMAGES), dtype=np.float32)
    start = time.perf_counter()
    for row in scores:
        np.argsort(-row, kind="stable")[:K]
    return (time.perf_counter() - start) / columns * CLASSES


def selection() -> dict[str, float]:
    """The selection in a process of its own, and the plain way."""
    command = [sys.executable, "-c", CHILD]
    took, mib = map(
        float, subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split()
    )
    return {"select_s": took, "images_per_s": IMAGES / took, "mib": mib, "plain_s": whole_column_s()}
