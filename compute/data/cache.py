"""Results that are slow to compute, kept under `work/cache` by what they were made from."""

import contextlib
import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

CACHE = Path(__file__).parents[2] / "work" / "cache"


def cached(prefix: str, key: tuple, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `compute` returns (tensors, numbers, text), from the cache where it was computed before with the same `key`.

    A cache file that cannot be read is made again; one that cannot be written is done without.
    """
    file = CACHE / f"{prefix}{hashlib.sha256(repr(key).encode()).hexdigest()[:20]}.pt"
    if file.exists():
        with contextlib.suppress(Exception):
            return torch.load(file, weights_only=True)
    made = compute()
    with contextlib.suppress(OSError):  # the cache saves seconds; a full disk is no reason to stop here
        file.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        torch.save(made, buffer)
        fresh = file.with_suffix(f".{os.getpid()}.new")
        try:
            fresh.write_bytes(buffer.getbuffer())
            fresh.replace(file)
        finally:
            fresh.unlink(missing_ok=True)
    return made
