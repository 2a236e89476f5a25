"""Data-parallel training on several devices: the time to exchange gradients, and the step that it leads to.

PALEO (Qi et al. 2017, section 4.3) models the exchange from the bytes of the gradients and the bandwidth of the
links, and adds it to the time of the computing; with weak scaling each device keeps its batch, with strong
scaling the devices share one.
"""

import math
from collections.abc import Callable


def ring_ms(
    gradient_bytes: float, *, devices: int, link_gbps: float, latency_us: float = 0.0, servers: int = 1
) -> float:
    """All-reduce around a ring: 2 (n - 1) messages of 1/n of the bytes, each on all links at once."""
    messages = 2 * (devices - 1)
    return messages * (gradient_bytes / devices / (link_gbps * 1e6) + latency_us / 1e3)


def tree_ms(
    gradient_bytes: float, *, devices: int, link_gbps: float, latency_us: float = 0.0, servers: int = 1
) -> float:
    """All-reduce up a binary tree and down again: 2 ⌈log₂ n⌉ messages of all bytes, one after the other."""
    messages = 2 * math.ceil(math.log2(devices))
    return messages * (gradient_bytes / (link_gbps * 1e6) + latency_us / 1e3)


def parameter_server_ms(
    gradient_bytes: float, *, devices: int, link_gbps: float, latency_us: float = 0.0, servers: int = 1
) -> float:
    """Parameter servers that share the parameters evenly: each server's link carries 1/p of the bytes to and from
    every device; nothing is exchanged by a single device with a server of its own.
    """
    if devices == 1:
        return 0.0
    return 2 * (gradient_bytes * devices / servers / (link_gbps * 1e6) + latency_us / 1e3)


EXCHANGES: dict[str, Callable[..., float]] = {
    "ring all-reduce": ring_ms,
    "tree all-reduce": tree_ms,
    "parameter servers": parameter_server_ms,
}


def exchange_ms(
    how: str, gradient_bytes: float, *, devices: int, link_gbps: float, latency_us: float = 0.0, servers: int = 1
) -> float:
    """The time in ms to exchange `gradient_bytes` among devices, `how` a key of EXCHANGES.

    `link_gbps` is a link's bandwidth in GB/s (10⁹ bytes) in each direction. Raises ValueError where a count is below 1
    or the bandwidth not positive.
    """
    if devices < 1 or servers < 1:
        raise ValueError(f"there are {devices} devices and {servers} servers; there must be one of each at least")
    if not link_gbps > 0:
        raise ValueError(f"link_gbps is {link_gbps}; it must be a positive number of GB/s")
    return EXCHANGES[how](gradient_bytes, devices=devices, link_gbps=link_gbps, latency_us=latency_us, servers=servers)


def link_of_ring_gbps(exchange_ms: float, gradient_bytes: float, devices: int) -> float:
    """The bandwidth in GB/s at which a ring all-reduce takes `exchange_ms`: what a measured scaling implies."""
    return 2 * (devices - 1) * gradient_bytes / devices / (exchange_ms * 1e6)
