"""The export: answers and charts as the app has them, small, and drawn from disk by a browser."""

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

from compute.core.loss_curve import LossCurve
from compute.core.paleo import Platform, layer_times
from compute.core.plans import plan
from pages.export import explorers
from pages.export.markup import markdown
from pages.export.tables import frame, shown
from store import answers
from store.flops import counts
from store.optimus import plans
from tests.conftest import PROJECT
from tests.questions import QUESTIONS, ROWS, VIEWS
from tests.test_browser import CHROMIUM, browser  # noqa: F401

MOST_BYTES = 10e6
PAGES = ("index", "transfer", "supervision", "flops", "optimus", "runs")


class Text(HTMLParser):
    """The words of a page by section of a question, without formulas."""

    def __init__(self):
        super().__init__()
        self.sections, self.skipped = [""], 0

    def handle_starttag(self, tag, attrs):
        if ("class", "question") in attrs:
            self.sections.append("")
        self.skipped += tag in ("math", "script", "style")

    def handle_endtag(self, tag):
        self.skipped -= tag in ("math", "script", "style")

    def handle_data(self, data):
        if not self.skipped:
            self.sections[-1] += data


def words(text: str) -> str:
    """Letters and digits alone: what no markup changes."""
    return "".join(re.findall(r"\w", text))


@pytest.fixture(scope="module")
def store_of_project(tmp_path_factory):
    """The committed runs in a folder of their own, named by REPORT_STORE."""
    root = tmp_path_factory.mktemp("store")
    (root / "runs").symlink_to(PROJECT / "store" / "runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPORT_STORE", str(root))
        yield root


@pytest.fixture(scope="module")
def exported(store_of_project, tmp_path_factory):
    """The export of the committed store."""
    from pages.export.write import write
    from store.build import build
    from store.layout import Layout
    from store.reader import open_reader

    folder = tmp_path_factory.mktemp("export")
    build(Layout.default())
    files, unknown = write(open_reader(Layout.default()), folder)
    assert not unknown, f"elements that the export cannot show: {unknown}"
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    return folder


def charts_of(folder) -> dict:
    return json.loads((folder / "data.js").read_text().removeprefix("window.REPORT=").strip().removesuffix(";"))[
        "charts"
    ]


@pytest.mark.slow
def test_every_answer_is_there_word_for_word(exported, committed):
    for problem in {row["problem"] for row in ROWS}:
        parser = Text()
        parser.feed((exported / f"{problem}.html").read_text(encoding="utf-8"))
        asked = [row["question"] for row in ROWS if row["problem"] == problem]
        for question, section in zip(asked, parser.sections[1:], strict=True):
            found, said = answers.answer(committed, question), words(section)
            for text in (found.headline, found.body, found.uncertain):
                plain = re.sub(r"\$\$.*?\$\$|\$[^$\n]+\$|\]\([^)]*\)", "\0", text, flags=re.DOTALL)
                # a list counts by itself, and the language of code is not shown
                plain = re.sub(r"^\s*\d+\. |^```\w+", "", plain, flags=re.MULTILINE)
                for piece in plain.split("\0"):
                    assert words(piece) in said, (question, piece)


@pytest.mark.slow
def test_every_chart_has_the_apps_specification_and_data(exported):
    from streamlit.testing.v1 import AppTest

    charts, met = charts_of(exported), 0
    for page, question in VIEWS:
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120)
        app.query_params["question"] = question or ""
        app.switch_page(page).run()
        name = page.removeprefix("pages/").removesuffix(".py")
        if question is None and name not in ("overview", "runs"):
            continue  # a tool, which the export leaves out
        for number, element in enumerate(app.get("vega_lite_chart"), 1):
            chart = charts[f"{name}-{(question or '').replace('.', '-')}-{number}"]
            assert chart["spec"] == json.loads(element.proto.spec)
            ours = pd.DataFrame(chart["data"]["rows"], columns=chart["data"]["columns"])
            theirs = frame(element.proto.data.data)
            theirs = pd.read_json(io.StringIO(theirs.to_json(orient="split", index=False)), orient="split")
            ours = pd.read_json(io.StringIO(ours.to_json(orient="split", index=False)), orient="split")
            pd.testing.assert_frame_equal(ours, theirs, check_dtype=False, rtol=1e-6, atol=1e-8)
            met += 1
    assert met == sum(not name.startswith("sliders") for name in charts) > len(QUESTIONS)


