"""What of the server's memory the garbage collector looks at."""

import gc
import time

from store.settings import SETTLE_S

_seen: set[str] = set()
_settled_s = 0.0


def settle(page: str) -> None:
    """Take all objects there are out of the garbage collector's sight, after a page's first rerun and then every
    minute.

    Streamlit collects garbage after each rerun. Through all that the report's libraries hold, modules, functions
    and classes, that takes longer than the rerun itself; through what reruns make it takes hardly any time. What has
    become garbage since the last time is freed first.
    """
    global _settled_s
    if page in _seen and time.monotonic() - _settled_s < SETTLE_S:
        return
    _seen.add(page)
    _settled_s = time.monotonic()
    gc.unfreeze()
    gc.collect()
    gc.freeze()
