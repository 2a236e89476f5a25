"""Every view in a real browser, light and dark, wide and narrow: charts drawn, nothing cut off, no error shown."""

import shutil
from urllib.parse import urlsplit

import pytest

from tests.bench.server import VIEWS, server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MAIN = "document.querySelector('[data-testid=stMain]')"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def address(everything):
    """The report with every experiment's results, so that every figure is drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPORT_STORE", str(everything.runs.parent))
        with server() as (port, _):
            yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1600), ("dark", 400)])
@pytest.mark.parametrize("view", VIEWS)
def test_view_is_drawn_whole(browser, address, view, scheme, width):
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:
        page = context.new_page()
        errors, elsewhere = [], []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: elsewhere.append(request.url) if leaves(request.url, address) else None)
        page.goto(address + view)
        page.wait_for_selector("h1, h2", timeout=30_000)
        page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')", timeout=30_000)
        if "question" in view and "2.1" not in view:
            page.wait_for_selector(
                "[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg, [data-testid=stDataFrame]",
                timeout=30_000,
            )
        assert page.query_selector("[data-testid=stException]") is None
        # a table is as wide as its text until its style is there, so the width is asked for until it settles
        page.wait_for_function(f"{MAIN}.scrollWidth <= {MAIN}.clientWidth", timeout=10_000)
        assert "⟨missing⟩" not in page.inner_text("[data-testid=stMain]")
        assert not errors
        assert not elsewhere, "a visitor's browser asks another host than the app"


def leaves(url: str, address: str) -> bool:
    """Whether a request goes to another host than the app; data and blobs are within the page."""
    scheme, host = urlsplit(url).scheme, urlsplit(url).netloc
    return scheme not in ("data", "blob") and host != urlsplit(address).netloc


def test_a_servers_first_visitor_may_follow_a_deep_link(browser):
    with server() as (port, _), browser.new_context(viewport={"width": 1200, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/flops?question=3.2")
        page.wait_for_selector("h2:has-text('3.2')", timeout=30_000)
        assert page.get_by_role("link", name="Overview").count() >= 1
