"""Which runs a figure shows: those of the largest scale that is complete, one for each place in a table.

Two rules. Most experiments show the scale with the most variants (`most_complete_scale`; the store's SQL for
it is `store/complete.py`). The trainings of Problem 4 show the largest scale at which one GPU type at least
has every depth (`shown_trainings`), so that a GPU type that has just begun there takes nothing away.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from compute.core.vocabulary import DEPTHS, cifar_resnet, gpu_order, scale_order

# of several trainings for the same depth and GPU type at a scale, the one that is shown; imported ones are left
# aside, as an imported log need not hold the loss of every step
PREFERENCE = ("measured", "emulated")


def most_complete_scale(runs: Iterable[tuple[str, Hashable]]) -> str | None:
    """The scale with the most different variants, of equal ones the largest; None without runs.

    `runs` are pairs of scale and variant (what has to be there: a rate, a depth on a GPU type); a variant
    of None counts for nothing.
    """
    variants: dict[str, set] = {}
    for scale, variant in runs:
        variants.setdefault(scale, set()).update([] if variant is None else [variant])
    return max(variants, key=lambda scale: (len(variants[scale]), scale_order(scale)), default=None)


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """A finished training of Problem 4 by its record; `started_s` are seconds since 1970."""

    run_id: str
    scale: str
    model: str
    depth: int
    gpu_type: str
    provenance: str
    started_s: float


def training_scale(runs: Iterable[TrainingRun]) -> str | None:
    """The largest scale at which a GPU type has all depths, or else the most complete one; None without runs."""
    depths: dict[tuple[str, str], set[int]] = {}
    runs = list(runs)
    for run in runs:
        depths.setdefault((run.scale, run.gpu_type), set()).add(run.depth)
    complete = {scale for (scale, _), found in depths.items() if found >= set(DEPTHS)}
    if complete:
        return max(complete, key=scale_order)
    return most_complete_scale((run.scale, (run.depth, run.gpu_type)) for run in runs)


def replica_scale(runs: Iterable[TrainingRun]) -> str | None:
    """The largest scale at which two GPU types or more have all depths; None where there is none.

    Only there can GPU types be compared and, where they were emulated, seeds.
    """
    depths: dict[tuple[str, str], set[int]] = {}
    for run in family(runs):
        depths.setdefault((run.scale, run.gpu_type), set()).add(run.depth)
    whole = [scale for (scale, _), found in depths.items() if found >= set(DEPTHS)]
    return max((scale for scale in whole if whole.count(scale) > 1), key=scale_order, default=None)


def family(runs: Iterable[TrainingRun]) -> list[TrainingRun]:
    """The trainings of the CIFAR family that are our own."""
    return [run for run in runs if run.model == cifar_resnet(run.depth) and run.provenance in PREFERENCE]


def shown_trainings(runs: Iterable[TrainingRun], scale: str | None = None) -> list[list[TrainingRun]]:
    """For each depth and GPU type, in this order, its trainings at the scale; the first of each list is shown.

    Trainings of other families and imported ones are left aside. Without a `scale` it is `training_scale`.
    Of several trainings a measured one comes before an emulated one, then the newest.
    """
    own = family(runs)
    scale = scale or training_scale(own)
    found: dict[tuple[int, str], list[TrainingRun]] = {}
    for run in own:
        if run.scale == scale:
            found.setdefault((run.depth, run.gpu_type), []).append(run)
    places = sorted(found, key=lambda place: (place[0], gpu_order(place[1]), place[1]))
    return [sorted(found[place], key=_preference) for place in places]


def _preference(run: TrainingRun) -> tuple:
    return (PREFERENCE.index(run.provenance), -run.started_s, run.run_id)
