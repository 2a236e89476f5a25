"""The experiments: they train, count, time and fit, and leave run artefacts for the store."""


class ComputeError(Exception):
    """A problem that the person at the keyboard can solve; the message is one line that says how."""
