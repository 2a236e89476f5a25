"""Problem 2's queries: noise, resampling, teachers, their selections, students."""

from store.supervision.values import QUOTABLE

__all__ = ["QUOTABLE"]
