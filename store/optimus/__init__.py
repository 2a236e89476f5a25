"""Problem 4's queries: trainings and their loss models, predictions, hours and costs."""

from store.optimus.values import QUOTABLE

__all__ = ["QUOTABLE"]
