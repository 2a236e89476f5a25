"""Fits of a reader's own data: on the ground floor and scipy, which is imported when something is fitted."""
