"""Many visitors at once on a real Streamlit server: the report, beside an empty app in the same run.

A visitor goes from page to page on one websocket, to a random question of each, with a pause between the views or
(at saturation) none, and connects again where the connection was lost.
"""

import asyncio
import collections
import contextlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from websockets.exceptions import WebSocketException

from tests.bench.server import VIEWS, FailedError, empty_app, server, visit, visitor
from tests.conftest import PROJECT

PAUSE_S = (5.0, 15.0)
PUBLISHED_EVERY_S = 5.0
# p95: within this, or within so many times the empty app's, whichever is larger
ENOUGH_S, TIMES_EMPTY = 1.0, 3.0

# publishes a new training run again and again, as a cluster's trainings would
PUBLISH = f"""
import itertools, sys, time
from pathlib import Path
from compute.core.runs import write_run
from store.build import build
from store.fill import fill_answers
from store.layout import Layout
from tests.conftest import make_run, steps
layout = Layout.at(Path(sys.argv[1]))
for seed in itertools.count(10_000):
    start = time.monotonic()
    write_run(make_run(seed=seed), {{"steps": steps(1_000)}}, layout.runs)
    build(layout, finish=fill_answers)
    time.sleep(max(0.0, {PUBLISHED_EVERY_S} - (time.monotonic() - start)))
"""


@dataclass
class Row:
    """What the visitors of one phase saw: seconds of each view that came (of a first one with the connection), errors
    by what they say, peak MiB of the server and its seconds of processor time.
    """

    name: str
    seconds: float
    views: list[float] = field(default_factory=list)
    errors: collections.Counter = field(default_factory=collections.Counter)
    mib: float = 0.0
    processor_s: float = 0.0

    @property
    def p50_s(self) -> float:
        """The median view."""
        return statistics.median(self.views) if self.views else float("nan")

    @property
    def p95_s(self) -> float:
        """The view that 95 % are faster than."""
        return sorted(self.views)[int(0.95 * (len(self.views) - 1))] if self.views else float("nan")

    @property
    def views_per_s(self) -> float:
        """Views that came, by the seconds in which they were asked for."""
        return len(self.views) / self.seconds


async def crowd(
    row: Row, port: int, pid: int, views: Sequence[str], visitors: int, pause_s: tuple[float, float] | None, seed: int
) -> Row:
    """Let visitors look at random views for the row's seconds, and wait for what they have asked for by then."""
    end = time.monotonic() + row.seconds

    async def one(number: int) -> None:
        choose, socket, page = random.Random(f"{seed} {number}"), None, None
        if pause_s:  # they do not come all at once
            await asyncio.sleep(choose.uniform(0, min(pause_s[1], row.seconds / 2)))
        while time.monotonic() < end:
            try:
                start = time.perf_counter()
                socket = socket or await visitor(port).__aenter__()
                view = choose.choice([view for view in views if view.partition("?")[0] != page] or views)
                page = view.partition("?")[0]
                await visit(socket, view)
                row.views.append(time.perf_counter() - start)
            except (OSError, TimeoutError, WebSocketException, FailedError) as error:
                row.errors[f"{type(error).__name__} {error}".strip()] += 1
                if socket:
                    with contextlib.suppress(OSError, TimeoutError, WebSocketException):
                        await socket.close()
                socket = None
                await asyncio.sleep(0.1)
            if pause_s:
                await asyncio.sleep(min(choose.uniform(*pause_s), max(0.0, end - time.monotonic())))
        if socket:
            await socket.close()

    async def weigh() -> None:
        process = psutil.Process(pid)
        while True:
            row.mib = max(row.mib, process.memory_info().rss / 2**20)
            await asyncio.sleep(0.5)

    before_s = sum(psutil.Process(pid).cpu_times()[:2])
    weighing = asyncio.create_task(weigh())
    await asyncio.gather(*(one(number) for number in range(visitors)))
    weighing.cancel()
    row.processor_s = sum(psutil.Process(pid).cpu_times()[:2]) - before_s
    return row


@contextlib.contextmanager
def publishing(root: Path) -> Iterator[None]:
    """Another process publishes a new run in the store every few seconds."""
    command = [sys.executable, "-c", PUBLISH, str(root)]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


async def _see_all(port: int, views: Sequence[str]) -> None:
    """Look at each view once, so that what is measured is a server that has been running."""
    for view in views:
        async with visitor(port) as one:
            await visit(one, view)


def load(visitors: int, seconds: float, seed: int, views: Sequence[str] = VIEWS) -> Iterator[Row]:
    """A row for each phase, as it ends: the empty app and the report with pauses, the report while the store is
    published, and both at saturation.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(PROJECT / "store" / "runs", root / "runs")
        environment = {**os.environ, "REPORT_STORE": str(root)}
        subprocess.run(
            [sys.executable, "-m", "store", "build"], cwd=PROJECT, env=environment, check=True, capture_output=True
        )
        with server(empty_app(root)) as (empty, nothing), server(environment=environment) as (port, report):
            asyncio.run(_see_all(empty, ("/",)))
            asyncio.run(_see_all(port, views))

            def phase(name: str, of_report: bool, pause_s: tuple[float, float] | None) -> Row:
                where = (port, report.pid, views) if of_report else (empty, nothing.pid, ("/",))
                return asyncio.run(crowd(Row(name, seconds), *where, visitors, pause_s, seed))

            yield phase("an empty app", False, PAUSE_S)
            yield phase("the report", True, PAUSE_S)
            yield phase("an empty app, no pauses", False, None)
            yield phase("the report, no pauses", True, None)
            with publishing(root):
                yield phase("the report, published every 5 s", True, PAUSE_S)


def verdicts(rows: Sequence[Row]) -> Iterator[str]:
    """What the rows of `load` say about the targets, a line each."""
    empty, report, empty_full, report_full, published = rows
    limit = max(ENOUGH_S, TIMES_EMPTY * empty.p95_s)
    for what, holds in (
        (f"no error: {sum(row.errors.total() for row in rows)}", not any(row.errors for row in rows)),
        (f"p95 {report.p95_s:.2f} s, at most {limit:.2f} s", report.p95_s <= limit),
        (
            f"p95 while published {published.p95_s:.2f} s, at most {1.5 * limit:.2f} s",
            published.p95_s <= 1.5 * limit,
        ),
        (
            f"views a second at saturation {report_full.views_per_s / empty_full.views_per_s:.2f} of the empty app's,"
            " at least 0.50",
            2 * report_full.views_per_s >= empty_full.views_per_s,
        ),
        (f"memory {max(row.mib for row in rows):.0f} MiB, at most 500 MB", max(row.mib for row in rows) * 2**20 <= 5e8),
    ):
        yield f"{'reached' if holds else 'missed '}  {what}"