@pytest.mark.slow
def test_every_link_leads_to_a_file_of_the_export(exported):
    for page in PAGES:
        text = (exported / f"{page}.html").read_text(encoding="utf-8")
        for link in re.findall(r'(?:href|src)="([^"]+)"', text):
            if not re.match(r"https?:|data:|#", link):
                file, _, anchor = link.partition("#")
                assert (exported / file).is_file(), (page, link)
                assert not anchor or f'id="{anchor}"' in (exported / file).read_text(encoding="utf-8"), link


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
@pytest.mark.parametrize(("width", "scheme"), [(400, "dark"), (800, "light"), (1280, "light"), (1920, "dark")])
def test_the_export_is_drawn_from_disk_without_a_request(exported, browser, width, scheme):  # noqa: F811
    with browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme) as context:
        page, errors, elsewhere = context.new_page(), [], []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
        for name in PAGES:
            page.goto((exported / f"{name}.html").as_uri())
            page.wait_for_function(
                "[...document.querySelectorAll('.chart')].every(c => c.dataset.drawn || c.dataset.failed)"
            )
            assert page.query_selector("[data-failed]") is None
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert not errors and not elsewhere
        if width == 1280:
            page.goto((exported / "optimus.html").as_uri())
            page.wait_for_selector("#chart-sliders-4-3[data-drawn]")
            before = page.inner_html("#chart-sliders-4-3 svg")
            page.locator("#chart-sliders-4-3 input[type=range]").first.fill("8")
            page.wait_for_function("s => document.querySelector('#chart-sliders-4-3 svg').innerHTML !== s", arg=before)


def value(explorer, line: str, x: float, **changed) -> float:
    """A line of an explorer at x, by Python: its expressions hold only arithmetic."""
    names = {slider.name: slider.value for slider in explorer.sliders} | changed
    return eval(explorer.lines[line], {"__builtins__": {}}, {**names, "x": x})


def test_the_sliders_hours_are_those_of_eq_4(committed):
    explorer, row = (
        explorers.hours(committed),
        next(plans.speed_models(committed).query("name == 'synchronous'").itertuples()),
    )
    speed = replace(plans._speed(row), batch=64.0)
    grid = plan(speed, images=30 * row.images_of_an_epoch, batch=64, servers=(2, 4))
    for servers, workers, hours in zip(grid.servers, grid.workers, grid.hours, strict=True):
        assert value(explorer, f"{servers} servers", int(workers), m=64, epochs=30) == pytest.approx(hours)


def test_the_sliders_loss_is_that_of_eq_1(committed):
    explorer = explorers.loss_curve(committed)
    curve = LossCurve(beta0=2e-4, beta1=0.3, beta2=0.1)
    assert value(explorer, "loss", 1000, b0=200, b1=0.3, b2=0.1) == pytest.approx(float(curve.loss(1000)))


def test_the_sliders_time_is_paleos(committed):
    explorer, rows = explorers.paleo(committed), counts.layers(committed, "vgg16")
    times = layer_times(
        rows["flops"], rows["input_bytes"], 4 * rows["params"], rows["activation_bytes"], 16,
        Platform(peak_tflops=10, memory_gbps=500, ppp=0.5),
    )  # fmt: skip
    at = {"peak": 10, "gbps": 500, "ppp": 50}
    assert value(explorer, "whole pass", 16, **at) == pytest.approx(times.total_ms.sum())
    assert value(explorer, "computing", 16, **at) == pytest.approx(times.compute_ms.sum())


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a **b** $x^2$", "<math"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "<td>1</td>"),
        (":green-badge[measured · full scale]", '<span class="badge green">measured · full scale</span>'),
        ("<script>alert(1)</script>", "&lt;script&gt;"),
        ('<h6 data-anchor="figure-a">\n\n**A &lt;b&gt;**\n\n</h6>', '<h6 id="figure-a">'),
    ],
)
def test_streamlits_markdown_becomes_html(text, html):
    assert html in markdown(text) and "<script>" not in markdown(text)


@pytest.mark.parametrize(
    ("number", "format_", "text"),
    [
        (1.23456, "%.2f", "1.23"),
        (None, "%.2f", ""),
        (float("nan"), None, ""),
        (True, None, "True"),
        (1e15, "scientific", "1.00e+15"),
    ],
)
def test_a_tables_values_have_the_apps_format(number, format_, text):
    assert shown(number, format_) == text
