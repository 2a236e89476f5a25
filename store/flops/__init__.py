"""Problem 3's queries: counts of operations, measured times, peaks and what they imply."""

from store.flops.values import QUOTABLE

__all__ = ["QUOTABLE"]
