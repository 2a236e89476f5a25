"""The export's files: a page a problem, the overview, the runs, one script with all charts, one CSV a figure."""

import json
import shutil
import tomllib
from collections.abc import Callable
from html import escape
from importlib import import_module
from pathlib import Path

from compute.core.vocabulary import PROBLEMS
from pages.export.collect import APP, ExportError, collect, views
from pages.export.elements import Drawing
from pages.export.explorers import Explorer, explorers
from store.reader import Reader

HERE = Path(__file__).parent / "templates"
TITLE = "Deep learning systems performance"
NEEDS = ("latex2mathml", "markdown_it", "mdit_py_plugins", "vl_convert")
SNIPPET = "window.vegaEmbed = vegaEmbed;"


def write(reader: Reader, folder: Path, progress: Callable = lambda items: items) -> tuple[list[Path], list[str]]:
    """Write the whole report into a folder that is made; its files, and the kinds of element that it cannot show.

    `progress` wraps the list of views. Raises ExportError where a page ends in an error or a package is missing.
    """
    bundle, template = _needed()
    sliders = {one.question: one for one in explorers(reader)}
    parts: dict[str, list[str]] = {}
    charts, files, unknown = {}, {}, []
    for page, question in progress(views(reader)):
        drawing = Drawing(collect(page, question))
        inside = drawing.html()
        if explorer := sliders.get(question or ""):
            inside += _explorer(explorer, charts)
        parts.setdefault(page, []).append(f'<section class="question">{inside}</section>')
        charts |= drawing.charts
        files |= drawing.files
        unknown += drawing.unknown
    shutil.rmtree(folder / "csv", ignore_errors=True)
    (folder / "csv").mkdir(parents=True)
    written = {}
    titles = {
        "overview": TITLE,
        **{n: f"Problem {p.number}: {p.title}" for n, p in PROBLEMS.items()},
        "runs": "All runs",
    }
    names = {page: "index.html" if page == "overview" else f"{page}.html" for page in titles}
    for page, title in titles.items():
        written[names[page]] = template.render(
            title=title, report=TITLE, names=names, titles=titles, page=page, parts=parts.get(page, []),
            version=reader.version,
        )  # fmt: skip
    data = json.dumps({"charts": charts, "themes": themes()}, separators=(",", ":")).replace("</", "<\\/")
    written["data.js"] = f"window.REPORT={data};\n"
    written["vega.js"] = f"(function(){{{bundle}}})();\n"
    for name in ("report.js", "style.css"):
        written[name] = (HERE / name).read_text(encoding="utf-8")
    for name, rows in files.items():
        written[f"csv/{name}.csv"] = rows.to_csv(index=False)
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in written], sorted(set(unknown))


def themes() -> dict[str, dict]:
    """Vega's settings for light and dark, from the app's theme."""
    theme = tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    return {name: _vega(theme[name]) for name in ("light", "dark")}


def _vega(theme: dict) -> dict:
    text = {"labelColor": theme["textColor"], "titleColor": theme["textColor"]}
    return {
        "background": theme["backgroundColor"],
        "font": "sans-serif",
        "range": {"category": theme["chartCategoricalColors"]},
        "axis": {
            **text,
            "gridColor": "#8883",
            "domainColor": "#8888",
            "tickColor": "#8888",
            "titleFontWeight": "normal",
        },
        "legend": text,
        "header": text,
        "title": {"color": theme["textColor"]},
        "text": {"color": theme["textColor"]},
        "view": {"stroke": "transparent"},
    }


def _explorer(explorer: Explorer, charts: dict) -> str:
    name = f"sliders-{explorer.question.replace('.', '-')}"
    charts[name] = {"spec": explorer.specification()}
    title = escape(explorer.title)
    return (
        f'<section class="card"><h4 id="{name}">{title}</h4><p><span class="badge gray">modelled</span></p>'
        f'<div class="chart" id="chart-{name}" role="group" aria-label="{title}"></div>'
        f'<div class="caption"><p>{escape(explorer.caption)}</p></div></section>'
    )


def _needed() -> tuple[str, object]:
    """Vega's script and the template. Raises ExportError where a package is missing."""
    try:
        for name in NEEDS:
            import_module(name)
        import vl_convert
    except ImportError as error:
        raise ExportError(
            f"the export needs {error.name}; install it with: pip install -r pages/export/requirements.txt"
        ) from error
    from jinja2 import Environment, FileSystemLoader

    return vl_convert.javascript_bundle(SNIPPET), Environment(
        loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True
    ).get_template("page.html.j2")
