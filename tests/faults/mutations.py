"""Ways to damage the artefact of a run: the bytes, the tables and the record, each chosen at random."""

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

RECORD = "run.json"
VALUES = (
    None,
    True,
    -1,
    0,
    1e308,
    -1e308,
    10**30,
    "",
    "x" * 2_000_000,
    "\x00",
    "\ud800",
    "é\u202e",
    "../../x",
    "'; DROP TABLE runs; --",
    "0001-01-01T00:00:00+00:00",
    "9999-12-31T23:59:59+00:00",
    "290000-01-01T00:00:00+00:00",
    [],
    {},
    [[]],
    [None],
    {"a": {"b": []}},
    ["x"] * 10_000,
)


def flip_bits(chance: random.Random, file: Path) -> None:
    content = bytearray(file.read_bytes())
    for _ in range(chance.choice((1, 1, 3, 20))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)


def truncate(chance: random.Random, file: Path) -> None:
    file.write_bytes(file.read_bytes()[: chance.randrange(file.stat().st_size)])


def append(chance: random.Random, file: Path) -> None:
    with open(file, "ab") as handle:
        handle.write(chance.randbytes(chance.randint(1, 5000)))


def overwrite(chance: random.Random, file: Path) -> None:
    file.write_bytes(chance.randbytes(chance.randint(0, 5000)))


def remove(chance: random.Random, file: Path) -> None:
    file.unlink()


def become_folder(chance: random.Random, file: Path) -> None:
    file.unlink()
    file.mkdir()


def become_loop(chance: random.Random, file: Path) -> None:
    file.unlink()
    file.symlink_to(file)


def become_pipe(chance: random.Random, file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _rewrite(change: Callable[[random.Random, pa.Table], pa.Table]) -> Callable[[random.Random, Path], None]:
    def mutate(chance: random.Random, file: Path) -> None:
        pq.write_table(change(chance, pq.read_table(file)), file, compression="zstd")

    mutate.__name__ = change.__name__
    return mutate


def _replaced(table: pa.Table, name: str, column) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)


def swap_columns(chance: random.Random, table: pa.Table) -> pa.Table:
    names = list(table.column_names)
    one, other = chance.sample(range(len(names)), 2)
    names[one], names[other] = names[other], names[one]
    return table.rename_columns(names)


def change_type(chance: random.Random, table: pa.Table) -> pa.Table:
    name, rows = chance.choice(table.column_names), table.num_rows
    columns = (
        pa.array([str(value) for value in table[name].to_pylist()]),
        pa.array([b"\xff\xfe"] * rows),
        pa.array([[1.0]] * rows),
        pa.array([{"a": 1}] * rows),
        pa.array([True] * rows),
        pa.nulls(rows),
        pa.array([2**63] * rows, pa.uint64()),
        pa.array([0] * rows, pa.timestamp("ns")),
        pa.array([0.5] * rows, pa.float32()),
        pa.array(["a"] * rows).dictionary_encode(),
    )
    return _replaced(table, name, chance.choice(columns))


def spoil_value(chance: random.Random, table: pa.Table) -> pa.Table:
    name = chance.choice(table.column_names)
    values, kind = table[name].to_pylist(), table[name].type
    place = chance.randrange(len(values))
    if pa.types.is_integer(kind):
        values[place] = chance.choice((None, -1, 2**31 - 1, -(2**31), values[0]))
    elif pa.types.is_floating(kind):
        values[place] = chance.choice((None, float("nan"), float("inf"), -1.0, 1e308, -1e-320))
    elif pa.types.is_string(kind):
        values[place] = chance.choice((None, "", "x" * 3_000_000, "\x00", "'; DROP", "<script>"))
    else:
        values[place] = None
    return _replaced(table, name, pa.array(values, kind))


def huge_strings(chance: random.Random, table: pa.Table) -> pa.Table:
    name = chance.choice(table.column_names)
    return _replaced(table, name, pa.array(["x" * chance.choice((10_000, 100_000))] * table.num_rows))


def drop_column(chance: random.Random, table: pa.Table) -> pa.Table:
    return table.drop_columns([chance.choice(table.column_names)])


def odd_column(chance: random.Random, table: pa.Table) -> pa.Table:
    name = chance.choice(
        ("mood", "run_id", "", "a b", 'a"b', "x); DROP TABLE runs; --", "filename", "STEP", "é", "select")
    )
    return table.append_column(name, pa.array(["x"] * table.num_rows))


def repeat_rows(chance: random.Random, table: pa.Table) -> pa.Table:
    return pa.concat_tables([table, table.slice(0, 1)])


def no_rows(chance: random.Random, table: pa.Table) -> pa.Table:
    return table.slice(0, 0)


def record_value(chance: random.Random, file: Path) -> None:
    record = json.loads(file.read_text())
    inside = chance.random() < 0.3 and record["config"]
    target = record["config"] if inside else record
    target[chance.choice(list(target))] = chance.choice(VALUES)
    file.write_text(json.dumps(record))


def record_key(chance: random.Random, file: Path) -> None:
    record = json.loads(file.read_text())
    del record[chance.choice(list(record))]
    file.write_text(json.dumps(record))


def record_text(chance: random.Random, file: Path) -> None:
    text = file.read_text()
    file.write_bytes(
        chance.choice(
            (
                b"",
                b"null",
                b"[]",
                b"{}",
                b"3",
                b'"x"',
                b"[" * 200_000,
                b'{"a":' * 100_000,
                b"\xef\xbb\xbf" + text.encode(),
                text.encode("utf-16"),
                text.encode() + b"}",
                text.replace(":", "=", 1).encode(),
                b"\xff\xfe\x00",
                text.replace("}", ',"x":1e999}', 1).encode(),
                text.replace("}", ',"x":' + "9" * 5000 + "}", 1).encode(),
            )
        )
    )


def extra_table(chance: random.Random, file: Path) -> None:
    name = chance.choice(("guesses", "runs", "left_out", "folders", "sources", "a b", "x'; --", "é"))
    shutil.copyfile(next(file.parent.glob("*.parquet")), file.parent / f"{name}.parquet")


ANY = (flip_bits, flip_bits, truncate, append, overwrite, remove, become_folder, become_loop, become_pipe)
TABLE = tuple(
    map(
        _rewrite,
        (
            swap_columns,
            change_type,
            change_type,
            spoil_value,
            spoil_value,
            huge_strings,
            drop_column,
            odd_column,
            repeat_rows,
            no_rows,
        ),
    )
)
JSON = (record_value, record_value, record_value, record_key, record_text, extra_table)


def mutate(chance: random.Random, folder: Path) -> tuple[str, str]:
    """Damage one file of a run's folder; returns the kind of damage and the name of the file.

    Where a table's file gets another size, half of the records are made to say the new one, so that what is in the
    file has to be looked at.
    """
    tables = sorted(folder.glob("*.parquet"))
    file = chance.choice([folder / RECORD, *tables, *tables])
    how = chance.choice((*ANY, *(JSON if file.name == RECORD else TABLE + TABLE)))
    how(chance, file)
    if file.name != RECORD and file.is_file() and chance.random() < 0.7:
        record = json.loads((folder / RECORD).read_text())
        record["tables"][file.stem] = file.stat().st_size
        (folder / RECORD).write_text(json.dumps(record))
    return how.__name__, file.name
