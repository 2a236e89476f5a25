"""From a file's bytes to its log."""

from dataclasses import replace

import numpy as np

from compute.logs import running, seconds
from compute.logs.clock import Clock, Counters, clock
from compute.logs.columns import ROW, Columns, understand
from compute.logs.drops import given, of_losses, of_rate
from compute.logs.epochs import by_epoch
from compute.logs.formats import read_table
from compute.logs.log import FEWEST, Log, LogError, Milestone
from compute.logs.shares import accuracy
from compute.logs.table import Table

COUNTERS = {"per_epoch": "steps_per_epoch"} | {name: name for name in ("epoch", "step", "images", "epoch_images")}


def read_log(
    name: str,
    content: bytes,
    *,
    columns: dict[str, str] | None = None,
    pattern: str | None = None,
    steps_per_epoch: int | None = None,
    drops: tuple[int, ...] = (),
) -> Log:
    """The log in a file of any of the known formats.

    `name` is the file's, whose ending and TensorBoard tag are looked at. `columns` maps roles (`loss`,
    `step`, … `columns.ROLES`) to names of columns or keys, `#` to the row's number; `pattern` is a regular
    expression with roles as named groups, for a text of no known form. `steps_per_epoch` is checked against
    the log's own counters. `drops` are epochs after which the learning rate is known to have fallen; without
    them they are taken from the log's rate, or found from its losses. Raises LogError with the line and the
    reason.
    """
    table = read_table(name, content, frozenset((columns or {}).values()), pattern)
    found = understand(table, columns or {})
    values, notes = _values(table, found)
    loss = values["loss"] if "loss" in values else values["epoch_loss"]
    losses = np.isfinite(loss)
    _check_enough(losses, "points of the loss")
    used = np.any([np.isfinite(each) for each in values.values()], axis=0)
    tested = next((values[role] for role in ("test_accuracy", "test_loss") if role in values), np.array([]))
    evaluated = bool(2 * np.isfinite(tested).sum() > losses.sum())
    when = clock(table, _counters(table, found, losses), losses, used, steps_per_epoch, evaluated)
    means = "epoch_loss" not in values and running.runs_on(loss, losses, when)
    if means:
        losses, when = running.ends(losses, when), replace(when, unit="epoch")
        notes.append("the loss is a mean that runs on within an epoch: its last value, the epoch's mean, was kept")
        _check_enough(losses, "means of epochs")
    rate, said = _rate(found, values.pop("lr", None), losses)
    milestones, course = _milestones(drops, rate, loss, losses, when)
    notes += [*when.notes, said, course]
    if rate is not None:
        values["rate"] = np.where(losses, rate, np.nan)
    times, said = seconds.by_epoch(table, found, when)
    means = means or found.by_role.get("train_accuracy") in table.running
    epochs, more = by_epoch({**values, "loss": loss}, losses, means, times, when)
    notes += [*said, *more]
    if found.unused:
        notes.append(f"not used: {', '.join(found.unused[:12])}{' …' if len(found.unused) > 12 else ''}")
    return Log(
        name=name,
        format=table.format,
        unit=when.unit,
        steps=when.done[losses].astype(np.int64),
        losses=loss[losses],
        steps_per_epoch=when.steps_per_epoch,
        lr=None if rate is None else rate[losses],
        epochs=epochs,
        milestones=milestones,
        understood=(f"{table.format}, {len(table)} rows", *table.notes, *found.notes, *notes),
    )


def _check_enough(losses: np.ndarray, what: str) -> None:
    if losses.sum() < FEWEST:
        raise LogError(f"the log has {losses.sum()} {what}; at least {FEWEST} are needed")


def _values(table: Table, found: Columns) -> tuple[dict[str, np.ndarray], list[str]]:
    """The values by role (rows,), accuracies from 0 to 1, and what was recognised."""
    values = {role: table.numbers(found[role]) for role in ("loss", "epoch_loss") if role in found}
    values = {role: each for role, each in values.items() if np.isfinite(each).any()} or values
    whats = {"loss": "loss", "epoch_loss": "mean loss of an epoch"}
    notes = [f"{whats[role]} from {found[role]!r}, {np.isfinite(each).sum()} points" for role, each in values.items()]
    values |= {role: table.numbers(found[role], strict=False) for role in ("test_loss", "lr") if role in found}
    for side in ("train", "test"):
        for kind in ("accuracy", "error"):
            if (role := f"{side}_{kind}") in found:
                shares, what = accuracy(table, found[role], kind == "error")
                notes.append(f"{side} accuracy from {what}, {np.isfinite(shares).sum()} values")
                values[f"{side}_accuracy"] = shares
    return values, notes


def _counters(table: Table, found: Columns, losses: np.ndarray) -> Counters:
    """The columns that count; `#` counts the losses."""
    rows = np.cumsum(losses).astype(float)
    counted = {
        name: rows if found[role] == ROW else table.numbers(found[role])
        for name, role in COUNTERS.items()
        if role in found
    }
    return Counters(**{name: values for name, values in counted.items() if np.isfinite(values).any()})


def _rate(found: Columns, lr: np.ndarray | None, losses: np.ndarray) -> tuple[np.ndarray | None, str]:
    """The learning rate of each row, None where the log has none that accompanies the training; and what is said of it.

    Where it stands in rows of its own, it holds for the losses that follow it, or, if the first loss comes
    before it, for those in front of it.
    """
    known = np.flatnonzero(np.isfinite(lr)) if lr is not None else []
    if not len(known):
        return None, "no learning rate in the log"
    beside = losses[known].any()
    if not beside and len(known) < 3:
        times = "once" if len(known) == 1 else "twice"
        return (
            None,
            f"no learning rate beside the losses: {found['lr']!r} stands there {times} and is taken for a setting",
        )
    rows = np.arange(len(lr))
    if not beside and known[0] > np.flatnonzero(losses)[0]:
        at = np.minimum(np.searchsorted(known, rows, side="left"), len(known) - 1)
    else:
        at = np.maximum(np.searchsorted(known, rows, side="right") - 1, 0)
    return lr[known[at]], f"learning rate from {found['lr']!r}"


def _milestones(
    drops: tuple[int, ...], rate: np.ndarray | None, loss: np.ndarray, losses: np.ndarray, when: Clock
) -> tuple[tuple[Milestone, ...], str]:
    """The drops that are known, or those of the rate, or of the losses; and what there is to say about them."""
    if drops:
        return given(drops, when, losses)
    return of_rate(rate[losses], when, losses) if rate is not None else of_losses(loss[losses], when, losses)
