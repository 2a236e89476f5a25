"""Trainings that shared a device: their share of its time, as SQL.

`concurrency` in a run's `config` says how many trainings took turns on the device. The seconds of each
contain the turns of the others, and its images per second are too few by the same factor.
"""

# of a row of `runs`; a run that does not say had the device to itself
CONCURRENCY = "coalesce((config->>'concurrency')::INTEGER, 1)"


def own_seconds(seconds: str, concurrency: str = CONCURRENCY) -> str:
    """SQL of the seconds that a training had the device for, from its wall time."""
    return f"({seconds} / {concurrency})"


def device_images_per_s(images_per_s: str, concurrency: str = CONCURRENCY) -> str:
    """SQL of the images per second of the device, from those of one of the trainings that shared it."""
    return f"({images_per_s} * {concurrency})"
