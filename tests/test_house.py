"""The house's rules: data flows one way, the report stays light, nothing measured is typed."""

import ast
import os
import re
import subprocess
import sys
from importlib import import_module

import pytest

from tests.conftest import PROJECT
from tests.questions import VIEWS, YOUR_TRAINING

SQL = re.compile(r"\bSELECT\b.*\bFROM\b", re.DOTALL)
HEAVY = ("torch", "torchvision", "sklearn")
LAZY = ("scipy",)  # where a reader's own data are fitted, and only then
# the rooms of compute that the app needs, as README's "Host it" lists them
APP_ROOMS = {"compute.core", "compute.logs", "compute.fitting", "compute.scheduling"}
# what each floor may import of the others
MAY = {
    "compute": set(),
    "store": {"compute.core", "compute.scheduling"},
    "pages": {"store", "compute.ComputeError", *APP_ROOMS},
    "app.py": {"pages", "compute.core"},
}


def imports(file, everywhere: bool = True) -> set[str]:
    """The modules that a file imports; not `everywhere`: when it is loaded, leaving out what a function imports when it
    runs.
    """
    found, tree = set(), ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files(floor: str):
    path = PROJECT / floor
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("floor", MAY)
def test_floors_import_one_way(floor):
    for file in files(floor):
        for name in imports(file):
            top = name.split(".")[0]
            if top in ("compute", "store", "pages", "app", "tests") and top != floor:
                allowed = any(
                    name == other or name.startswith(f"{other}.") or other.startswith(f"{name}.")
                    for other in MAY[floor]
                )
                assert allowed, f"{file.relative_to(PROJECT)} imports {name}"


def literal(node: ast.Constant | ast.JoinedStr) -> str:
    """The text of a string or f-string, with a gap where a value is filled in; empty for other constants."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(literal(part) if isinstance(part, ast.Constant) else " … " for part in node.values)


@pytest.mark.parametrize("code", ['"SELECT run_id FROM runs"', 'f"SELECT {column} FROM {table} WHERE x"'])
def test_sql_is_found_in_plain_and_in_formatted_strings(code):
    assert SQL.search(literal(ast.parse(code, mode="eval").body))


def test_pages_hold_no_sql():
    for file in files("pages"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Constant, ast.JoinedStr)):
                assert not SQL.search(literal(node)), f"{file.relative_to(PROJECT)} holds SQL"


def test_the_ground_floor_needs_numpy_alone():
    for file in files("compute/core"):
        tops = {name.split(".")[0] for name in imports(file, everywhere=False)}
        assert tops <= {*sys.stdlib_module_names, "numpy", "compute"}, f"{file.name} imports {tops}"


def test_the_rooms_that_the_app_uses_stand_by_themselves():
    """Hosting needs no other room of compute, and no library that requirements.txt lacks."""
    libraries = {*sys.stdlib_module_names, "numpy", "scipy", "pyarrow", "compute"}
    for room in sorted(APP_ROOMS):
        for file in files(room.replace(".", "/")):
            names = imports(file)
            assert {name.split(".")[0] for name in names} <= libraries, file.name
            rooms = {".".join(name.split(".")[:2]) for name in names if name.startswith("compute.")}
            assert rooms <= {*APP_ROOMS, "compute.ComputeError"}, f"{file.name} imports {rooms}"


def test_scipy_is_imported_for_a_readers_log_and_not_before():
    for file in files("pages"):
        names = imports(file, everywhere=False)
        assert not any(name.startswith(("compute.fitting", *LAZY)) for name in names), file.name


def test_the_app_process_never_imports_the_batch_side(everything):
    code = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=180).run()
for views, unwanted in %r:
    for page, question in views:
        app.query_params["question"] = question
        app.switch_page(page).run()
        assert not app.exception, app.exception
    heavy = sorted({name.split(".")[0] for name in sys.modules} & set(unwanted))
    if heavy:
        sys.exit(f"imported {heavy}")
"""
    views = [(page, question or "") for page, question in VIEWS if (page, question) != YOUR_TRAINING]
    rounds = [(views, (*HEAVY, *LAZY)), ([(YOUR_TRAINING[0], "")], HEAVY)]
    where = {**os.environ, "REPORT_STORE": str(everything.runs.parent)}
    command = [sys.executable, "-c", code % (rounds,)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, env=where)
    assert done.returncode == 0, done.stderr[-2000:]


def test_requirements_of_the_report_name_nothing_heavy():
    """scipy is named, because the app imports it where a reader's own data are fitted, and only then."""
    named = re.findall(r"^([A-Za-z0-9_-]+)", (PROJECT / "requirements.txt").read_text(), re.MULTILINE)
    assert not {name.lower().replace("scikit-learn", "sklearn") for name in named} & (set(HEAVY) - {"scipy"})
    assert re.search(r"^duckdb==", (PROJECT / "requirements.txt").read_text(), re.MULTILINE), (
        "duckdb's file format needs an exact pin"
    )


@pytest.mark.parametrize("floor", ["app.py", "pages", "store", "compute"])
def test_public_functions_say_what_they_do(floor):
    for file in files(floor):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        if tree.body:
            assert ast.get_docstring(tree), f"{file.relative_to(PROJECT)} has no docstring"
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{file.relative_to(PROJECT)}: {node.name} has no docstring"


def hides_a_legend(code: str) -> bool:
    """Whether code switches a chart's legend off, by keyword (`legend=None`) or by method (`.legend(None)`)."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.keyword) and node.arg == "legend":
            values = [node.value]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "legend":
            values = node.args
        else:
            continue
        if any(isinstance(value, ast.Constant) and value.value is None for value in values):
            return True
    return False


@pytest.mark.parametrize("code", ["alt.Color('a', legend=None)", "alt.Color('a').legend(None)"])
def test_both_ways_of_hiding_a_legend_are_found(code):
    assert hides_a_legend(code)


def test_no_layer_of_a_chart_hides_the_legend_of_the_others():
    """Layers share their colour scale, so that one layer without a legend leaves the whole chart without it.

    Only a function without arguments may hide a legend, and then every layer of its chart has none.
    """
    for file in files("pages"):
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and hides_a_legend(ast.unparse(function)):
                assert not function.args.args, f"{file.relative_to(PROJECT)}: {function.name} hides a legend"
                module = import_module(".".join(file.relative_to(PROJECT).with_suffix("").parts))
                chart = getattr(module, function.name)()
                colours = [layer["encoding"].get("color", {}) for layer in chart.get("layer", [chart])]
                assert all(colour.get("legend", ...) is None for colour in colours if "field" in colour), function.name
