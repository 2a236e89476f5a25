"""The experiment `schedule`: Optimus against DRF and Tetris in simulation, section 6 of the paper case by case.

Jobs are as long as makes the mean completion time under Optimus what the paper measured; every ratio,
the makespans and what the schedulers do to each other's parts then follow. Where the paper says
nothing, the table `schedule_assumptions` says what is assumed, and the experiment `assumption` what
comes of another assumption.
"""

import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from compute.core.runs import Run, write_run
from compute.optimus.schedule_cases import Case, assumptions, cases
from compute.optimus.workloads import World, duration_for, evaluation, jobs
from compute.scheduling.assignment import expected, resnet50_blocks
from compute.scheduling.policy import Policy, policies
from compute.scheduling.simulate import Schedule, Setting, simulate

SEEDS = {"smoke": 2, "small": 20, "full": 50, "paper": 100}
SMOKE_JOBS = 6
CALIBRATION_SEEDS = 10
EXAMPLE = 0
SERVERS = range(1, 41)


def run(runs: Path, scale: str) -> Path:
    """Simulate every case with every seed and write the run; returns its folder."""
    start = time.perf_counter()
    count = SMOKE_JOBS if scale == "smoke" else int(evaluation().number("optimus_code_jobs"))
    simulator = Simulator(seeds=SEEDS[scale])
    others = list(assumptions(count))
    every = [*cases(count), *(one.case for one in others if one.case)]
    work = [(case, scheduler, policy) for case in every for scheduler, policy in case.policies.items()]
    results = [row for item in tqdm(work, desc="simulating", unit="case") for row in simulator.rows(*item)]
    example = World(jobs=count)
    tables = {
        "schedule_results": results,
        "schedule_assumptions": [
            {"setting": one.setting, "assumed": one.assumed, "instead": one.instead} for one in others
        ],
        **simulator.example(example, policies()),
        "parameter_balance": balances(),
    }
    record = Run(
        problem="optimus",
        job="schedule",
        scale=scale,
        provenance="modelled",
        config={
            "seeds": simulator.seeds,
            "interval_s": evaluation().interval_s(),
            "checkpoint_s": evaluation().checkpoint_s(),
            "world": asdict(example),
            "duration": simulator.duration(example),
            "example_seed": EXAMPLE,
        },
        seconds=round(time.perf_counter() - start, 3),
    )
    return write_run(record, tables, runs)


class Simulator:
    """Simulations on the testbed with seeds from 0; what two cases have in common is simulated once."""

    def __init__(self, seeds: int):
        self.seeds, self.cluster = seeds, evaluation().cluster()
        self.durations: dict[World, float] = {}
        self.done: dict[tuple[World, Policy, int], dict] = {}

    def rows(self, case: Case, scheduler: str, policy: Policy) -> list[dict]:
        """Rows of `schedule_results` for one scheduler of a case."""
        label = {"experiment": case.experiment, "setting": case.setting, "value": case.value, "scheduler": scheduler}
        label |= {"mode": case.world.mode, "arrivals": case.world.arrivals}
        return [{**label, "seed": seed, **self._result(case.world, policy, seed)} for seed in range(self.seeds)]

    def example(self, world: World, schedulers: dict[str, Policy]) -> dict[str, list[dict]]:
        """Rows of `schedule_jobs` and `schedule_timeline`: one simulation of each scheduler, in full."""
        rows: dict[str, list[dict]] = {"schedule_jobs": [], "schedule_timeline": []}
        trainings = jobs(world, EXAMPLE, self.duration(world))
        for scheduler, policy in schedulers.items():
            found = self.schedule(world, policy, EXAMPLE)
            for number_, job in enumerate(trainings):
                times = {name: float(getattr(found, name)[number_]) for name in ("arrival_s", "start_s", "finish_s")}
                rows["schedule_jobs"].append(
                    {"scheduler": scheduler, "job": number_, "network": job.network, "mode": job.mode, **times}
                )
            columns = {name: column.tolist() for name, column in found.timeline.items()}
            rows["schedule_timeline"] += [
                {"scheduler": scheduler, **dict(zip(columns, row, strict=True))}
                for row in zip(*columns.values(), strict=True)
            ]
        return rows

    def duration(self, world: World) -> float:
        """The factor on the jobs' durations; the same whatever the arrivals, modes, load, restarts and errors are."""
        basis = World(jobs=world.jobs, speeds=world.speeds, containers=world.containers, epochs=world.epochs)
        if basis not in self.durations:
            seeds, policy = range(min(self.seeds, CALIBRATION_SEEDS)), policies()["optimus"]

            def mean_jct_s(duration: float) -> float:
                return float(np.mean([self._simulate(basis, policy, seed, duration).jct_s for seed in seeds]))

            self.durations[basis] = duration_for(evaluation().number("optimus_jct_seconds"), mean_jct_s)
        return self.durations[basis]

    def schedule(self, world: World, policy: Policy, seed: int) -> Schedule:
        """One simulation."""
        return self._simulate(world, policy, seed, self.duration(world))

    def _simulate(self, world: World, policy: Policy, seed: int, duration: float) -> Schedule:
        setting = Setting(
            interval_s=evaluation().interval_s(),
            checkpoint_s=world.checkpoint * evaluation().checkpoint_s(),
            epochs_error=world.epochs_error,
            speed_error=world.speed_error,
            seed=seed,
        )
        return simulate(jobs(world, seed, duration), self.cluster, policy, setting)

    def _result(self, world: World, policy: Policy, seed: int) -> dict:
        key = (world, policy, seed)
        if key not in self.done:
            found = self.schedule(world, policy, seed)
            self.done[key] = {
                "jobs": len(found.arrival_s),
                "jct_s": found.jct_s,
                "makespan_s": found.makespan_s,
                "restarting_percent": 100 * found.restarting_share,
            }
        return self.done[key]


def balances() -> list[dict]:
    """Rows of `parameter_balance`."""
    blocks = resnet50_blocks()
    return [
        {"rule": rule, "servers": servers, **asdict(expected(rule, blocks, servers))}
        for rule in ("paa", "default")
        for servers in SERVERS
    ]
