"""Streamlit's elements as HTML. Controls become the value that they had; figures' data become CSV files."""

import json
import re
from dataclasses import dataclass, field
from html import escape

import pandas as pd

from compute.core.vocabulary import PROBLEMS
from pages.export.collect import View
from pages.export.markup import inline, markdown
from pages.export.tables import frame, table

PAGES = {"overview": "index.html"}
EXPORTED = {"overview", *PROBLEMS, "runs"}  # the tools are links to nothing there: they need a server
STEP = re.compile(r'"([^"]+)" -> "([^"]+)" \[label="([^"]*)"\]')


@dataclass
class Drawing:
    """One view being drawn: the charts (specification and data) and CSV files that it has met, what it cannot show."""

    view: View
    charts: dict[str, dict] = field(default_factory=dict)
    files: dict[str, pd.DataFrame] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def html(self) -> str:
        """The whole view as HTML."""
        return self._children(self.view.main)

    def _children(self, block) -> str:
        return "".join(self._draw(child) for child in block.children.values())

    def _draw(self, node) -> str:
        if hasattr(node, "children"):
            return self._block(node)
        draw = getattr(self, f"_{node.type}", None)
        if draw is None:
            self.unknown.append(node.type)
            return '<p class="note">Shown in the running report only.</p>'
        return draw(node.proto)

    def _block(self, node) -> str:
        inside = self._children(node)
        if not inside:
            return ""
        if node.type == "expander":
            return f"<details><summary>{inline(_label(node))}</summary>{inside}</details>"
        if node.type in ("tab", "popover"):
            return f"<section><h4>{inline(_label(node))}</h4>{inside}</section>"
        if node.type == "column":
            return f'<div class="column">{inside}</div>'
        flex = getattr(node.proto, "flex_container", node.proto) if node.type == "flex_container" else None
        if flex is not None and flex.border:
            return f'<section class="card">{inside}</section>'
        if any(child.type == "column" for child in node.children.values()):
            return f'<div class="columns">{inside}</div>'
        if flex is not None and flex.direction == flex.Direction.HORIZONTAL:
            return f'<div class="row">{inside}</div>'
        return f"<div>{inside}</div>"

    # text

    def _title(self, proto) -> str:
        return ""  # the page has it already

    def _heading(self, proto) -> str:
        anchor = f' id="{escape(proto.anchor)}"' if proto.anchor else ""
        return f"<{proto.tag}{anchor}>{inline(proto.body)}</{proto.tag}>"

    _header = _subheader = _heading

    def _markdown(self, proto) -> str:
        text = markdown(proto.body)
        return f'<div title="{escape(proto.help)}">{text}</div>' if proto.help else text

    def _caption(self, proto) -> str:
        return f'<div class="caption">{markdown(proto.body)}</div>'

    def _alert(self, proto) -> str:
        return f'<div class="note">{markdown(proto.body)}</div>'

    _info = _warning = _error = _success = _alert

    def _divider(self, proto) -> str:
        return "<hr>"

    def _html(self, proto) -> str:
        return "" if re.match(r"\s*<(style|script)", proto.body) else proto.body

    def _json(self, proto) -> str:
        return f"<pre>{escape(json.dumps(json.loads(proto.body), indent=1))}</pre>"

    def _code(self, proto) -> str:
        return f"<pre>{escape(proto.code_text)}</pre>"

    def _metric(self, proto) -> str:
        return f'<div class="metric"><div>{inline(proto.label)}</div><strong>{inline(proto.body)}</strong></div>'

    def _page_link(self, proto) -> str:
        page = proto.page.strip("/").split("/")[-1].removesuffix(".py") or "overview"
        if page not in EXPORTED:
            return f"<p>{inline(proto.label)} (in the app)</p>"
        found = re.search(r"question=([\w.]+)", proto.query_string)
        anchor = f"#q{found[1].replace('.', '-')}" if found else ""
        return f'<p><a href="{PAGES.get(page, f"{page}.html")}{anchor}">{inline(proto.label)}</a></p>'

    # figures

    def _vega_lite_chart(self, proto) -> str:
        name = f"{self.view.page}-{(self.view.question or '').replace('.', '-')}-{len(self.charts) + 1}"
        data = frame(proto.data.data)
        self.charts[name] = {"spec": json.loads(proto.spec), "data": columns(data)}
        for other in proto.datasets:
            self.charts[name].setdefault("datasets", {})[other.name] = columns(frame(other.data.data))
        return f'<div class="chart" id="chart-{name}" role="img" aria-label="{escape(proto.alt or "Chart")}"></div>'

    def _dataframe(self, proto) -> str:
        return table(proto)

    def _graphviz_chart(self, proto) -> str:
        steps = "".join(f"<li>{escape(a)} → {escape(b)}: {escape(how)}</li>" for a, b, how in STEP.findall(proto.spec))
        return f"<ol>{steps}</ol>"

    def _download_button(self, proto) -> str:
        key = next((key for key in self.view.downloads if proto.id.endswith(f"-{key}")), None)
        if key is None:
            return ""
        name = f"{self.view.question or self.view.page}-{key.removeprefix('csv-')}"
        self.files[name] = self.view.downloads[key]
        return f'<p class="download"><a download href="csv/{escape(name)}.csv">{inline(proto.label)}</a></p>'

    # controls: what they were set to

    def _choice(self, proto) -> str:
        chosen = proto.default if isinstance(proto.default, int) else (list(proto.default) or [None])[0]
        options = [getattr(option, "content", option) for option in proto.options]
        label = getattr(proto, "label", "")
        if chosen is None or label == "Question" or chosen >= len(options):
            return ""
        return self._set(label, options[chosen])

    _button_group = _selectbox = _radio = _choice

    def _slider(self, proto) -> str:
        return self._set(proto.label, " to ".join(f"{value:g}" for value in proto.default))

    def _number_input(self, proto) -> str:
        return self._set(proto.label, f"{proto.default:g}")

    def _toggle(self, proto) -> str:
        return self._set(proto.label, "yes" if proto.default else "no")

    _checkbox = _toggle

    def _nothing(self, proto) -> str:
        return ""

    _button = _text_input = _text_area = _multiselect = _file_uploader = _empty = _nothing

    def _set(self, label: str, value: str) -> str:
        return f'<p class="control">{inline(label)}: <strong>{inline(str(value))}</strong></p>'


def _label(node) -> str:
    return getattr(node, "label", "") or getattr(node.proto, "label", "")


def columns(rows: pd.DataFrame) -> dict:
    """The rows as column names and lists of values, as JSON has them; missing values are null."""
    said = json.loads(rows.to_json(orient="split", index=False, date_format="iso", double_precision=10))
    return {"columns": said["columns"], "rows": said["data"]}
