"""News looked for beside the report's visitors, and built in another process.

A server keeps one child, `python -m store.watch`, which looks at the folders every few seconds and
builds when something is new. Children of other servers on the same store wait at the builds' file lock
and then find it done. A child ends with its server, when its standard input closes; it also ends after
a build, which gives the memory back, and is started again.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from store.build import build, up_to_date
from store.fill import fill_answers
from store.layout import Layout
from store.version import StoreError, reason

SHORTEST_S, LONGEST_S = 2.0, 60.0  # between two looks
RESTS = 100  # a look is followed by a rest so many times as long, so that looking takes a hundredth of one core at most
RETRY_S = 30.0  # after a build that failed

BUILDING, BUILT, FAILED, SAME = "building", "built", "failed", "nothing new"


@dataclass(frozen=True)
class News:
    """What a watch knows: whether a build is under way or may be, how many files of how many it has read, and why the
    last one failed.
    """

    building: bool = True  # until the first look has said otherwise
    done: int = 0
    total: int = 0
    problem: str | None = None


class Watch:
    """A child process that looks for news of one store, until `stop`; `news` is what it reported last."""

    def __init__(self, layout: Layout):
        self.layout, self.news = layout, News()
        self._child: subprocess.Popen | None = None
        self._stopped = threading.Event()
        threading.Thread(target=self._keep, name="watch over the store", daemon=True).start()

    def stop(self) -> None:
        """Let the child end, after the build that it may be in."""
        self._stopped.set()
        self.doubt()

    def doubt(self) -> None:
        """Have a new child begin, whose first look reads the published file from end to end."""
        if child := self._child:
            with contextlib.suppress(OSError):
                child.stdin.close()

    def _keep(self) -> None:
        while not self._stopped.is_set():
            try:
                failed = self._follow()
            except OSError as error:
                failed = self._hear(FAILED, reason=reason(error))
            self._stopped.wait(RETRY_S if failed else 0)

    def _follow(self) -> bool:
        """Run one child to its end; whether it failed."""
        where = {**os.environ, "REPORT_STORE": str(self.layout.runs.parent)}
        command = [sys.executable, "-m", "store.watch"]
        # a session of its own, so that Ctrl-C in the server's terminal does not cut a build off
        with subprocess.Popen(
            command,
            cwd=Path(__file__).parents[1],
            env=where,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as child:
            self._child = child
            if self._stopped.is_set():
                self.doubt()
            failed = False
            for line in child.stdout or ():
                failed = self._hear(**json.loads(line))
        return failed or (
            child.returncode != 0
            and self._hear(FAILED, reason=f"the process that builds ended with status {child.returncode}")
        )

    def _hear(self, state: str, done: int = 0, total: int = 0, reason: str | None = None) -> bool:
        if state == BUILDING:
            self.news = replace(self.news, building=True, done=done, total=total)
        else:
            self.news = News(building=False, problem=reason)
        return state == FAILED


_watch: Watch | None = None
_changing = threading.Lock()


def beside(layout: Layout) -> Watch:
    """The watch over this process's store, begun on the first call; over one store at a time."""
    global _watch
    with _changing:
        if _watch is None or _watch.layout != layout:
            if _watch:
                _watch.stop()
            _watch = Watch(layout)
        return _watch


def main() -> int:
    """Look for news until there are some, build them, and end; or end when standard input closes."""
    closed, last = threading.Event(), None
    threading.Thread(target=lambda: (sys.stdin.read(), closed.set()), daemon=True).start()
    try:
        layout = Layout.default()
        while not closed.is_set():
            start = time.perf_counter()
            if not up_to_date(layout):
                _say(BUILDING)
                build(layout, lambda done, total: _say(BUILDING, done=done, total=total), fill_answers)
                _say(BUILT)
                break
            if last is None:
                last = _say(SAME)
            closed.wait(min(max(RESTS * (time.perf_counter() - start), SHORTEST_S), LONGEST_S))
    except (OSError, StoreError) as error:
        _say(FAILED, reason=reason(error))
    return 0


def _say(state: str, **more) -> str:
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps({"state": state, **more}), flush=True)
    return state


if __name__ == "__main__":
    sys.exit(main())
