"""`kill -9` at random moments, and right before random operations on files, of everything that writes."""

import random
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from tqdm import tqdm

from compute.core.runs import write_run
from tests.conftest import make_run, steps
from tests.faults import jobs, stores
from tests.faults.outcome import Outcome
from tests.faults.processes import Ended, work

MIXED = """
SELECT count(*) FROM runs r
WHERE note IS NOT NULL AND CAST(note AS INT) <> (SELECT count(*) FROM steps s WHERE s.run_id = r.run_id)
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing to kill: what happens before each time, the job, and what has to hold after a kill and once the job
    was given again; `share` of all kills.
    """

    share: int
    before: Callable[[Path], None]
    job: Callable[[Path], int]
    killed: Callable[[Path], str | None]
    completed: Callable[[Path], str | None]


def run(seed: int, count: int) -> Outcome:
    """Kill `count` times, each case with its share."""
    outcome, chance = Outcome(), random.Random(seed)
    whole = sum(case.share for case in CASES.values())
    with tempfile.TemporaryDirectory() as folder, tqdm(total=count, desc="kill", unit="kill") as bar:
        for name, case in CASES.items():
            root = Path(folder) / name
            root.mkdir()
            case.before(root)
            usual = work(case.job, root)  # unhindered: so long it takes, and so many operations
            if usual.code or (problem := case.completed(root)):
                outcome.add(name, "fails unhindered", problem or usual.said[-300:])
                continue
            for nth in range(max(1, count * case.share // whole)):
                _kill(outcome, chance, name, case, root, usual, nth)
                bar.update()
    return outcome


def _kill(outcome: Outcome, chance: random.Random, name: str, case: Case, root: Path, usual: Ended, nth: int) -> None:
    case.before(root)
    if nth % 2:
        kind = f"{name}, at a random moment"
        ended = work(case.job, root, kill_after_s=chance.uniform(0, 1.1 * usual.seconds))
    else:
        kind = f"{name}, before a file operation"
        ended = work(case.job, root, kill_before_operation=chance.randint(1, max(usual.operations, 1)))
    problem = None
    if ended.code not in (0, -9):
        problem = f"it ended with {ended.code}: {ended.said[-300:]}"
    problem = problem or case.killed(root)
    if problem is None:
        again = work(case.job, root)
        problem = (
            f"given again, it ended with {again.code}: {again.said[-300:]}" if again.code else case.completed(root)
        )
    outcome.add(kind, "killed" if ended.code == -9 else "was done before", problem and f"kill {nth}: {problem}")


def _artefacts_killed(root: Path) -> str | None:
    runs = {make_run(seed=seed).run_id for seed in range(jobs.RUNS)}
    return stores.half_runs(root) or stores.lost(root, runs if (root / "built").exists() else set()) or _unmixed(root)


def _unmixed(root: Path) -> str | None:
    return stores.not_built(root, MIXED, [(0,)])


def _artefacts_done(root: Path) -> str | None:
    rows = [(jobs.STEPS[jobs.generation(root)],) for _ in range(jobs.RUNS)]
    return stores.not_built(root, "SELECT count(*) FROM steps GROUP BY run_id", rows)


def _before_import(root: Path) -> None:
    jobs.next_generation(root)
    jobs.logs(root)


def _import_killed(root: Path) -> str | None:
    before = set(stores.visible(root))
    problem = stores.half_runs(root)
    # the first of all imports may have written some of its runs
    return (
        problem
        or stores.lost(root, before)
        or stores.not_built(
            root, "SELECT DISTINCT count(*) NOT IN (10, 12) FROM epochs GROUP BY run_id", [(False,)] if before else []
        )
    )


def _import_done(root: Path) -> str | None:
    rows = [(jobs.EPOCHS[jobs.generation(root)],) for _ in jobs.LOGS]
    return stores.not_built(root, "SELECT count(*) FROM epochs GROUP BY run_id", rows)


def _before_build(root: Path) -> None:
    """Three runs and a fourth, fifth, … one; from forty on it begins anew, without any version."""
    there = len(stores.visible(root))
    if there >= 40:
        shutil.rmtree(root / "runs")
        shutil.rmtree(root / "built")
        there = 0
    for seed in range(there, max(there + 1, jobs.RUNS)):
        write_run(make_run(seed=seed), {"steps": steps(400)}, root / "runs")
    if there % 3 == 1:
        write_run(make_run(seed=there - 1), {"steps": steps(300)}, root / "runs")


def _build_killed(root: Path) -> str | None:
    return stores.half_runs(root) or stores.unreadable(root, expected=len(stores.visible(root)) > jobs.RUNS)


def _build_done(root: Path) -> str | None:
    return stores.unreadable(root) or stores.not_built(
        root, "SELECT count(DISTINCT run_id) FROM steps", [(len(stores.visible(root)),)]
    )


def _before_training(root: Path) -> None:
    shutil.rmtree(root / "checkpoints", ignore_errors=True)
    if stores.visible(root):
        (run,) = stores.visible(root)
        if not (root / "reference.parquet").exists():
            shutil.copyfile(root / "runs" / run / "steps.parquet", root / "reference.parquet")
        shutil.rmtree(root / "runs")


def _training_killed(root: Path) -> str | None:
    return stores.half_runs(root)


def _training_done(root: Path) -> str | None:
    if len(found := stores.visible(root)) != 1:
        return f"there are the runs {found}"
    if problem := stores.half_runs(root):
        return problem
    if any((root / "checkpoints").glob("*/state*")):
        return "a checkpoint of the finished training is left"
    reference = root / "reference.parquet"
    if reference.exists() and not pq.read_table(reference).equals(
        pq.read_table(root / "runs" / found[0] / "steps.parquet")
    ):
        return "the losses differ from those of a training that nobody killed"
    return None


CASES = {
    "artefact": Case(
        share=10, before=jobs.next_generation, job=jobs.artefact, killed=_artefacts_killed, completed=_artefacts_done
    ),
    "import": Case(share=7, before=_before_import, job=jobs.import_logs, killed=_import_killed, completed=_import_done),
    "build": Case(share=10, before=_before_build, job=jobs.build, killed=_build_killed, completed=_build_done),
    "training": Case(
        share=3, before=_before_training, job=jobs.train, killed=_training_killed, completed=_training_done
    ),
}
