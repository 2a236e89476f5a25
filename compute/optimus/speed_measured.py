"""The experiment `speed`: parameter-server training timed for numbers of servers and workers, and Eqs. 3 and 4 fitted.

    python -m compute speed --servers 1,2,4 --workers 1,2,4,8

On one machine all actors share its cores, so that its θ measure contention and not a network: more
workers slow each other down. `load` in the configuration is the load average before it began: what else
the cores had to do. Results: `speed_samples`, `speed_models`, `speed_intervals`, `speed_errors`.
"""

import os
import time
from pathlib import Path

import torch
from tqdm import tqdm

from compute.cluster.connection import connected
from compute.core.runs import Run, write_run
from compute.core.speed import MODES
from compute.optimus.speed_fit import error_percent, fit, held_out_errors, theta_intervals
from compute.training import device as devices

BATCH = 64
STEPS = {"smoke": 2, "small": 30}
LEAST_POINTS = 5  # coefficients of Eq. 4


def run(runs: Path, scale: str, servers: tuple[int, ...], workers: tuple[int, ...], address: str | None) -> Path:
    """Measure every number of servers with every number of workers in both modes; returns the run's folder."""
    start, load = time.perf_counter(), round(os.getloadavg()[0], 1)
    with connected(address):
        samples, replaced, parameters = measure(servers, workers, STEPS[scale])
    device, here = devices.name(torch.device("cpu")), devices.cores()
    where = (
        f"measured here: contention for {here} cores, no network" if address is None else "measured on a Ray cluster"
    )
    record = Run(
        problem="optimus",
        job="speed",
        scale=scale,
        provenance="measured",
        identity=("device",),
        device=device,
        config={
            "servers": list(servers),
            "workers": list(workers),
            "batch": BATCH,
            "parameters": parameters,
            "steps": STEPS[scale],
            "cores": here,
            "replaced": replaced,
            "load": load,
        },
        seconds=round(time.perf_counter() - start, 3),
        note=where,
    )
    return write_run(record, {"speed_samples": samples, **fitted(samples, where)}, runs)


def measure(servers: tuple[int, ...], workers: tuple[int, ...], steps: int) -> tuple[list[dict], int, int]:
    """Rows of `speed_samples`, how many workers died and were replaced, and the network's parameters.

    A step before the clock starts warms the actors up; `steps` are those of all workers together.
    """
    import ray

    from compute.cluster.parameter_servers import Training, Worker

    actors = [Worker.remote(BATCH) for _ in range(max(workers))]
    ray.get([actor.ready.remote() for actor in actors])
    work = [(mode, p, w) for mode in MODES for p in servers for w in workers]
    rows, replaced, parameters = [], 0, 0
    for mode, p, w in tqdm(work, desc="measuring", unit="setting"):
        training = Training(p, actors[:w], BATCH)
        train = getattr(training, mode)
        train(w)
        start = time.perf_counter()
        train(steps)
        seconds = time.perf_counter() - start
        rows.append(
            {
                "mode": mode,
                "servers": p,
                "workers": w,
                "steps": steps,
                "seconds": seconds,
                "steps_per_s": steps / seconds,
            }
        )
        parameters = sum(len(one) for one in training.places)
        actors[:w], replaced = training.workers, replaced + training.replaced
        training.close()
    return rows, replaced, parameters


def fitted(samples: list[dict], source: str) -> dict[str, list[dict]]:
    """Rows of `speed_models`, `speed_intervals` and `speed_errors`; none of a mode with too few points."""
    tables: dict[str, list[dict]] = {"speed_models": [], "speed_intervals": [], "speed_errors": []}
    for mode in MODES:
        mine = [row for row in samples if row["mode"] == mode]
        if len(mine) < LEAST_POINTS:
            continue
        points = [[row[name] for row in mine] for name in ("servers", "workers", "steps_per_s")]
        batch, name = float(BATCH) if mode == MODES[0] else 1.0, f"measured here, {mode}"
        model = fit(mode, *points, batch)
        tables["speed_models"].append(
            {
                "name": name,
                "mode": mode,
                **{f"theta{i}": model.theta[i] if i < len(model.theta) else None for i in range(5)},
                "m_batch": batch if mode == MODES[0] else None,
                "source": source,
            }
        )
        tables["speed_intervals"] += [
            {"name": name, "theta": i, "low": low, "high": high}
            for i, (low, high) in enumerate(theta_intervals(mode, *points, batch))
        ]
        used = error_percent(model, *points)
        every = {"points": len(mine), "median_percent": used, "low_percent": used, "high_percent": used}
        tables["speed_errors"] += [{"name": name, **row} for row in [*held_out_errors(mode, *points, batch), every]]
    return tables
