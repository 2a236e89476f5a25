"""Reading CSV and TSV: what is in them, how they are written, and by a mapping."""

import numpy as np
import pytest

from compute.logs import LogError, read_log
from tests.planted_logs import EPOCHS, PER_EPOCH, accuracies, epoch_losses, lines, step_losses

LOSSES, STEPS = step_losses(), np.arange(1, EPOCHS * PER_EPOCH + 1)
OF_STEP = np.repeat(np.arange(EPOCHS), PER_EPOCH)


def test_a_loss_a_step():
    log = read_log("a.csv", lines("step,loss", STEPS, LOSSES))
    assert (log.unit, log.steps_per_epoch, len(log.epochs)) == ("step", None, 0)
    assert log.steps.tolist() == STEPS.tolist() and log.losses.tolist() == LOSSES.tolist()
    assert any("epochs are not known" in line for line in log.understood)


def test_steps_that_begin_at_0_are_counted_as_done():
    log = read_log("a.csv", lines("epoch,step,loss", OF_STEP, STEPS - 1, LOSSES))
    assert log.steps.tolist() == STEPS.tolist() and log.steps_per_epoch == PER_EPOCH
    assert log.epochs.epoch.tolist() == list(range(EPOCHS)) and log.epochs.step.tolist() == [
        PER_EPOCH * (e + 1) for e in range(EPOCHS)
    ]
    assert log.epochs.train_loss == pytest.approx(LOSSES.reshape(EPOCHS, -1).mean(axis=1))


def test_a_step_within_the_epoch_is_put_behind_the_epochs_before():
    log = read_log("a.csv", lines("epoch,batch,loss", OF_STEP + 1, (STEPS - 1) % PER_EPOCH + 1, LOSSES))
    assert log.steps.tolist() == STEPS.tolist() and log.steps_per_epoch == PER_EPOCH


def test_a_loss_every_fifth_step_needs_the_length_of_an_epoch_and_says_so():
    kept = (STEPS - 1) % PER_EPOCH % 5 == 4
    content = lines("epoch,batch,loss", OF_STEP[kept], ((STEPS - 1) % PER_EPOCH + 1)[kept], LOSSES[kept])
    assert any("20 to 24 steps, 20 were taken" in line for line in read_log("a.csv", content).understood)
    log = read_log("a.csv", content, steps_per_epoch=23)
    assert log.steps_per_epoch == 23 and log.steps[4] == 23 + 5
    with pytest.raises(LogError, match="20 to 24 steps an epoch, not 40"):
        read_log("a.csv", content, steps_per_epoch=40)


def test_epochs_alone_keep_their_unit_and_steps_are_derived():
    content = lines("epoch,loss,test_acc,seconds", range(EPOCHS), epoch_losses(), accuracies(), np.full(EPOCHS, 12.5))
    log = read_log("a.csv", content)
    assert (log.unit, log.steps_per_epoch, log.steps.tolist()) == ("epoch", None, list(range(1, EPOCHS + 1)))
    assert any("the log stays in epochs" in line for line in log.understood)
    log = read_log("a.csv", content, steps_per_epoch=391)
    assert (log.unit, log.steps_per_epoch, log.steps[-1], log.epochs.step[0]) == ("epoch", 391, 391 * EPOCHS, 391)
    assert log.epochs.train_loss == pytest.approx(epoch_losses()) and log.epochs.test_accuracy == pytest.approx(
        accuracies()
    )
    assert (
        log.epochs.seconds.tolist() == [12.5] * EPOCHS
        and np.isnan(log.epochs.lr).all()
        and np.isnan(log.epochs.train_accuracy).all()
    )


def test_losses_of_steps_and_of_epochs_together():
    ends = STEPS % PER_EPOCH == 0
    means = np.full(len(STEPS), "", dtype=object)
    means[ends] = 2 * epoch_losses()
    log = read_log("a.csv", lines("epoch,step,train_loss_step,train_loss_epoch", OF_STEP, STEPS, LOSSES, means))
    assert log.losses == pytest.approx(LOSSES) and log.epochs.train_loss == pytest.approx(2 * epoch_losses())


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("val_acc", accuracies(), "test accuracy from 'val_acc', 12 values"),
        ("val_acc", np.round(100 * accuracies(), 2), "'val_acc' in percent"),
        ("test_error", np.round(1 - accuracies(), 4), "1 - error rate 'test_error'"),
        ("test_err", np.round(100 - 100 * accuracies(), 2), "1 - error rate 'test_err' in percent"),
        ("Test Top-1 Accuracy", [f"{100 * each:.2f}%" for each in accuracies()], "in percent"),
    ],
)
def test_accuracies_are_shares_whatever_they_are_written_as(name, values, said):
    log = read_log("a.csv", lines(f"epoch,loss,{name}", range(EPOCHS), epoch_losses(), values))
    assert log.epochs.test_accuracy == pytest.approx(accuracies(), abs=1e-6)
    assert any(said in line for line in log.understood)


def test_an_accuracy_that_does_not_say_of_what_is_of_training_and_can_be_said_otherwise():
    content = lines("epoch,loss,accuracy", range(EPOCHS), epoch_losses(), accuracies())
    log = read_log("a.csv", content)
    assert log.epochs.train_accuracy == pytest.approx(accuracies()) and any(
        "does not say of which images" in line for line in log.understood
    )
    assert read_log("a.csv", content, columns={"test_accuracy": "accuracy"}).epochs.test_accuracy == pytest.approx(
        accuracies()
    )


