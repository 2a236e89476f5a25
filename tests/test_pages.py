"""Every page renders on the committed store, a store with some runs, an empty one, and none at all."""

import shutil
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from store.build import build
from store.layout import Layout
from store.reader import Reader, forget, open_reader
from tests.conftest import PROJECT, make_run, steps
from tests.questions import BY_PROBLEM, ROWS, VIEWS

# what a store that has some results lacks on a page; 2.1 rests on papers alone
BARE = [("some runs", "pages/transfer.py"), ("some runs", "pages/supervision.py"), ("some runs", "pages/flops.py")]
HOSTILE = [
    "9.9",
    "'; DROP TABLE runs; --",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "\x00",
    "NaN",
    "-1",
    "9" * 400,
]


def committed_store(root):
    shutil.copytree(PROJECT / "store" / "runs", root / "runs")


def partial_store(root):
    from compute.core.runs import write_run

    write_run(make_run(), {"steps": steps()}, root / "runs")


def empty_store(root):
    (root / "runs").mkdir()


def no_store(root):
    # a file where the folder of built versions should be: nothing can be built
    (root / "built").write_text("")


def begun_store(root):
    """Every experiment has just begun: its first run is there and nothing else."""
    from tests import planted_supervision as supervision
    from tests import planted_transfer as transfer
    from tests.planted_optimus import plant

    supervision.plant(root / "runs", "noise", {"noise": 0}, 0, {"direct": [50] * 10, "linear": [50] * 10})
    supervision.plant(
        root / "runs",
        "resampling",
        {"sampling": "natural", "zipf": 1.0},
        0,
        {"linear": [50] * 10},
        more={"sizes": [9] * 10},
    )
    supervision.plant_teacher(root / "runs", "resnet20", 20, 0, 65)
    teacher = ("supervision-teacher-resnet20-small-s0",)
    supervision.plant(
        root / "runs",
        "student",
        {"kind": "selected", "k": 2, "p": 1},
        0,
        {"pretrained": [50] * 10, "final": [60] * 10},
        inputs=teacher,
    )
    transfer.plant_run(root / "runs", "finetune", 0.01, 0, 20, 64)
    plant(root / "runs", 20, "K80", 0)


STORES = {
    "begun": begun_store,
    "committed": committed_store,
    "some runs": partial_store,
    "empty": empty_store,
    "none": no_store,
}


@pytest.fixture(scope="module", params=["everything", *STORES])
def store(request, tmp_path_factory):
    if request.param == "everything":
        root = request.getfixturevalue("everything").runs.parent
    else:
        root = tmp_path_factory.mktemp("store")
        STORES[request.param](root)
    patch = pytest.MonkeyPatch()
    patch.setenv("REPORT_STORE", str(root))
    yield request.param
    patch.undo()


@pytest.fixture(scope="module")
def committed_root(tmp_path_factory):
    """A folder with the committed runs, whose store is built once for the tests that only read it."""
    root = tmp_path_factory.mktemp("committed")
    committed_store(root)
    build(Layout.at(root))
    return root


@pytest.fixture
def committed_app(committed_root, monkeypatch):
    monkeypatch.setenv("REPORT_STORE", str(committed_root))


def show(page: str, **query) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=180).run()
    for key, value in query.items():
        app.query_params[key] = value
    return app.switch_page(page).run()


def text(app: AppTest) -> str:
    parts = [*app.markdown, *app.info, *app.caption, *app.error, *app.warning]
    return "\n".join(element.value for element in parts)


@pytest.mark.parametrize(("page", "question"), VIEWS)
def test_page_renders(store, page, question):
    app = show(page, **({"question": question} if question else {}))
    assert not app.exception
    if store == "everything" and question:
        assert "still to come" not in text(app) and "not here yet" not in text(app)
    if store == "none" or (store == "empty" and question != "2.1") or ((store, page) in BARE and question != "2.1"):
        assert "python -m" in text(app)


def test_hostile_links_fall_back_to_defaults(committed_root, monkeypatch):
    monkeypatch.setenv("REPORT_STORE", str(committed_root))
    for value in HOSTILE:
        app = show("pages/flops.py", question=value, model=value, device=value, batch=value, ppp=value)
        assert not app.exception, quote(value)
        app = show("pages/flops.py", question="3.2", convention=value, network=value)
        assert not app.exception, quote(value)
        app = show("pages/runs.py", problem=value, scale=value)
        assert not app.exception, quote(value)


