"""How Problem 4's pages name networks and curves."""

import pandas as pd

from compute.core.vocabulary import HELD_OUT_DEPTH
from store.optimus.curves import ONE_CURVE, RESTARTED

# the fitted curves, as the store names them, in a legend
SERIES = {ONE_CURVE: "one curve", RESTARTED: "restarted at drops"}


def network(depth: int) -> str:
    """The usual name of the ResNet of a depth."""
    return f"ResNet-{depth}"


HELD_OUT = network(HELD_OUT_DEPTH)


def with_network(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the name of their network as the first column."""
    named = rows.copy()
    named.insert(0, "network", [network(depth) for depth in rows["depth"]])
    return named


def listed(names) -> str:
    """Names in a sentence: `a`, `a and b`, `a, b and c`."""
    names = [str(name) for name in names]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def counted(count: int, noun: str) -> str:
    """A number of things in a sentence: `no server`, `1 server`, `2 servers`."""
    return f"{count or 'no'} {noun}{'s' if count > 1 else ''}"
