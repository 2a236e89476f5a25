"""The simulator: by hand, and what no scheduler may do in it."""

import numpy as np
import pytest

from compute.core.speed import SynchronousSpeed
from compute.scheduling.jobs import Cluster, Job
from compute.scheduling.policy import SCHEDULERS, Policy
from compute.scheduling.simulate import Setting, simulate
from tests.test_scheduling_workload import HOW, NETWORK, draw, rng

CLUSTER = Cluster(groups=((3, (16, 80)), (2, (8, 48))))
ERRORS = Setting(checkpoint_s=15, epochs_error=0.2, speed_error=0.1, seed=1)
POLICIES = [Policy(allocation=a, placement=p) for a in SCHEDULERS for p in SCHEDULERS]
POLICIES += [
    Policy(allocation="optimus", placement="optimus", shrink=False),
    Policy(allocation="tetris", placement="tetris", turn=16),
]


def fixed(steps: float, arrival_s: float = 0.0, seconds: float = 1.0) -> Job:
    """A job that takes so many seconds a step, whatever it gets."""
    speed = SynchronousSpeed(theta=(0, seconds, 0, 0, 0), batch=1)
    return Job(network="net", arrival_s=arrival_s, steps=steps, speed=speed, worker=(2.0, 8.0), server=(3.0, 9.0))


def drawn(count: int = 25, seed: int = 0) -> tuple[Job, ...]:
    return draw(rng(seed), [NETWORK], np.sort(rng(seed).uniform(0, 4000, count)), **HOW)


def optimus(**changes) -> Policy:
    return Policy(allocation="optimus", placement="optimus", **changes)


def test_one_job_by_hand():
    """It arrives at 100 s, waits for the interval at 600 s and runs for 1,000 s on one of each, as more do not help."""
    found = simulate([fixed(1000, arrival_s=100)], CLUSTER, optimus())
    assert (found.start_s[0], found.finish_s[0], found.jct_s, found.makespan_s) == (600, 1600, 1500, 1500)
    rows = list(
        zip(
            *(found.timeline[name].tolist() for name in ("interval", "servers", "workers", "start_s", "end_s")),
            strict=True,
        )
    )
    assert rows == [(1, 1, 1, 600, 1200), (2, 1, 1, 1200, 1600)]
    assert found.restarting_share == 0


def test_a_job_that_ends_with_the_interval_is_done():
    found = simulate([fixed(600), fixed(600, arrival_s=600)], CLUSTER, optimus())
    assert found.finish_s.tolist() == [600, 1200]


def test_a_change_costs_a_restart():
    """DRF gives everything to the first job alone, and shares when the second comes: 60 s for either change."""
    jobs = [fixed(1500), fixed(500, arrival_s=600)]
    free = simulate(jobs, CLUSTER, Policy(allocation="drf", placement="drf"))
    paid = simulate(jobs, CLUSTER, Policy(allocation="drf", placement="drf"), Setting(checkpoint_s=60))
    assert free.finish_s.tolist() == [1500, 1100]
    # the second is done within the interval; the first restarts when it comes and when it has gone
    assert paid.finish_s.tolist() == [1620, 1100]
    assert paid.restarting_s.tolist() == [120, 0] and paid.restarting_share == pytest.approx(120 / (1620 + 500))


@pytest.mark.parametrize(
    "policy", POLICIES, ids=lambda policy: f"{policy.allocation}-{policy.placement}-{policy.shrink}-{policy.turn}"
)
def test_every_job_ends_and_no_machine_is_overfull(policy):
    jobs = drawn()
    found = simulate(jobs, CLUSTER, policy, ERRORS)
    assert (
        np.isfinite(found.finish_s).all()
        and (found.finish_s > found.start_s).all()
        and (found.start_s >= found.arrival_s).all()
    )
    capacity, used, kinds = CLUSTER.capacity, {}, {}
    for interval, job, machine, servers, workers in zip(
        *(found.timeline[n].tolist() for n in ("interval", "job", "machine", "servers", "workers")), strict=True
    ):
        used[interval, machine] = (
            used.get((interval, machine), 0)
            + servers * np.array(jobs[job].server)
            + workers * np.array(jobs[job].worker)
        )
        kinds[interval, job] = kinds.get((interval, job), 0) + np.array([servers, workers])
        assert found.timeline["start_s"].min() >= 0
    assert all((taken <= capacity[machine] + 1e-6).all() for (_, machine), taken in used.items())
    assert all((both >= 1).all() for both in kinds.values())
    assert (found.timeline["start_s"] >= np.array([job.arrival_s for job in jobs])[found.timeline["job"]]).all()


def test_work_is_done_in_full():
    """What the timeline's tasks do in their time, less restarts, is what the jobs needed."""
    jobs = [fixed(steps, arrival_s) for steps, arrival_s in ((5000, 0), (700, 50), (2500, 700), (90, 3000))]
    found = simulate(jobs, CLUSTER, optimus(), Setting(checkpoint_s=20))
    assert (found.running_s - found.restarting_s).tolist() == pytest.approx([job.steps for job in jobs])


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_the_same_seed_gives_the_same_schedule(scheduler):
    policy = Policy(allocation=scheduler, placement=scheduler)
    one, two = (simulate(drawn(), CLUSTER, policy, ERRORS) for _ in range(2))
    assert (one.finish_s == two.finish_s).all()
    assert all((one.timeline[name] == two.timeline[name]).all() for name in one.timeline)


def test_errors_change_decisions_by_seed():
    jct_s = {
        simulate(drawn(), CLUSTER, optimus(), Setting(speed_error=0.4, epochs_error=0.4, seed=seed)).jct_s
        for seed in range(4)
    }
    assert len(jct_s) > 1


def test_what_cannot_be_simulated_is_refused():
    with pytest.raises(ValueError, match="no jobs"):
        simulate([], CLUSTER, optimus())
    with pytest.raises(ValueError, match="hold both"):
        simulate(
            [Job(network="big", arrival_s=0, steps=1, speed=NETWORK.synchronous, worker=(20, 1), server=(1, 1))],
            CLUSTER,
            optimus(),
        )
    with pytest.raises(ValueError, match="fraction"):
        Setting(epochs_error=20)
    with pytest.raises(ValueError, match="checkpoint_s"):
        Setting(checkpoint_s=600)
    with pytest.raises(ValueError, match="one of optimus, drf, tetris"):
        Policy(allocation="fifo", placement="drf")


def test_a_job_that_a_placement_never_fits_does_not_hang():
    """Load balancing puts the parameter server on the only machine that could hold the worker."""
    cluster = Cluster(groups=((1, (4, 20)), (1, (5, 5))))
    stuck = Job(network="big", arrival_s=0, steps=1, speed=NETWORK.synchronous, worker=(4, 10), server=(1, 1))
    assert simulate([stuck], cluster, optimus()).finish_s[0] > 0
    with pytest.raises(ValueError, match="finds no place"):
        simulate([stuck], cluster, Policy(allocation="drf", placement="drf"))
