"""Fits of losses, with forecasts, and of speeds: on numpy and scipy alone.

Compute fits the report's trainings with it, and the app what a reader brings. scipy takes a third of a
second to import, so the app imports this package only where a reader's own data are fitted.
"""
