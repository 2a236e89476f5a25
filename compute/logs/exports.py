"""What TensorBoard, Weights & Biases, Lightning and Keras make of a CSV."""

import re
from dataclasses import replace

from compute.logs.log import LogError
from compute.logs.names import meaning
from compute.logs.table import Table

TAG = re.compile(r"^(?:run-(?P<run>.*?)-)?tag-(?P<tag>.*)$")


def exported(name: str, table: Table) -> Table:
    """The table with usual names and its program's way of counting, where one of these wrote it; else as it is."""
    columns = table.columns
    if {column.lower() for column in columns} == {"wall time", "step", "value"}:
        return _tensorboard(name, table)
    chart = any(column.endswith(("__MIN", "__MAX")) for column in columns)
    if chart or {"_step", "_runtime", "_timestamp"} & set(columns):
        return _weights_and_biases(table, chart)
    # Lightning leaves cells empty, and counts steps from 0
    if {"epoch", "step"} <= set(columns) and any("" in cells for cells in columns.values()):
        return replace(table, format="Lightning's CSVLogger", from_zero=True)
    keras = {"epoch", "loss"} <= set(columns) and "step" not in columns and any(map(_of_keras, columns))
    return replace(table, format="Keras' CSVLogger") if keras else table


def _tensorboard(name: str, table: Table) -> Table:
    """A single curve, named by the tag in the file's name; one with an unknown tag is taken for the training loss."""
    stem = re.sub(r"\.(csv|tsv)$", "", name.rsplit("/", 1)[-1], flags=re.IGNORECASE)
    match = TAG.match(stem)
    run, tag = (match["run"] or "", match["tag"]) if match else ("", stem)
    if (known := meaning(tag)) and known.kind != "time":
        # Keras names its runs train and validation
        column = f"{run} {tag}" if (of := meaning(run)) and of.kind == "bare" else tag
        note = f"the curve is {column!r} by the file's name"
    else:
        column, note = "loss", "a single curve whose name does not say what it is, taken for the training loss"
    counter = "epoch" if meaning(column).per == "epoch" else "step"
    names = {"wall time": "wall time", "step": counter, "value": column}
    columns = {names[each.lower()]: cells for each, cells in table.columns.items()}
    return replace(table, format="TensorBoard's CSV export", columns=columns, notes=(*table.notes, note))


def _weights_and_biases(table: Table, chart: bool) -> Table:
    """A run's history, or a chart with columns `run - metric` and __MIN and __MAX of what was drawn together.

    Raises LogError for a chart of several runs.
    """
    columns, runs = {}, {}
    for column, values in table.columns.items():
        if column.endswith(("__MIN", "__MAX")):
            continue
        run, dash, metric = column.rpartition(" - ")
        if chart and dash:
            runs.setdefault(metric, []).append(run)
            column = metric
        columns[column] = values
    for metric, names in runs.items():
        if len(names) > 1:
            one = f"name one (loss={names[0]} - {metric}) or export it by itself"
            raise LogError(f"two runs in one file: {metric!r} of {', '.join(names[:4])}; {one}", 1)
    return replace(table, format="Weights & Biases' CSV export", columns=columns)


def _of_keras(column: str) -> bool:
    return column.startswith("val_")
