"""The page of the scheduler: its tables in the address, its limits, and the simulated evaluation beside the paper's."""

import shutil

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from compute.core.speed import AsynchronousSpeed
from compute.scheduling.baselines import equal
from compute.scheduling.jobs import Cluster, Job, Request
from compute.scheduling.policy import equal_shares
from compute.scheduling.simulate import Setting, simulate
from pages.parts.linked_table import decoded, encoded
from store.optimus import sandbox, schedules
from tests.conftest import PROJECT

SPEED = AsynchronousSpeed(theta=(1.0, 0.0, 0.0, 0.0))
TASK = {"worker": (1.0, 1.0), "server": (1.0, 1.0)}


def show(**query) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=180).run()
    for key, value in query.items():
        app.query_params[key] = value
    app.switch_page("pages/scheduler.py").run()
    assert not app.exception, app.exception
    return app


def test_equal_shares_divide_the_cluster_and_leave_the_rest():
    request = Request(steps_left=10, speed=SPEED, **TASK)
    assert equal([request] * 3, (20, 20)).tolist() == [[3, 3]] * 3, "20 / 3 holds three pairs of 2"
    assert equal([request] * 3, (4, 4)).tolist() == [[1, 1], [1, 1], [0, 0]], "too small to divide: one pair each"
    assert equal([], (4, 4)).shape == (0, 2)


def test_a_simulation_of_too_many_intervals_is_given_up():
    jobs = [Job(network="a", arrival_s=0, steps=1e6, speed=SPEED, **TASK)]
    with pytest.raises(ValueError, match="1 of 1 jobs are not done after 3 intervals .* make the jobs smaller"):
        simulate(jobs, Cluster(groups=((1, (4, 4)),)), equal_shares(), Setting(most_intervals=3))


def test_a_table_survives_the_address():
    rows = pd.DataFrame({"network": ["a-b", "c"], "examples": [0.5, 2.0], "machines": [3, 4]})
    assert encoded(rows) == "a-b,0.5,3;c,2,4"
    pd.testing.assert_frame_equal(decoded(encoded(rows), rows), rows)
    assert decoded("a,b;;x,nan?,1;a-b,0.5,three", rows).empty


def test_optimus_is_compared_with_the_others_on_the_readers_jobs(committed):
    jobs = (("ResNet-50", "synchronous", 1.0, 2.0, 0.0), ("DSSM", "asynchronous", 0.5, 5.0, 10.0))
    found = sandbox.outcome(committed, jobs, ((2, 16.0, 80.0),), 0, 10)
    totals = found.totals.set_index("scheduler")
    assert list(totals.index) == list(sandbox.NAMES.values())
    assert totals.loc["Optimus", "jct_ratio"] == 1 and (totals["jct_ratio"] >= 0.99).all()
    bars = found.bars.query("scheduler == 'DRF' and kind == 'tasks'")
    assert (bars["workers"] == bars["servers"]).all() and set(bars["job"]) == {"1 ResNet-50", "2 DSSM"}
    ends = found.bars.groupby(["scheduler", "job"])["end_h"].max()
    assert ends.tolist() == pytest.approx(found.jobs.set_index(["scheduler", "job"])["end_h"].loc[ends.index].tolist())


def test_larger_errors_change_what_optimus_decides(committed):
    jobs = tuple((name, "synchronous", 1.0, 2.0, 0.0) for name in ("ResNet-50", "DSSM", "Seq2Seq"))
    exact, wrong = (sandbox.outcome(committed, jobs, ((4, 16.0, 80.0),), e, 10).totals["jct_h"][0] for e in (0, 80))
    assert exact != wrong


def test_the_evaluation_stands_beside_the_papers(committed):
    rows = schedules.ratios(committed).set_index(["experiment", "setting", "scheduler"])
    testbed = rows.loc[("testbed", "testbed", "DRF")]
    assert testbed["paper_jct"] == 2.39 and 1 < testbed["jct_low"] < testbed["jct"] < testbed["jct_high"]
    assert rows["paper_jct"].notna().sum() == 14
    assert schedules.summary(committed)["comparisons"][0] == 28
    assert schedules.assumptions(committed).query("setting == 'trace'")["DRF"].isna().all()


def test_the_link_restores_jobs_and_machines(committed_root):
    app = show(jobs="Seq2Seq,synchronous,1,2,0", machines="2,8,48", scheduler="DRF")
    said = "\n".join(element.value for element in app.markdown)
    assert "DRF gives 1 Seq2Seq up to" in said


@pytest.mark.parametrize("value", ["x", "<script>,synchronous,1,2,0", "Seq2Seq,synchronous,nan,2,0", "9" * 400])
def test_an_address_that_makes_no_sense_shows_the_default(committed_root, value):
    app = show(jobs=value, machines=value, error=value, interval=value, scheduler=value, measure=value)
    assert any("Optimus gives" in element.value for element in app.markdown)


def test_jobs_that_are_too_long_say_so(committed_root):
    app = show(jobs="DeepSpeech2,synchronous,9000,0.1,0")
    assert any("make the jobs smaller" in element.value for element in app.warning)


@pytest.fixture(scope="module")
def committed_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("store")
    shutil.copytree(PROJECT / "store" / "runs" / "optimus-schedule-small", root / "runs" / "optimus-schedule-small")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPORT_STORE", str(root))
        yield root
