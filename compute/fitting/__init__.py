"""Curves fitted to the losses of a training, with forecasts: on numpy and scipy alone.

Compute fits the report's trainings with it, and the app those that a reader brings. scipy takes a third of a
second to import, so the app imports this package only where a reader's own data are fitted.
"""
