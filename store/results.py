"""Results of one version's queries, each computed once, however many visitors ask for it at the same time."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import pandas as pd


class Results:
    """The results that were asked for last, at most `most` of them. They are shared: a table is handed out as a copy
    that takes no memory until it is changed (pandas' copy on write), anything else is to be read only.
    """

    def __init__(self, most: int):
        self._most = most
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._changing = threading.Lock()

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """The result under a key, computed first where nobody has asked for it; whoever asks meanwhile waits for it.

        What `compute` raises is raised, and nothing is kept.
        """
        with self._changing:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)
        if not entry.known:
            with entry.computing:
                if not entry.known:
                    entry.value, entry.known = compute(), True
        return entry.value.copy(deep=False) if isinstance(entry.value, pd.DataFrame) else entry.value


class _Entry:
    def __init__(self):
        self.computing = threading.Lock()
        self.known, self.value = False, None
