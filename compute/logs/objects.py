"""JSON and JSON lines, and the Hugging Face Trainer's trainer_state.json."""

import json
from dataclasses import replace
from itertools import chain

import numpy as np

from compute.logs.log import LogError
from compute.logs.names import meaning
from compute.logs.table import Table

# where programs keep the log within an object
KEEPERS = ("log_history", "history", "logs", "log", "metrics", "train_log")


def parse(name: str, text: str, wanted: frozenset[str]) -> Table | None:
    """The table of a JSON or JSON-lines text; None for one that is neither. `wanted` are names of the reader's.

    Raises LogError for one that holds no log, and by its name for one that is broken.
    """
    try:
        return _document(json.loads(text), wanted)
    except json.JSONDecodeError as error:
        whole = error
    except LogError:
        raise
    except (RecursionError, ValueError):  # nested without end, or a number of thousands of digits
        raise LogError("it is no JSON that can be read") from None
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if _object(lines[0][1]) is not None:
        return _lines(lines, cut=not text.endswith("\n"))
    if name.lower().endswith((".json", ".jsonl", ".ndjson")):
        raise LogError(f"it is not valid JSON: {whole.msg}", whole.lineno)
    return None


def _object(line: str) -> dict | None:
    try:
        found = json.loads(line)
    except (RecursionError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _lines(lines: list[tuple[int, str]], cut: bool) -> Table:
    rows, numbers, notes = [], [], ()
    for position, (number, line) in enumerate(lines):
        row = _object(line)
        if row is None:
            if cut and position == len(lines) - 1:
                notes = ("the last line breaks off and was left aside",)
                break
            raise LogError("it is no JSON object, as the first line is", number)
        rows.append(_flat(row))
        numbers.append(number)
    return Table(format="JSON lines", columns=_columns(rows), lines=np.array(numbers, dtype=np.int64), notes=notes)


def _document(found, wanted: frozenset[str]) -> Table:
    """A list of rows, lists by column, or an object that keeps one of these."""
    if isinstance(found, dict) and isinstance(found.get("log_history"), list):
        return _trainer_state(found)
    if isinstance(found, dict) and not _is_columns(found):
        kept = [found[key] for key in KEEPERS if key in found] + list(found.values())
        found = next((value for value in kept if _is_columns(value) or _is_rows(value)), found)
    if _is_rows(found):
        return _entries("JSON, a list of rows", [_flat(row) for row in found])
    if isinstance(found, list) and found and all(isinstance(row, list) and len(row) == 3 for row in found):
        scalars = [dict(zip(("wall time", "step", "loss"), row, strict=True)) for row in found]
        return _entries("TensorBoard's JSON export", scalars)
    if _is_columns(found):
        return _by_column(found, wanted)
    raise LogError("the JSON holds neither a list of rows nor lists by column")


def _trainer_state(state: dict) -> Table:
    """The Trainer's rows without its summary at the end, whose train_loss is the mean of the whole training."""
    rows = [row for row in state["log_history"] if isinstance(row, dict) and "train_runtime" not in row]
    steps, epochs = state.get("max_steps"), state.get("num_train_epochs")
    whole = isinstance(steps, int) and isinstance(epochs, int) and epochs > 0 and steps % epochs == 0
    return replace(
        _entries("Hugging Face Trainer", rows),
        from_zero=False,
        steps_per_epoch=steps // epochs if whole else None,
        notes=("each loss is the mean of the steps since the one before",),
    )


def _by_column(found: dict, wanted: frozenset[str]) -> Table:
    """Lists of one length, or of two: one value a step, and one an epoch, which belongs to the epoch's last step."""
    columns = {name: values for name, listed in found.items() if (values := _list(listed))}
    known = [name for name in columns if meaning(name) or name in wanted] or list(columns)
    lengths = sorted({len(columns[name]) for name in known})
    columns = {name: values for name, values in columns.items() if len(values) in lengths}
    rows, form, notes = lengths[-1], "JSON, lists by column", ()
    if len(lengths) == 2 and rows % lengths[0] == 0 and lengths[0] > 1:
        each = rows // lengths[0]
        columns = {name: values if len(values) == rows else _at_ends(values, each) for name, values in columns.items()}
        columns = {"epoch": [row // each for row in range(rows)], "step": list(range(1, rows + 1)), **columns}
        notes = (f"{rows} values a step and {lengths[0]} an epoch: {each} steps an epoch",)
    elif len(lengths) > 1:
        counts = ", ".join(map(str, lengths))
        raise LogError(f"the lists have {counts} values; they must be of one length, or one a step and one an epoch")
    elif any(name.startswith("val_") for name in columns) and "epoch" not in columns:
        form = "Keras' History"
    return Table(format=form, columns=columns, lines=np.arange(1, rows + 1), place="entry", notes=notes)


def _at_ends(values: list, each: int) -> list:
    """Values an epoch as values a step: at the last of an epoch's `each` steps."""
    return [cell for value in values for cell in (*[None] * (each - 1), value)]


def _entries(form: str, rows: list[dict]) -> Table:
    return Table(format=form, columns=_columns(rows), lines=np.arange(1, len(rows) + 1), place="entry")


def _columns(rows: list[dict]) -> dict[str, list]:
    names = dict.fromkeys(chain.from_iterable(rows))
    return {name: [row.get(name) for row in rows] for name in names}


def _flat(row: dict) -> dict:
    """A row whose inner objects are columns of their own: {"train": {"loss": 1}} has `train/loss`."""
    flat = {}
    for key, value in row.items():
        flat |= {f"{key}/{inner}": each for inner, each in value.items()} if isinstance(value, dict) else {key: value}
    return flat


def _is_rows(found) -> bool:
    return isinstance(found, list) and bool(found) and all(isinstance(row, dict) for row in found)


def _is_columns(found) -> bool:
    return isinstance(found, dict) and any(_list(values) for values in found.values())


def _list(values) -> list | None:
    """A column's values; pandas writes them as an object of row numbers."""
    if isinstance(values, list) and not any(isinstance(value, dict | list) for value in values):
        return values
    if isinstance(values, dict) and values and all(key.isdigit() for key in values):
        return list(values.values())
    return None
