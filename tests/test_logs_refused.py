"""What is refused of a log, with the line and the reason."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compute.logs import LogError, read_log
from tests.planted_logs import EPOCHS, PER_EPOCH, epoch_losses, lines, step_losses

LOSSES = epoch_losses()


def table(header: str = "epoch,loss", epochs=range(EPOCHS), losses=LOSSES, *more) -> bytes:
    return lines(header, epochs, losses, *more)


def replaced(values, place: int, value) -> list:
    return [value if i == place else each for i, each in enumerate(values)]


OVER_AGAIN = [*range(EPOCHS), *range(EPOCHS)]
TWICE = np.tile(LOSSES, 2)
REFUSED = {
    "no loss": ("a.csv", table("epoch,width"), None, "no training loss among epoch, width"),
    "a test loss alone": ("a.csv", table("epoch,val_loss"), None, "only val_loss, which is not of training"),
    "two losses": (
        "a.csv",
        table("epoch,loss,train_loss", range(EPOCHS), LOSSES, LOSSES),
        None,
        "two columns could be the training loss: loss, train_loss",
    ),
    "text for a number": (
        "a.csv",
        table(losses=replaced(LOSSES, 3, "high")),
        5,
        "'loss' holds 'high' where a number belongs",
    ),
    "text for a number in a text log": (
        "a.log",
        table("x", [f"epoch={e} loss" for e in range(EPOCHS)], replaced(LOSSES, 3, "n/a")).replace(b",", b"="),
        5,
        "'loss' holds 'n/a'",
    ),
    "not a number": ("a.csv", table(losses=replaced(LOSSES, 4, "nan")), 6, "'loss' is nan"),
    "infinity": ("a.csv", table(losses=replaced(LOSSES, 4, "inf")), 6, "'loss' is inf"),
    "not a number in a text log": (
        "a.log",
        b"".join(b"epoch=%d loss=%s\n" % (e, b"nan" if e == 4 else b"0.5") for e in range(EPOCHS)),
        5,
        "'loss' is nan",
    ),
    "nine points": (
        "a.csv",
        table(epochs=range(9), losses=LOSSES[:9]),
        None,
        "9 points of the loss; at least 10 are needed",
    ),
    "no rows": ("a.csv", b"epoch,loss\n", None, "0 points of the loss"),
    "back in time": (
        "a.csv",
        table(epochs=replaced(range(EPOCHS), 7, 5)),
        9,
        "the epoch goes back from 6 to 5: time goes backwards",
    ),
    "back within an epoch": (
        "a.csv",
        lines("epoch,batch,loss", [s // 4 for s in range(12)], replaced([s % 4 for s in range(12)], 6, 0), LOSSES),
        8,
        "goes back from 1 to 0 within an epoch",
    ),
    "two runs": (
        "a.csv",
        table(epochs=OVER_AGAIN, losses=TWICE),
        EPOCHS + 2,
        "two runs in one file; put what follows from here into a file of its own",
    ),
    "two runs of steps": (
        "a.log",
        b"".join(b"step %d loss %.3f\n" % (s, loss) for s, loss in zip(OVER_AGAIN, TWICE, strict=True)),
        EPOCHS + 1,
        "two runs in one file",
    ),
    "two headers": ("a.csv", table() + table(), EPOCHS + 2, "the header stands there again: two runs in one file"),
    "two named runs": (
        "a.csv",
        lines("run,step,loss", ["a", "b"] * EPOCHS, np.repeat(range(EPOCHS), 2), TWICE),
        3,
        "'run' is a, b; keep the rows of one run",
    ),
    "two processes": (
        "a.csv",
        table("step,loss", np.repeat(range(EPOCHS), 2), np.repeat(LOSSES, 2)),
        3,
        "step 1 has a second loss",
    ),
    "a cell too many": ("a.csv", table().replace(b"\n3,", b"\n3,9,"), 5, "3 cells where the header has 2"),
    "an impossible accuracy": (
        "a.csv",
        table("epoch,loss,test_acc", range(EPOCHS), LOSSES, replaced([50.0] * EPOCHS, 2, 150)),
        4,
        "'test_acc' is 150, which is no accuracy from 0 to 100 %",
    ),
    "a negative step": ("a.csv", table("step,loss", range(-2, EPOCHS - 2)), 2, "the step -2 is below the first one"),
    "half a step": ("a.csv", table("step,loss", np.arange(EPOCHS) / 2 + 1), 3, "the step 1.5 is no whole number"),
    "a clock that goes back": (
        "a.csv",
        table("epoch,loss,timestamp", range(EPOCHS), LOSSES, replaced(1.7e9 + np.arange(EPOCHS), 6, 1.6e9)),
        8,
        "time of day goes backwards",
    ),
    "an empty file": ("a.csv", b" \n", None, "the file is empty"),
    "an archive": ("a.csv", b"\x1f\x8b\x08", None, "compressed with gzip; unpack it first"),
    "an event file": ("events.out.tfevents.1", b"\x18\x00\x00\x00\x00\x00", None, "TensorBoard's event files"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_line_and_reason(what):
    name, content, line, reason = REFUSED[what]
    with pytest.raises(LogError) as refusal:
        read_log(name, content)
    assert reason in refusal.value.reason and refusal.value.line == line
    assert str(refusal.value).startswith(f"line {line}: ") == (line is not None) and "\n" not in str(refusal.value)


def test_the_table_that_is_broken_in_these_tests_is_read_when_whole():
    assert len(read_log("a.csv", table()).losses) == EPOCHS


def test_steps_an_epoch_that_contradict_the_log():
    losses = step_losses()
    content = b"".join(
        b"Epoch: [%d][%d/%d] Loss %.4f (1.0)\n" % (s // PER_EPOCH, s % PER_EPOCH, PER_EPOCH, loss)
        for s, loss in enumerate(losses)
    )
    with pytest.raises(LogError, match="the log has 20 steps an epoch, not 391; are batch size and data set right?"):
        read_log("a.log", content, steps_per_epoch=391)
    log = read_log(
        "a.log", content, steps_per_epoch=PER_EPOCH + 1
    )  # a last, smaller batch that the log's author left out
    assert log.steps_per_epoch == PER_EPOCH and any("not 21" in line for line in log.understood)


def test_drops_that_the_log_cannot_have():
    with pytest.raises(LogError, match="after epoch 12: the log has no losses on both sides"):
        read_log("a.csv", table(), drops=(12,))
    with pytest.raises(LogError, match="the log has no epochs"):
        read_log("a.csv", table("step,loss"), drops=(4,))


def test_a_small_parquet_file_that_unpacks_to_more_than_the_memory_is_refused(monkeypatch):
    file = io.BytesIO()
    pq.write_table(pa.table({"step": range(1000), "loss": [1.0] * 1000}), file)
    monkeypatch.setattr("compute.logs.formats.MOST_VALUES", 1999)
    with pytest.raises(LogError, match="1000 rows of 2 columns"):
        read_log("a.parquet", file.getvalue())
