"""The pieces of the load benchmark: what its rows and verdicts say, visitors on real servers, servers that share a
store.
"""

import asyncio
import collections
import os
import shutil
import time

import pytest

from compute.core.runs import write_run
from store.layout import Layout
from store.version import current
from tests.bench.load import Row, crowd, load, verdicts
from tests.bench.server import empty_app, server, visit, visitor
from tests.conftest import PROJECT, make_run, steps


def test_a_row_sums_up_its_views():
    row = Row("", 20.0, [0.01 * n for n in range(1, 101)])
    assert (row.p50_s, row.p95_s, row.views_per_s) == pytest.approx((0.505, 0.95, 5.0))


def five_rows(report_s: float, published_s: float, full: int, errors: int = 0, mib: float = 300) -> list[Row]:
    """Rows as `load` gives them: an empty app with views of 0.5 s and 100 views at saturation, and the report's."""
    failed = collections.Counter({"lost": errors} if errors else {})
    return [
        Row("", 10.0, [0.5]),
        Row("", 10.0, [report_s], failed, mib),
        Row("", 10.0, [0.5] * 100),
        Row("", 10.0, [0.5] * full),
        Row("", 10.0, [published_s]),
    ]


@pytest.mark.parametrize(
    ("rows", "missed"),
    [
        (five_rows(1.4, 2.2, 50), set()),
        (five_rows(1.6, 2.2, 50), {"p95 1"}),
        (five_rows(1.4, 2.3, 50), {"p95 w"}),
        (five_rows(1.4, 2.2, 49), {"views"}),
        (five_rows(1.4, 2.2, 50, errors=2), {"no er"}),
        (five_rows(1.4, 2.2, 50, mib=480), {"memor"}),
    ],
)
def test_verdicts_hold_the_report_to_the_empty_app(rows, missed):
    assert {line.split(maxsplit=1)[1][:5] for line in verdicts(rows) if line.startswith("missed")} == missed


@pytest.mark.slow
def test_each_phase_has_views_and_no_errors():
    rows = list(load(visitors=2, seconds=3.0, seed=0, views=("/runs", "/flops?question=3.4", "/?")))
    assert len(rows) == len(list(verdicts(rows))) == 5
    assert all(row.views and not row.errors and row.mib > 20 and row.processor_s > 0 for row in rows)


@pytest.mark.slow
def test_a_view_that_fails_is_an_error(tmp_path):
    app = empty_app(tmp_path)
    app.write_text("1 / 0")
    with server(app) as (port, process):
        row = asyncio.run(crowd(Row("", 0.5), port, process.pid, ["/"], 1, None, 0))
    assert not row.views
    assert all("division by zero" in said for said in row.errors) and row.errors


async def runs_shown(port: int) -> None:
    async with visitor(port) as one:
        await visit(one, "/runs")


@pytest.mark.slow
def test_two_servers_on_one_store_build_once_and_both_show_it(tmp_path):
    layout, environment = Layout.at(tmp_path), {**os.environ, "REPORT_STORE": str(tmp_path)}
    shutil.copytree(PROJECT / "store" / "runs", layout.runs)
    published = []

    def versions() -> list[str]:
        return sorted(file.name for file in layout.built.glob("results-*.duckdb"))

    async def both_are_visited() -> None:
        await asyncio.gather(*(runs_shown(port) for port in ports))

    with server(environment=environment) as (one, first), server(environment=environment) as (two, second):
        ports = (one, two)
        asyncio.run(both_are_visited())
        assert len(versions()) == 1
        runs = current(layout).runs
        for seed in (900, 901):
            write_run(make_run(seed=seed), {"steps": steps()}, layout.runs)
            end = time.monotonic() + 180
            while current(layout).runs < runs + seed - 899:
                assert time.monotonic() < end, "the new run is not built"
                asyncio.run(both_are_visited())
            published.append(current(layout).file.name)
        time.sleep(6)  # the other server's look
        asyncio.run(both_are_visited())
        assert versions()[1:] == published
        assert not list(layout.built.glob(".new-*"))
        first.kill()
        write_run(make_run(seed=902), {"steps": steps()}, layout.runs)
        end = time.monotonic() + 90
        while current(layout).runs < runs + 3:
            assert time.monotonic() < end, "the server that is left does not build"
            time.sleep(0.2)
        asyncio.run(runs_shown(two))
        assert second.poll() is None
