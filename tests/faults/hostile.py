"""Hostile addresses and control values on every page: no exception, nothing reflected unescaped, defaults instead."""

import math
import os
import random
import re
import tempfile
from pathlib import Path

from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1 import AppTest
from tqdm import tqdm

from store.build import build
from store.layout import Layout
from tests.conftest import PROJECT
from tests.faults.outcome import Outcome
from tests.questions import VIEWS

# markup that must not be shown as markup; each is also the text that must not stand in an element as it is
MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<b onmouseover=alert(1)>b</b>",
    "[click](http://evil.example)",
    "![x](http://evil.example/x.png)",
    "**evil**",
    "`evil`",
    "# evil",
    "$\\href{http://evil.example}{x}$",
    ":red[evil]",
    ":material/bomb:",
    "| a | b |\n|---|---|",
    "https://evil.example/login",
    "~~evil~~",
)
ODD = (
    "'; DROP TABLE runs; --",
    '" OR 1=1 --',
    "../../etc/passwd",
    "\x00",
    "\ufffd",
    "\u202egnp.exe",
    "%00%ff%fe",
    "{{7*7}}",
    "[[optimus.runs().n]]",
    "NaN",
    "inf",
    "-inf",
    "-1",
    "1e400",
    "0x10",
    "9" * 400,
    "[1,2",
    "null",
    "true",
    "",
    " ",
    "a" * 20_000,
    "é" * 3000,
    "question",
    "K80,V100",
    "1,2,3,4",
    "None",
)
TEXT = ("markdown", "caption", "info", "warning", "error", "success", "title", "header", "subheader", "exception")
CHOICES = ("selectbox", "radio", "segmented_control", "multiselect")
NUMBERS = (-1, 0, 1, 10**9, -(10**18), 0.5, 1e308, -1e308, math.nan, math.inf)
WHOLE = (-1, 0, 1, 10**9, -(2**62), 2**62)
CONTROLS = (*CHOICES, "slider", "number_input", "text_input", "text_area", "toggle", "checkbox")


def run(seed: int, count: int) -> Outcome:
    """Ask `count` times for a view with hostile values in the address, and in its controls for every third."""
    outcome, chance = Outcome(), random.Random(seed)
    before = os.environ.get("REPORT_STORE")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "runs").symlink_to(PROJECT / "store" / "runs")
        build(Layout.at(Path(folder)))
        os.environ["REPORT_STORE"] = folder
        try:
            keys = {view: _keys(view) for view in VIEWS}
            for _ in tqdm(range(count), desc="hostile", unit="view"):
                view = chance.choice(VIEWS)
                _ask(outcome, chance, view, keys[view])
        finally:
            os.environ.pop("REPORT_STORE")
            if before is not None:
                os.environ["REPORT_STORE"] = before
    return outcome


def _app(view: tuple[str, str | None], query: dict[str, str]) -> AppTest:
    page, question = view
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=120)
    for key, value in (({"question": question} if question else {}) | query).items():
        app.query_params[key] = value
    return app.switch_page(page)


def _keys(view) -> list[str]:
    """The keys of a view's controls, which an address may set."""
    app = _app(view, {}).run()
    return sorted({one.key for kind in CONTROLS for one in app.get(kind) if getattr(one, "key", None)})


def _value(chance: random.Random) -> str:
    value = chance.choice(MARKUP + ODD)
    return value if chance.random() < 0.8 else value + chance.choice(MARKUP + ODD)


def _ask(outcome: Outcome, chance: random.Random, view, keys: list[str]) -> None:
    place = "/".join(filter(None, view))
    chosen = chance.sample(keys, chance.randint(1, len(keys))) if keys else []
    if chance.random() < 0.7 and "question" in chosen:
        chosen.remove("question")  # most stay on the view, so that its other controls meet their values
    query = {key: _value(chance) for key in chosen}
    if chance.random() < 0.3:
        query[_value(chance)[:50] or "x"] = _value(chance)
    kind = "address"
    app, sent = None, []
    try:
        app = _app(view, query).run()
        if chance.random() < 0.33 and (states := _states(app, chance)).widgets:
            kind = "address and controls"
            sent = [f"{state.id.rsplit('-', 1)[-1]} {state.WhichOneof('value')}" for state in states.widgets]
            app = app._run(states)
        problem = _problem(app)
    except Exception as error:  # noqa: BLE001 what escapes is what is looked for
        problem = f"{type(error).__name__}: {error}"[:300]
    end = "shown" if app is not None else "not shown"
    outcome.add(kind, end, problem and f"{place} {query!r:.600} {sent}: {problem}")


def _states(app: AppTest, chance: random.Random) -> WidgetStates:
    """What a websocket sends as the state of the controls, some of them with hostile values."""
    states, controls = app._tree.get_widget_states(), {}
    for kind in CONTROLS:
        controls |= {control.id: (kind, control) for control in app.get(kind)}
    for state in states.widgets:
        if state.id not in controls or chance.random() > 0.5:
            continue
        kind, old = controls[state.id][0], state.WhichOneof("value")
        if kind in ("slider", "number_input"):
            numbers = [chance.choice(NUMBERS) for _ in state.double_array_value.data or [0]]
            if old == "double_array_value":
                state.double_array_value.data[:] = numbers
            elif old:
                setattr(state, old, numbers[0] if old == "double_value" else chance.choice(WHOLE))
        elif old == "bool_value":
            state.bool_value = not state.bool_value
        elif old == "string_array_value":
            state.string_array_value.data[:] = [_value(chance) for _ in range(chance.randint(0, 2))]
        elif old == "string_value":
            state.string_value = _value(chance)
    return states


def _markup(text: str) -> str | None:
    """The markup that stands in a text without a backslash before it."""
    return next((markup for markup in MARKUP if re.search(rf"(?<!\\){re.escape(markup)}", text)), None)


def _problem(app: AppTest) -> str | None:
    if app.exception:
        return f"an exception is shown: {app.exception[0].message:.200}"
    for kind in TEXT:
        for element in app.get(kind):
            value = str(getattr(element, "value", ""))
            if reflected := _markup(value):
                return f"{kind} reflects {reflected!r}: {value:.200}"
    for kind in ("expander", "page_link", *CONTROLS):
        for element in app.get(kind):
            label = str(getattr(element, "label", ""))
            if reflected := _markup(label):
                return f"the label of a {kind} reflects {reflected!r}: {label:.200}"
    for kind in CHOICES:
        for element in app.get(kind):
            chosen = element.value if isinstance(element.value, (list, tuple)) else [element.value]
            if strange := [one for one in chosen if one is not None and str(one) not in map(str, element.options)]:
                return f"the {kind} {element.key} holds {strange[0]!r:.80}, which is none of its options"
    return None
