"""Problem 2's queries: noise, resampling, teachers, their selections, students."""

from store.supervision.values import values

__all__ = ["values"]
