"""Lines that tell the user how an input was read."""

import multiprocessing

from tqdm import tqdm


def say(text: str) -> None:
    """Print a line without disturbing progress bars; not in worker processes, whose parent read the same before."""
    if multiprocessing.parent_process() is None:
        tqdm.write(text)
