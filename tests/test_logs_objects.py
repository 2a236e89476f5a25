"""Reading JSON, JSON lines, the Hugging Face Trainer's state and Parquet."""

import io
import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute.logs import LogError, read_log
from tests.planted_logs import EPOCHS, PER_EPOCH, accuracies, epoch_losses, step_losses

LOSSES = step_losses()
ROWS = [
    {"epoch": e + 1, "loss": float(loss), "test_accuracy": float(acc)}
    for e, (loss, acc) in enumerate(zip(epoch_losses(), accuracies(), strict=True))
]


def dumped(what) -> bytes:
    return json.dumps(what).encode()


@pytest.mark.parametrize(
    "content",
    [
        dumped(ROWS),
        dumped({"config": {"lr": 0.1}, "history": ROWS}),
        json.dumps(ROWS, indent=2).encode(),
        dumped({name: [row[name] for row in ROWS] for name in ROWS[0]}),
        dumped({name: {str(i): row[name] for i, row in enumerate(ROWS)} for name in ROWS[0]}),
        dumped(
            [
                {"epoch": row["epoch"], "train": {"loss": row["loss"]}, "test": {"accuracy": row["test_accuracy"]}}
                for row in ROWS
            ]
        ),
        b"\n".join(map(dumped, ROWS)) + b"\n\n",
    ],
    ids=["rows", "rows within", "indented", "by column", "by pandas", "nested rows", "lines"],
)
def test_rows_and_columns(content):
    log = read_log("log.json", content)
    assert (
        log.unit == "epoch"
        and log.losses == pytest.approx(epoch_losses())
        and log.epochs.test_accuracy == pytest.approx(accuracies())
    )


def test_keras_history():
    found = {
        "loss": epoch_losses(),
        "accuracy": accuracies() + 0.05,
        "val_loss": epoch_losses() + 0.1,
        "val_accuracy": accuracies(),
    }
    log = read_log("history.json", dumped({name: values.tolist() for name, values in found.items()}))
    assert (log.format, log.unit, log.steps.tolist()) == ("Keras' History", "epoch", list(range(1, EPOCHS + 1)))
    assert any("counted as epochs" in line for line in log.understood) and log.epochs.test_loss == pytest.approx(
        epoch_losses() + 0.1
    )


def test_a_list_a_step_and_a_list_an_epoch():
    log = read_log(
        "a.json", dumped({"train_loss": LOSSES.tolist(), "test_acc": accuracies().tolist(), "milestones": [3, 6]})
    )
    assert (log.unit, log.steps_per_epoch, len(log.losses)) == (
        "step",
        PER_EPOCH,
        len(LOSSES),
    ) and log.epochs.test_accuracy == pytest.approx(accuracies())
    with pytest.raises(LogError, match="the lists have 7, 240 values"):
        read_log("a.json", dumped({"train_loss": LOSSES.tolist(), "test_acc": [0.5] * 7}))


def trainer_state(every: int) -> dict:
    """What the Trainer leaves after EPOCHS epochs with a loss every `every` steps and an evaluation an epoch."""
    rows = []
    for step in range(1, EPOCHS * PER_EPOCH + 1):
        at = {"epoch": round(step / PER_EPOCH, 2), "step": step}
        if step % every == 0:
            rows.append(
                {
                    **at,
                    "grad_norm": 1.0,
                    "learning_rate": 5e-5 * (1 - step / (EPOCHS * PER_EPOCH)),
                    "loss": float(LOSSES[step - 1]),
                }
            )
        if step % PER_EPOCH == 0:
            rows.append(
                {
                    **at,
                    "eval_accuracy": float(accuracies()[step // PER_EPOCH - 1]),
                    "eval_loss": 0.5,
                    "eval_runtime": 3.1,
                }
            )
    rows.append(
        {
            "epoch": float(EPOCHS),
            "step": EPOCHS * PER_EPOCH,
            "train_loss": 0.7,
            "train_runtime": 300.0,
            "total_flos": 1e15,
        }
    )
    return {
        "best_metric": None,
        "epoch": float(EPOCHS),
        "global_step": EPOCHS * PER_EPOCH,
        "log_history": rows,
        "max_steps": 240,
        "num_train_epochs": EPOCHS,
    }


@pytest.mark.parametrize(("every", "unit"), [(8, "step"), (PER_EPOCH, "epoch")])
def test_hugging_face_trainer(every, unit):
    log = read_log("trainer_state.json", dumped(trainer_state(every)))
    assert (log.format, log.unit, log.steps_per_epoch) == ("Hugging Face Trainer", unit, PER_EPOCH)
    assert log.steps.tolist() == list(range(every, 241, every)) and log.losses == pytest.approx(
        LOSSES[every - 1 :: every]
    )
    assert log.epochs.test_accuracy == pytest.approx(accuracies()) and log.epochs.test_loss == pytest.approx(0.5)
    assert log.milestones == () and log.lr[0] == pytest.approx(5e-5 * (1 - every / 240))


def test_an_epoch_without_a_loss_keeps_its_accuracy():
    state = trainer_state(
        every=2 * PER_EPOCH // 2 + 4
    )  # one loss in 24 steps, so that the last epochs but one go without
    log = read_log("trainer_state.json", dumped(state))
    assert math.isnan(log.epochs.train_loss[0]) and log.epochs.test_accuracy == pytest.approx(accuracies())


def parquet(**columns) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def test_parquet():
    steps = np.arange(len(LOSSES))
    tested = [float(accuracies()[s // PER_EPOCH]) if s % PER_EPOCH == PER_EPOCH - 1 else None for s in steps]
    log = read_log(
        "anything",
        parquet(
            epoch=steps // PER_EPOCH,
            step=steps,
            loss=LOSSES.astype(np.float32),
            val_acc=tested,
            host=["a"] * len(steps),
        ),
    )
    assert (
        log.format == "Parquet"
        and log.steps_per_epoch == PER_EPOCH
        and log.epochs.test_accuracy == pytest.approx(accuracies())
    )
    assert any("not used: host" in line for line in log.understood)


def test_what_is_wrong_is_said_with_its_place():
    rows = [dict(row) for row in ROWS]
    rows[4]["loss"] = "oops"
    with pytest.raises(LogError, match="^entry 5: 'loss' holds 'oops' where a number belongs"):
        read_log("a.json", dumped(rows))
    with pytest.raises(LogError, match="^row 3: 'loss' is nan"):
        read_log("a.parquet", parquet(epoch=range(EPOCHS), loss=[1.0, 0.9, math.nan] + [0.8] * (EPOCHS - 3)))
    with pytest.raises(LogError, match="^line 3: it is no JSON object"):
        read_log("a.jsonl", b"\n".join([dumped(ROWS[0]), dumped(ROWS[1]), b"done", dumped(ROWS[2])]) + b"\n")
    with pytest.raises(LogError, match="not valid JSON"):
        read_log("a.json", b'{"loss": [1, 2')
    with pytest.raises(LogError, match="cannot be read"):
        read_log("a.parquet", b"PAR1" + b"x" * 50)


def test_a_last_json_line_that_breaks_off_is_left_aside():
    log = read_log("a.jsonl", b"\n".join(map(dumped, ROWS)) + b'\n{"epoch": 13, "lo')
    assert len(log.losses) == EPOCHS and any("breaks off" in line for line in log.understood)
