"""The report served where nothing can be written: from a read-only folder, and from a full disk."""

import os
import shutil
import subprocess
import sys

import pytest

from store.build import build
from store.layout import Layout
from tests.conftest import PROJECT
from tests.questions import VIEWS

# what a file may be written up to is a limit of the process, and 0 is a disk without space
SERVE = """
import resource, sys
from pathlib import Path
from streamlit.testing.v1 import AppTest

if {full}:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    Path({root!r}, "built", "written").write_text("text")
    sys.exit("the folder can be written to, so nothing would be tested")
except OSError:
    pass
app = AppTest.from_file({app!r}, default_timeout=180).run()
for page, question in {views!r}:
    app.query_params.clear()
    if question:
        app.query_params["question"] = question
    app.switch_page(page).run()
    said = [element.value for kind in ("exception", "error", "warning") for element in getattr(app, kind)]
    assert not said, (page, question, said)
    assert app.markdown
"""


def unprivileged() -> list[str]:
    """What a command begins with so that permissions bind it, whoever runs the tests."""
    if os.geteuid():
        return []
    if not shutil.which("setpriv"):
        pytest.skip("permissions do not bind root, and setpriv is not installed")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]


@pytest.fixture
def built(tmp_path):
    """A store with every committed run, built; nothing in it may be written from here on."""
    shutil.copytree(PROJECT / "store" / "runs", tmp_path / "runs")
    build(Layout.at(tmp_path))
    folders = [folder for folder in tmp_path.rglob("*") if folder.is_dir()] + [tmp_path]
    for folder in folders:
        folder.chmod(0o555)
    yield tmp_path
    for folder in folders:
        folder.chmod(0o755)


@pytest.mark.parametrize("full", [False, True], ids=["read-only folder", "full disk"])
def test_every_view_is_served(built, full):
    code = SERVE.format(full=full, root=str(built), app=str(PROJECT / "app.py"), views=VIEWS)
    where = {**os.environ, "REPORT_STORE": str(built), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*(unprivileged() if not full else []), sys.executable, "-c", code]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, env=where)
    assert done.returncode == 0, done.stderr[-2000:]
