"""The scheduler at three sizes: simulations of jobs like section 6's, and one decision for the paper's largest case."""

import time

from compute.optimus.workloads import World, evaluation, jobs
from compute.scheduling.jobs import Cluster, Request
from compute.scheduling.policy import Policy, decide
from compute.scheduling.simulate import Setting, simulate

SIMULATED = ((100, 100), (1000, 1000))
DECIDED = (4000, 16000)
MACHINE = (16.0, 80.0)
DURATION = 0.02


def simulations():
    """Yield jobs, machines and seconds of a whole simulation under Optimus."""
    for count, machines in SIMULATED:
        trainings = jobs(World(jobs=count), 0, DURATION)
        setting = Setting(checkpoint_s=evaluation().checkpoint_s(), epochs_error=0.2, speed_error=0.1)
        start = time.perf_counter()
        simulate(trainings, Cluster(groups=((machines, MACHINE),)), OPTIMUS, setting)
        yield count, machines, time.perf_counter() - start


def decision() -> tuple[float, int]:
    """Seconds of one decision of Optimus for 4,000 jobs on 16,000 machines, and the tasks that it places."""
    count, machines = DECIDED
    requests = [
        Request(steps_left=job.steps, speed=job.speed, worker=job.worker, server=job.server)
        for job in jobs(World(jobs=count), 0, DURATION)
    ]
    capacity = Cluster(groups=((machines, MACHINE),)).capacity
    start = time.perf_counter()
    placed = decide(requests, capacity, OPTIMUS)
    seconds = time.perf_counter() - start
    return seconds, sum(servers + workers for one in placed for _, servers, workers in one or ())


OPTIMUS = Policy(allocation="optimus", placement="optimus")
