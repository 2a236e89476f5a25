"""Which column of a table holds what."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from compute.logs.log import LogError
from compute.logs.names import Meaning, meaning, tokens
from compute.logs.table import Table

# what a reader may name a column or a group of a pattern
ROLES = (
    *("step", "epoch", "loss", "epoch_loss", "train_accuracy", "train_error"),
    *("test_loss", "test_accuracy", "test_error", "lr", "seconds"),
)
ROW = "#"  # in place of a column: the row's number
RUN = {"run", "experiment", "trial"}


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The column of each role that the table has, what there is to say about them, and the columns not used."""

    by_role: dict[str, str]
    notes: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    def __contains__(self, role: str) -> bool:
        return role in self.by_role

    def __getitem__(self, role: str) -> str:
        return self.by_role[role]


def understand(table: Table, mapping: dict[str, str]) -> Columns:
    """The columns of each role: first what the `mapping` (role → column) says, then what the names mean.

    Raises LogError for a mapping to nothing, for the names of several runs, where no column is the training
    loss, and where two could be.
    """
    for role, column in mapping.items():
        if role not in ROLES:
            raise LogError(f"there is no role {role!r}; roles are {', '.join(ROLES)}")
        if column not in table.columns and not (column == ROW and role in ("step", "epoch")):
            raise LogError(f"there is no column {column!r} for {role}; the columns are {_listed(table.columns)}")
    _check_one_run(table)
    taken = set(mapping.values())
    given = {column: role for column, role in table.roles.items() if column not in taken}
    by_role = {role: column for column, role in given.items()} | mapping
    free = [column for column in table.columns if column not in taken and column not in given]
    known = {column: found for column in free if (found := meaning(column))}
    if not {"loss", "epoch_loss"} & set(mapping):
        by_role = _losses(table, known) | by_role
    if not {"loss", "epoch_loss"} & set(by_role):
        raise LogError(f"{_no_loss(table, known)}; name its column (loss=NAME) or give a pattern with (?P<loss>…)")
    for role, kind in (("step", "step"), ("epoch", "epoch"), ("lr", "lr"), ("seconds", "time")):
        mine = [(found.rank, column) for column, found in known.items() if found.kind == kind and _of_training(found)]
        if mine and role not in by_role and not (role == "seconds" and "step_s" in by_role):
            by_role[role] = min(mine, key=lambda each: each[0])[1]
    by_role = _results(table, known, by_role) | by_role
    notes = []
    train = by_role.get("train_accuracy")
    if train in known and known[train].split is None and not {"test_accuracy", "test_error"} & set(by_role):
        notes.append(f"{train!r} does not say of which images; taken for training images (test_accuracy={train}: test)")
    unused = [column for column in table.columns if column not in by_role.values()]
    return Columns(by_role=by_role, notes=notes, unused=unused)


def _losses(table: Table, known: dict[str, Meaning]) -> dict[str, str]:
    """The columns of the training loss, of steps and of epochs. Raises LogError where two could be."""
    found = {}
    for role, of_epochs in (("loss", False), ("epoch_loss", True)):
        mine = {
            column: each.rank
            for column, each in known.items()
            if each.kind == "loss" and _of_training(each) and (each.per == "epoch") == of_epochs
        }
        best = [column for column, rank in mine.items() if rank == min(mine.values())]
        if len(best) > 1:
            raise LogError(f"two columns could be the training loss: {_listed(best)}; name one: {role}={best[0]}")
        if best:
            found[role] = best[0]
    return found


def _no_loss(table: Table, known: dict[str, Meaning]) -> str:
    others = [column for column, found in known.items() if found.kind == "loss"]
    if others:
        return f"there is no training loss, only {_listed(others)}, which is not of training"
    return f"there is no training loss {f'among {_listed(table.columns)}' if table.columns else 'in any line'}"


def _results(table: Table, known: dict[str, Meaning], by_role: dict[str, str]) -> dict[str, str]:
    """The columns of test loss and of accuracies or error rates.

    Of test and validation the one with more values counts, of training accuracies that of whole epochs. A
    column called only train, val or test is an accuracy where nothing else is.
    """
    found, mine = {}, {column: each for column, each in known.items() if each.kind in ("accuracy", "error")}
    if not mine and not any(role.endswith(("_accuracy", "_error")) for role in by_role):
        mine = {
            c: Meaning("accuracy", each.split) for c, each in known.items() if each.kind == "bare" and _rises(table, c)
        }
    losses = {column: each for column, each in known.items() if each.kind == "loss"}
    for side, kinds, columns in (
        ("test", ("loss",), losses),
        ("test", ("accuracy", "error"), mine),
        ("train", ("accuracy", "error"), mine),
    ):
        fitting = [column for column, each in columns.items() if _of_training(each) == (side == "train")]
        if fitting and not {f"{side}_{kind}" for kind in kinds} & set(by_role):
            ranks = {column: columns[column].rank if side == "train" else 0 for column in fitting}
            best = max(
                fitting, key=lambda column: (-ranks[column], _count(table, column), columns[column].split is not None)
            )
            found[f"{side}_{columns[best].kind}"] = best
    return found


def _check_one_run(table: Table) -> None:
    """Raise LogError where a column that names the run has several names."""
    for column, cells in table.columns.items():
        words = set(tokens(column))
        if not words & RUN or not words <= RUN | {"id", "name"}:
            continue
        names = list(dict.fromkeys(str(cell) for cell in cells if cell is not None and cell != ""))
        if len(names) > 1:
            row = next(row for row, cell in enumerate(cells) if str(cell) == names[1])
            runs = f"two runs in one file: {column!r} is {_listed(names)}"
            raise table.error(f"{runs}; keep the rows of one run in a file", row)


def _of_training(found: Meaning) -> bool:
    return found.split in (None, "train")


def _count(table: Table, column: str) -> int:
    return int(np.isfinite(table.numbers(column, strict=False)).sum())


def _rises(table: Table, column: str) -> bool:
    """Whether a column rises within 0 to 100, as accuracies do."""
    values = table.numbers(column, strict=False)
    values = values[np.isfinite(values)]
    half = len(values) // 2
    return bool(half and values.min() >= 0 and values.max() <= 100 and values[half:].mean() > values[:half].mean())


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
