"""What the experiment `schedule` simulates: section 6 of the paper, and the assumptions that its gaps ask for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from compute.optimus.workloads import World, evaluation
from compute.scheduling.assignment import default_load, paa_load
from compute.scheduling.evaluation import LIKE
from compute.scheduling.policy import SCHEDULERS, Policy, evenly, policies

ERRORS = (0.1, 0.2, 0.3, 0.4, 0.5)
PRIORITIES = (1.0, 0.95, 0.9, 0.8, 0.5)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One setting of an experiment: policies, by scheduler, on the jobs of a world; `value` is its number, if any."""

    experiment: str
    setting: str
    world: World
    policies: dict[str, Policy]
    value: float | None = None


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """What is assumed where the paper says nothing, and what instead of it in the case of the same name, if any."""

    setting: str
    assumed: str
    instead: str | None = None
    case: Case | None = None


def optimus(**changes) -> dict[str, Policy]:
    """Optimus alone."""
    return {"optimus": replace(policies()["optimus"], **changes)}


def amounts(name: str) -> str:
    """What a task takes, in words."""
    return "{:g} cores and {:g} GB".format(*evaluation().task(name))


def cases(jobs: int) -> Iterator[Case]:
    """Every case of section 6 for an experiment of so many jobs."""
    base = World(jobs=jobs)
    yield Case(experiment="testbed", setting="testbed", world=base, policies=policies())
    for mode in ("synchronous", "asynchronous"):
        yield Case(experiment="mode", setting=mode, world=replace(base, mode=mode), policies=policies())
    for arrivals in ("poisson", "trace-like"):
        yield Case(experiment="arrivals", setting=arrivals, world=replace(base, arrivals=arrivals), policies=policies())
    for part in ("allocation", "placement"):
        swapped = {name: replace(policies()["optimus"], **{part: name}) for name in SCHEDULERS}
        yield Case(experiment=part, setting="exchanged", world=base, policies=swapped)
    for setting, load in (("PAA", paa_load), ("MXNet default", default_load)):
        yield Case(experiment="assignment", setting=setting, world=base, policies=optimus(largest=load))
    exact = replace(base, epochs_error=0.0, speed_error=0.0)
    for name, what in (("both as assumed", base), ("none", exact)):
        yield Case(experiment="error", setting=name, world=what, policies=optimus())
    for kind in ("epochs", "speed"):
        for error in ERRORS:
            world = replace(exact, **{f"{kind}_error": error})
            yield Case(
                experiment="error", setting=f"{kind} {error:.0%}", value=100 * error, world=world, policies=optimus()
            )
    for factor in PRIORITIES:
        yield Case(
            experiment="priority",
            setting=f"{factor:g}",
            value=factor,
            world=base,
            policies=optimus(young_factor=factor),
        )


def assumptions(jobs: int) -> Iterator[Assumption]:
    """What the paper leaves open, most of it with another reading."""
    base, facts = World(jobs=jobs), evaluation()
    number = facts.number
    arrivals_s, restart_s = number("optimus_arrivals_seconds"), facts.checkpoint_s()

    def other(setting: str, assumed: str, instead: str, policies_=None, **changes) -> Assumption:
        case = Case(
            experiment="assumption", setting=setting, world=replace(base, **changes), policies=policies_ or policies()
        )
        return Assumption(setting=setting, assumed=assumed, instead=instead, case=case)

    many = f"{jobs} jobs arrive in {arrivals_s:g} s; the authors' code makes {number('optimus_code_jobs'):g} by default"
    yield other("half the jobs", many, "half as many, each longer", jobs=jobs // 2)
    yield other("twice the jobs", many, "twice as many, each shorter", jobs=2 * jobs)
    length = (
        f"the jobs are as long as makes Optimus' mean completion time the paper's {number('optimus_jct_seconds'):g} s"
    )
    yield other("half the load", length, "half as long", load=0.5)
    yield other("twice the load", length, "twice as long", load=2.0)
    yield other(
        "other epochs",
        "epochs to converge follow from Seq2Seq's printed loss curve, with k in epochs, and a threshold of 1 to 5 %",
        "from later code by the first author, fixed for each network",
        epochs="later",
    )
    yield other(
        "other speeds",
        "speeds are those of Table 2, in proportion to a network's computing and its parameters",
        "steps, sizes and bandwidths of later code by the first author, for GPUs: the exchange takes most of a step",
        speeds="later",
    )
    yield other(
        "larger tasks",
        f"a worker takes {amounts('code_worker')}, a server {amounts('code_server')}, as in the authors' code",
        f"{amounts('container')} for either, the containers of Fig. 4",
        containers="figure",
    )
    yield other(
        "free restarts",
        f"a restart takes {restart_s:.3g} s: the paper's share of the makespan if tasks change in every interval",
        "it costs nothing",
        checkpoint=0.0,
    )
    yield other(
        "even parameters",
        "the baselines' jobs use MXNet's default assignment with random keys, as unbalanced as for ResNet-50",
        "parameters are spread evenly for all",
        policies_=policies(largest=evenly),
    )
    many_pairs = int(number("dl2_code_most_workers"))
    rounds = "Tetris gives tasks in rounds, a worker with its parameter server to each job, the short and small first"
    yield other("four pairs at once", rounds, "up to four of each to a job in a round", policies_=policies(turn=4))
    yield other(
        "many pairs at once",
        rounds,
        f"up to {many_pairs} of each, the most in later code by the first author",
        policies_=policies(turn=many_pairs),
    )
    yield other(
        "paused jobs",
        "a job that Optimus' placement finds no room for runs with fewer tasks",
        "it waits, as the paper says, unless no job at all would run",
        policies_=policies(shrink=False),
    )
    yield Assumption(
        setting="networks without a step",
        assumed=f"a step of KAGGLE takes as long as {LIKE['KAGGLE']}'s, one of DeepSpeech2 as long as the median, "
        f"{LIKE['DeepSpeech2']}'s",
    )
    yield Assumption(
        setting="modes", assumed="with one worker and one parameter server a job takes as long in either mode"
    )
    yield Assumption(
        setting="exchange", assumed="Table 2's time of the exchange is that of tasks of which no two share a machine"
    )
    yield Assumption(setting="machines", assumed="all machines train alike; their GPUs are not used")
    yield Assumption(
        setting="trace",
        assumed="trace-like arrivals come in bursts with gamma-distributed rates, as many jobs an hour as the others",
    )
    yield Assumption(setting="young jobs", assumed="a job is young in the first fifth of its training")
