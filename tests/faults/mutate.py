"""Mutated artefacts: each is left out with a reason that names the file, or is built; all other runs are there."""

import multiprocessing
import random
import shutil
import tempfile
from pathlib import Path

from tqdm import tqdm

from compute.core.runs import write_run
from store import catalogue
from store.build import build
from store.layout import Layout
from store.reader import open_reader
from store.version import StoreError
from tests import planted_supervision, planted_transfer
from tests.conftest import make_run, steps
from tests.faults.mutations import mutate
from tests.faults.outcome import Outcome
from tests.planted_optimus import plant

PATIENCE_S = 60
LONGEST_REASON = 400
_context = multiprocessing.get_context("spawn")


def run(seed: int, count: int) -> Outcome:
    """Build a store `count` times, each time with another artefact mutated in it."""
    outcome, done = Outcome(), 0
    with tqdm(total=count, desc="mutate", unit="artefact") as bar:
        while done < count:  # a build that brings its process down ends the worker, and another one goes on
            receive, send = _context.Pipe(duplex=False)
            worker = _context.Process(target=_work, args=(send, seed, done, count))
            worker.start()
            send.close()
            begun = "nothing"
            try:
                while done < count:
                    if not receive.poll(PATIENCE_S):
                        worker.kill()
                        raise EOFError
                    said = receive.recv()
                    if isinstance(said, str):
                        begun = said
                        continue
                    outcome.add(*said)
                    done += 1
                    bar.update()
            except EOFError:
                worker.join()
                end = "the build hung" if worker.exitcode == -9 else f"the process ended with {worker.exitcode}"
                outcome.add(begun.split()[0], end, f"attempt {done}, {begun}: {end}")
                done += 1
                bar.update()
            worker.join()
    return outcome


def plant_store(runs: Path) -> None:
    """A few runs of each problem; a fit that was made from a training, and says something of another."""
    for seed in range(2):
        write_run(make_run(seed=seed), {"steps": steps()}, runs)
    plant(runs, 20, "K80", 5)
    about = {"source_run": make_run(seed=1).run_id, "method": "one curve", "forecast_epochs": 3.0, "real_epochs": 3}
    row = about | {"epoch": 1, "drops": 0, "progress_percent": 50.0}
    write_run(make_run(job="fit", inputs=(make_run(seed=0).run_id,)), {"forecasts": [row]}, runs)
    network = {"model": "a", "variant": "caffe", "family": "x", "input_px": 8, "params": 1, "macs": 1, "other_ops": 1}
    write_run(make_run(problem="flops", job="layers"), {"networks": [network]}, runs)
    planted_transfer.plant_run(runs, "finetune", 0.01, 0, 20, 64)
    planted_supervision.plant(runs, "noise", {"noise": 0}, 0, {"direct": [50] * 10, "linear": [50] * 10})


def _work(send, seed: int, first: int, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root, whole = Path(folder) / "store", Path(folder) / "whole"
        layout = Layout.at(root)
        plant_store(whole)
        shutil.copytree(whole, root / "runs")
        names = sorted(path.name for path in whole.iterdir())
        assert build(layout).left_out == ()
        for nth in range(first, count):
            chance = random.Random(f"{seed} {nth}")
            name = chance.choice(names)
            how, file = mutate(chance, root / "runs" / name)
            send.send(f"{how} of {name}/{file}")
            end, problem = _build(layout, names, name, file)
            send.send((how, end, problem and f"attempt {nth}, {name}/{file}: {problem}"))
            shutil.rmtree(root / "runs" / name)
            shutil.copytree(whole / name, root / "runs" / name)
    send.close()


def _build(layout: Layout, names: list[str], mutated: str, file: str) -> tuple[str, str | None]:
    """How the build ended, and what did not hold."""
    try:
        version = build(layout)
        shown = set(catalogue.runs(open_reader(layout))["run_id"])
    except (OSError, StoreError) as error:
        return "nothing was built", f"nothing was built: {error}"
    except Exception as error:  # noqa: BLE001 what escapes is what is looked for
        return "an exception", f"{type(error).__name__}: {error}"[:400]
    left_out = {row["run_id"]: f"{row['file']}: {row['reason']}" for row in version.left_out}
    for run, reason in left_out.items():
        if run != mutated and mutated not in reason:
            return "another was left out", f"{run} was left out: {reason}"
        if len(reason) > LONGEST_REASON + 100 or "\n" in reason or "Traceback" in reason:
            return "a long reason", f"the reason is {reason!r:.300}"
    if shown != set(names) - set(left_out):
        return "runs are missing", f"the report shows {sorted(shown)}"
    if mutated not in left_out:
        return "built", None
    named = file in left_out[mutated] or "that a run can feed" in left_out[mutated]
    return "left out", None if named else f"the reason does not name the file: {left_out[mutated]}"