WRITTEN = {
    "byte-order mark": lambda text: b"\xef\xbb\xbf" + text,
    "UTF-16": lambda text: text.decode().encode("utf-16"),
    "carriage returns": lambda text: text.replace(b"\n", b"\r\n"),
    "carriage returns alone": lambda text: text.replace(b"\n", b"\r"),
    "blank lines": lambda text: text.replace(b"\n", b"\n\n"),
    "comments": lambda text: b"# ResNet-20, batch 128\n" + text.replace(b"\n3,", b"\n# a note\n3,"),
    "commented header": lambda text: b"# " + text,
    "blanks": lambda text: text.replace(b",", b" , "),
    "quotation marks": lambda text: b'"epoch","loss","val_acc"\n' + text.split(b"\n", 1)[1],
    "tabs": lambda text: text.replace(b",", b"\t"),
    "semicolons and decimal commas": lambda text: text.replace(b",", b";").replace(b".", b","),
    "an index": lambda text: (
        b"\n".join(b"%s,%s" % (b"" if not i else b"%d" % i, row) for i, row in enumerate(text.splitlines())) + b"\n"
    ),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_however_it_is_written(how):
    plain = lines("epoch,loss,val_acc", range(EPOCHS), epoch_losses(), accuracies())
    log = read_log("a.csv", WRITTEN[how](plain))
    assert log.losses == pytest.approx(epoch_losses()) and log.epochs.test_accuracy == pytest.approx(accuracies())
    assert any("decimal commas in loss, val_acc" in line for line in log.understood) == (
        how == "semicolons and decimal commas"
    )


def test_the_ending_is_not_needed():
    content = lines("epoch;loss", range(EPOCHS), epoch_losses(), join=";")
    assert read_log("results", content).losses == pytest.approx(epoch_losses())


def test_a_mapping_names_columns_that_mean_nothing_by_themselves():
    content = lines("it,L,eta", STEPS, LOSSES, np.linspace(0.1, 0.09, len(STEPS)))
    with pytest.raises(LogError, match="no training loss among it, L, eta"):
        read_log("a.csv", content)
    log = read_log("a.csv", content, columns={"loss": "L", "lr": "eta"})
    assert log.losses == pytest.approx(LOSSES) and log.lr[0] == 0.1 and log.steps[-1] == len(STEPS)
    with pytest.raises(LogError, match="no column 'M' for loss; the columns are it, L, eta"):
        read_log("a.csv", content, columns={"loss": "M"})
    with pytest.raises(LogError, match="no role 'cost'"):
        read_log("a.csv", content, columns={"cost": "L"})


def test_without_header_columns_are_numbered():
    content = lines("1,2.5", STEPS[1:], LOSSES[1:])
    with pytest.raises(LogError, match="no training loss among 1, 2"):
        read_log("a.csv", content)
    assert read_log("a.csv", content, columns={"step": "1", "loss": "2"}).losses[:2].tolist() == [2.5, LOSSES[1]]


def test_rows_that_nothing_counts_are_steps_or_epochs_as_is_said():
    content = lines("loss", epoch_losses())
    log = read_log("a.csv", content)
    assert (
        log.unit == "step"
        and log.steps.tolist() == list(range(1, EPOCHS + 1))
        and any("counted as steps (epoch=# counts" in line for line in log.understood)
    )
    assert read_log("a.csv", content, columns={"epoch": "#"}, steps_per_epoch=10).steps.tolist() == [
        10 * (e + 1) for e in range(EPOCHS)
    ]


def test_a_last_line_that_breaks_off_is_left_aside_and_said():
    content = lines("epoch,step,loss", OF_STEP, STEPS, LOSSES)[:-9]
    assert content.splitlines()[-1].count(b",") == 1
    log = read_log("a.csv", content)
    assert len(log.losses) == len(LOSSES) - 1 and any("breaks off" in line for line in log.understood)


TIMES = {
    "epoch_seconds": np.full(EPOCHS, 7.0),
    "elapsed": 7.0 * np.arange(1, EPOCHS + 1),
    "time": 7.0 * np.arange(1, EPOCHS + 1),
    "timestamp": 1.6e9 + 7.0 * np.arange(EPOCHS),
}


@pytest.mark.parametrize("name", TIMES)
def test_seconds_of_an_epoch_from_whatever_time_there_is(name):
    log = read_log("a.csv", lines(f"epoch,loss,{name}", range(EPOCHS), epoch_losses(), TIMES[name]))
    assert log.epochs.seconds[1:] == pytest.approx(7.0)
    assert np.isnan(log.epochs.seconds[0]) == (name == "timestamp")  # when the first one began is not in the log


def test_dates_are_times_and_other_text_is_no_reason_to_refuse():
    dates = [f"2024-03-01 10:{4 * e:02d}:00" for e in range(EPOCHS)]
    log = read_log("a.csv", lines("epoch,loss,timestamp", range(EPOCHS), epoch_losses(), dates))
    assert log.epochs.seconds[1:] == pytest.approx(240)
    log = read_log("a.csv", lines("epoch,loss,time", range(EPOCHS), epoch_losses(), ["soon"] * EPOCHS))
    assert np.isnan(log.epochs.seconds).all()


def test_seconds_of_steps_are_added_up():
    log = read_log("a.csv", lines("epoch,step,loss,step_time", OF_STEP, STEPS, LOSSES, np.full(len(STEPS), 0.05)))
    assert log.epochs.seconds == pytest.approx(0.05 * PER_EPOCH)
