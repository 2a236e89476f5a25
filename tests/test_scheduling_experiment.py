"""The experiment `schedule`: its facts, an artefact that the store takes in, and what the committed results show."""

import ast
import json
import sys

import pytest

from compute.__main__ import main
from compute.optimus.schedule_cases import assumptions, cases
from compute.optimus.workloads import World, duration_for, evaluation, jobs, networks
from store.build import build
from store.reader import open_reader
from tests.conftest import PROJECT

BASE = World(jobs=60)


def test_the_testbed_is_the_papers():
    assert evaluation().cluster().capacity.sum(axis=0).tolist() == [7 * 16 + 6 * 8, 7 * 80 + 6 * 48]
    assert evaluation().checkpoint_s() == pytest.approx(0.0254 * 600)


def test_resnet50_is_table_2s_and_the_others_are_in_proportion():
    found = {network.name: network for network in networks(BASE)}
    assert len(found) == 9
    assert found["ResNet-50"].synchronous.theta == pytest.approx((1.02, 2.78, 4.92, 0.00, 0.02))
    assert found["ResNet-50"].asynchronous.theta == pytest.approx((2.83, 3.92, 0.00, 0.11))
    seq2seq = found["Seq2Seq"].synchronous.theta
    assert seq2seq == pytest.approx((1.02 * 0.075 / 0.449, 2.78 * 0.075 / 0.449, 4.92 * 9.1 / 25, 0.00, 0.02))
    assert found["KAGGLE"].epoch_steps == pytest.approx(37_920 / 128)


def test_the_later_codes_speeds():
    found = {network.name: network for network in networks(World(jobs=60, speeds="later"))}
    for name, step, size, bandwidth in (("ResNet-50", 0.449, 102.2, 91.9), ("DSSM", 0.567, 6.0, 92.1)):
        sync, alone = found[name].synchronous, found[name].asynchronous
        assert sync.theta[0] * sync.batch + sync.theta[1] == pytest.approx(step) == alone.theta[0]
        assert sync.theta[2] == pytest.approx(2 * size / bandwidth) == alone.theta[1]


def test_jobs_are_drawn_by_seed_and_for_every_kind_of_arrivals():
    assert jobs(BASE, 0, 0.02) == jobs(BASE, 0, 0.02) != jobs(BASE, 1, 0.02)
    assert len(jobs(BASE, 0, 0.02)) == 60
    assert len(jobs(World(jobs=60, arrivals="trace-like"), 0, 0.02)) == 126, "three an interval for seven hours"
    assert {job.mode for job in jobs(World(jobs=60, mode="synchronous"), 0, 0.02)} == {"synchronous"}


def test_durations_are_found_by_bisection():
    assert duration_for(500.0, lambda duration: 300 + 4000 * duration) == pytest.approx(0.05, rel=0.01)


def test_cases_do_not_collide():
    every = [*cases(60), *(one.case for one in assumptions(60) if one.case)]
    assert len({(case.experiment, case.setting) for case in every}) == len(every)
    assert len({one.setting for one in assumptions(60)}) == len(list(assumptions(60)))


def test_a_smoke_run_fits_the_store(layout):
    assert main(["schedule", "--scale", "smoke", "--runs", str(layout.runs)]) == 0
    version = build(layout)
    assert version.left_out == ()
    reader = open_reader(layout)
    settings = [*cases(6), *(one.case for one in assumptions(6) if one.case)]
    assert reader.one("SELECT count(DISTINCT (experiment, setting)), count(DISTINCT seed) FROM schedule_results") == (
        len(settings),
        2,
    )
    # every published ratio has a row of ours to stand beside
    lacking = """SELECT count(*) FROM optimus_results AS p WHERE NOT EXISTS (
        FROM schedule_results AS r
        WHERE (r.experiment, r.setting, r.scheduler) = (p.experiment, p.setting, p.scheduler))"""
    assert reader.one(lacking) == (0,)
    # every varied assumption is said in words
    varied = "SELECT count(DISTINCT setting) FROM schedule_results WHERE experiment = 'assumption'"
    assert reader.one(varied) == reader.one("SELECT count(*) FROM schedule_assumptions WHERE instead IS NOT NULL")
    # and the example's timeline is that of its jobs
    ends = """SELECT bool_and(j.finish_s = t.end_s) FROM schedule_jobs AS j JOIN (
        SELECT scheduler, job, max(end_s) AS end_s FROM schedule_timeline GROUP BY ALL) AS t USING (scheduler, job)"""
    assert reader.one(ends) == (True,)
    record = json.loads((layout.runs / "optimus-schedule-smoke" / "run.json").read_text())
    assert record["provenance"] == "modelled" and record["config"]["world"]["jobs"] == 6


COMMITTED = any((PROJECT / "store" / "runs").glob("optimus-schedule-*"))


@pytest.mark.skipif(not COMMITTED, reason="the experiment has not been run")
def test_the_papers_ordering_reproduces(committed):
    """Optimus before Tetris before DRF in mean completion time, however jobs train and arrive; their parts cost."""
    rows = committed.df("""
        SELECT experiment, setting, r.scheduler,
               avg(r.jct_s / o.jct_s) AS jct, avg(r.makespan_s / o.makespan_s) AS makespan
        FROM schedule_results AS r
        JOIN (FROM schedule_results WHERE scheduler = 'optimus') AS o USING (run_id, experiment, setting, seed)
        WHERE experiment IN ('testbed', 'mode', 'arrivals', 'allocation', 'placement') GROUP BY ALL
    """).pivot(index=["experiment", "setting"], columns="scheduler", values=["jct", "makespan"])
    whole = rows.query("experiment in ('testbed', 'mode', 'arrivals')")
    assert len(whole) == 5 and (whole["jct", "drf"] > whole["jct", "tetris"]).all()
    assert (whole[["makespan"]].drop(columns=("makespan", "optimus")) > 1).all(axis=None), "the baselines end later"
    assert (rows["jct"][["drf", "tetris"]] > 1).all(axis=None)
    allocation, placement = rows["jct"].loc["allocation"], rows["jct"].loc["placement"]
    assert (allocation.to_numpy() >= placement.to_numpy()).all(), "the allocation is worth more than the placement"


def test_schedulers_need_numpy_alone():
    """A page evaluates them, so that they import the standard library, numpy and the shared models."""
    for file in sorted((PROJECT / "compute" / "scheduling").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                assert name.split(".")[0] in {*sys.stdlib_module_names, "numpy"} or name.startswith(
                    ("compute.scheduling", "compute.core")
                ), file.name
