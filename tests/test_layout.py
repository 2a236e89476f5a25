"""Where the built store lies: beside the runs, or in the user's cache where nothing can be written there."""

import os

from store.build import build
from store.layout import Layout, _at_folder
from tests.conftest import make_run, steps


def test_a_folder_that_cannot_be_written_to_is_built_in_the_cache(tmp_path, monkeypatch):
    from compute.core.runs import write_run

    root = tmp_path / "store"
    write_run(make_run(), {"steps": steps()}, root / "runs")
    monkeypatch.setenv("REPORT_STORE", str(root))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    _at_folder.cache_clear()
    layout = Layout.default()
    _at_folder.cache_clear()
    assert layout.runs == root / "runs" and layout.built.is_relative_to(tmp_path / "cache")
    assert build(layout).runs == 1
    assert [path.name for path in root.iterdir()] == ["runs"]
    # a store that was built there before is served as it is
    (root / "built").mkdir()
    Layout.at(root).pointer.write_text("{}", encoding="utf-8")
    assert Layout.default().built == root / "built"
    _at_folder.cache_clear()
