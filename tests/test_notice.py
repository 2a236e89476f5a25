"""Lines on how inputs were read are printed once, by the process that the user started."""

import multiprocessing

from compute.notice import say


def test_worker_processes_stay_silent(capsys, monkeypatch):
    say("one line")
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: object())
    say("the same line")
    assert capsys.readouterr().out == "one line\n"
