"""Problem 1's queries: the target data set, accuracies, costs, classes."""

from store.transfer.values import QUOTABLE

__all__ = ["QUOTABLE"]
