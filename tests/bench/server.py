"""Page times and memory of a real Streamlit server, as visitors' browsers would meet it.

A visitor is a websocket that asks for a page and waits until the server says that the script has
finished; no browser takes part, so drawing is not measured.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from tests.conftest import PROJECT
from tests.questions import VIEWS as REPORT_VIEWS

VIEWS = tuple(
    "/" if page == "pages/overview.py" else f"/{Path(page).stem}" + (f"?question={question}" if question else "")
    for page, question in REPORT_VIEWS
)


class FailedError(Exception):
    """A view whose script failed; the message says how."""


def empty_app(folder: Path) -> Path:
    """An app with nothing but a title, written into a folder: what Streamlit itself and this way of measuring take."""
    app = folder / "app.py"
    app.write_text('import streamlit as st\nst.title("nothing")\n')
    return app


@contextmanager
def server(app: Path = PROJECT / "app.py", environment: dict[str, str] | None = None):
    """A server of the report, or of another app, on a free port; yields (port, process)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        app.name,
        "--server.headless=true",
        f"--server.port={port}",
        "--server.address=127.0.0.1",
    ]
    process = subprocess.Popen(
        command, cwd=app.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment or os.environ
    )
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        yield port, process
    finally:
        process.terminate()
        process.wait(10)


async def visit(socket_, view: str) -> float:
    """Ask for a view on an open websocket; seconds until its script has finished.

    The page is another one than that of the view before, or the view is the same: within a page the controls keep
    what they have, whatever the address says. Raises TimeoutError where the server says nothing for a minute, and
    FailedError where the script fails.
    """
    page, _, query = view.partition("?")
    ask = BackMsg()
    ask.rerun_script.page_name = page.strip("/")
    ask.rerun_script.query_string = query
    start = time.perf_counter()
    await socket_.send(ask.SerializeToString())
    while True:
        message = ForwardMsg.FromString(await asyncio.wait_for(socket_.recv(), 60))
        if message.HasField("delta") and message.delta.new_element.HasField("exception"):
            raise FailedError(f"{view}: {message.delta.new_element.exception.message}")
        if message.WhichOneof("type") == "script_finished" and message.script_finished in (
            ForwardMsg.FINISHED_SUCCESSFULLY,
            ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
        ):
            return time.perf_counter() - start


def visitor(port: int):
    """An open websocket to the server, as the browser's own."""
    address = f"ws://127.0.0.1:{port}/_stcore/stream"
    return connect(address, subprotocols=["streamlit"], max_size=None, open_timeout=60, ping_timeout=60)


async def _times(port: int, view: str, repeats: int) -> tuple[str, float, float]:
    async with visitor(port) as one:
        first = await visit(one, view)
        return view, first, statistics.median([await visit(one, view) for _ in range(repeats)])


async def _measure(port: int, process, repeats: int) -> tuple[list[tuple[str, float, float]], float]:
    rows = [await _times(port, view, repeats) for view in VIEWS]
    visitors = [await visitor(port).__aenter__() for _ in range(10)]
    for view in VIEWS:
        await asyncio.gather(*(visit(one, view) for one in visitors))
    megabytes = psutil.Process(process.pid).memory_info().rss / 2**20
    for one in visitors:
        await one.close()
    return rows, megabytes


def pages(repeats: int = 15) -> tuple[list[tuple[str, float, float]], float]:
    """For each view (name, first seconds, median seconds of later reruns), and MiB after ten visitors saw all; the
    first row is the empty app.
    """
    with tempfile.TemporaryDirectory() as folder, server(empty_app(Path(folder))) as (port, _):
        _, *empty = asyncio.run(_times(port, "/", repeats))
    with server() as (port, process):
        rows, megabytes = asyncio.run(_measure(port, process, repeats))
    return [("(an empty app)", *empty), *rows], megabytes


def reruns(runs: int, repeats: int = 9) -> Iterator[tuple[str, float, float, float]]:
    """For each view the median seconds of a warm rerun: of an empty app, of the report with the committed store, and
    with further training runs up to so many. The three are asked in turn, so that a busy moment meets all of them.
    """
    from tests.bench.store import make

    with contextlib.ExitStack() as stack:
        ports = []
        for more in (None, False, True):
            root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            if more is None:
                ports.append(stack.enter_context(server(empty_app(root)))[0])
                continue
            shutil.copytree(PROJECT / "store" / "runs", root / "runs")
            if more:
                make(root, runs - len(list((root / "runs").iterdir())))
            where = {**os.environ, "REPORT_STORE": str(root)}
            subprocess.run(
                [sys.executable, "-m", "store", "build"], cwd=PROJECT, env=where, check=True, capture_output=True
            )
            ports.append(stack.enter_context(server(environment=where))[0])
        for view in VIEWS:
            yield view, *asyncio.run(_in_turn(ports, view, repeats))


async def _in_turn(ports: list[int], view: str, repeats: int) -> list[float]:
    async with contextlib.AsyncExitStack() as stack:
        asked = [(await stack.enter_async_context(visitor(port)), view if port != ports[0] else "/") for port in ports]
        times = [[await visit(*one) for one in asked] for _ in range(repeats + 1)]
    return [statistics.median(each[1:]) for each in zip(*times, strict=True)]