# controls of the pages whose results a test plants
CONTROLS = {
    "pages/transfer.py": (
        "dataset",
        "images",
        "split",
        "order",
        "class_a",
        "class_b",
        "curve",
        "cost",
        "network",
        "against",
    ),
    "pages/supervision.py": ("noise", "evaluated", "p", "k", "class"),
    "pages/optimus.py": (
        "curve",
        "piece",
        "training",
        "coefficient",
        "window",
        "target",
        "plan_target",
        "m",
        "cluster",
        "mode",
        "within_hours",
        "accuracy",
        "depth",
        "preset",
        "speed_imagenet",
        "fitted_mode",
        "exchange",
        "epochs_imagenet",
        "deadline",
    ),
}


@pytest.mark.parametrize("page", CONTROLS)
def test_hostile_links_to_planted_results_fall_back_to_defaults(everything, monkeypatch, page):
    monkeypatch.setenv("REPORT_STORE", str(everything.runs.parent))
    for value, question in zip(HOSTILE, cycle(BY_PROBLEM[Path(page).stem]), strict=False):
        app = show(page, question=question, **dict.fromkeys(CONTROLS[page], value))
        assert not app.exception, (question, quote(value))


@pytest.mark.parametrize("unknown", ["4.4", "3.1", "<script>alert(1)</script>", "9" * 400])
def test_a_link_to_a_question_that_the_page_does_not_have_lists_those_there_are(committed_app, unknown):
    app = show("pages/optimus.py", question=unknown)
    assert not app.exception
    assert "There is no question" in app.warning[0].value and "<script>" not in app.warning[0].value
    assert [link.label.split()[0] for link in app.get("page_link")] == [row["question"] for row in ROWS]
    assert not app.header, "no question's section is shown in place of the one that was asked for"


def test_the_list_of_questions_leads_to_a_question(committed_app):
    app = show("pages/optimus.py", question="4.4")
    app.sidebar.radio(key="question").set_value("4.2").run()
    assert not app.exception and not app.warning
    assert app.header[0].value.startswith("4.2")


@pytest.mark.parametrize("value", ["1e400", "-inf", "nan"])
def test_a_number_that_is_none_falls_back_to_the_default(committed_root, monkeypatch, value):
    monkeypatch.setenv("REPORT_STORE", str(committed_root))
    app = show("pages/flops.py", question="3.1", epochs=value, own_gb=value, device="my device")
    assert not app.exception
    assert app.number_input(key="epochs").value == 90 and app.number_input(key="own_gb").value == 24


def test_a_link_restores_the_view(committed_root, monkeypatch):
    monkeypatch.setenv("REPORT_STORE", str(committed_root))
    app = show("pages/flops.py", question="3.1", model="vgg19", batch="32", ppp="49")
    assert app.selectbox(key="model").value == "vgg19"
    assert (app.number_input(key="batch").value, app.slider(key="ppp").value) == (32, 49)


def test_the_next_rerun_shows_a_newly_published_run(tmp_path, monkeypatch):
    from compute.core.runs import write_run

    monkeypatch.setenv("REPORT_STORE", str(tmp_path))
    write_run(make_run(seed=0), {"steps": steps()}, tmp_path / "runs")
    app = show("pages/runs.py")
    assert len(app.dataframe[0].value) == 1
    write_run(make_run(seed=1), {"steps": steps()}, tmp_path / "runs")
    build(Layout.at(tmp_path))
    app.run()
    assert len(app.dataframe[0].value) == 2


def test_the_pages_name_what_was_left_out(tmp_path, monkeypatch):
    from compute.core.runs import write_run

    monkeypatch.setenv("REPORT_STORE", str(tmp_path))
    folder = write_run(make_run(seed=0), {"steps": steps()}, tmp_path / "runs")
    (folder / "run.json").write_text("{")
    app = show("pages/runs.py")
    assert folder.name in str(app.dataframe[0].value)
    assert "could not be used" in text(show("pages/overview.py"))


@pytest.mark.parametrize("page", ["pages/overview.py", "pages/supervision.py", "pages/runs.py"])
def test_a_query_that_fails_is_said_and_ends_the_page(everything, monkeypatch, page):
    monkeypatch.setenv("REPORT_STORE", str(everything.runs.parent))
    forget(open_reader(everything))
    monkeypatch.setattr(Reader, "_query", lambda *a: (_ for _ in ()).throw(duckdb.IOException("IO Error: no\nspace")))
    app = show(page, question="2.2b")
    assert not app.exception
    assert "IO Error: no space" in text(app)


def test_a_damaged_store_is_built_again(tmp_path, monkeypatch):
    partial_store(tmp_path)
    monkeypatch.setenv("REPORT_STORE", str(tmp_path))
    file = build(Layout.at(tmp_path)).file
    with open(file, "r+b") as handle:
        handle.write(bytes(12_288))
    app = show("pages/runs.py")
    assert len(app.dataframe[0].value) == 1
