"""Reading what Keras, Lightning, TensorBoard and Weights & Biases write as CSV."""

import numpy as np
import pytest

from compute.logs import LogError, read_log
from tests.planted_logs import EPOCHS, PER_EPOCH, accuracies, epoch_losses, lines, step_losses

LOSSES = step_losses()


def test_keras_csv_logger():
    header = "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss"
    rates = np.where(np.arange(EPOCHS) < 8, 0.1, 0.01)
    log = read_log(
        "training.log",
        lines(header, range(EPOCHS), accuracies() + 0.05, rates, epoch_losses(), accuracies(), epoch_losses() + 0.1),
    )
    assert (log.format, log.unit) == ("Keras' CSVLogger", "epoch")
    assert log.epochs.train_accuracy == pytest.approx(
        accuracies() + 0.05
    ) and log.epochs.test_accuracy == pytest.approx(accuracies())
    assert log.epochs.test_loss == pytest.approx(epoch_losses() + 0.1) and log.epochs.lr == pytest.approx(rates)
    assert [(each.epoch, each.source) for each in log.milestones] == [(8, "learning rate")]


def test_lightning_csv_logger():
    """Sparse rows: rates without an epoch, losses every fifth step from 4 on, two rows more at an epoch's end."""
    rows = ["epoch,lr-SGD,step,train_loss_epoch,train_loss_step,val_acc,val_loss"]
    for epoch in range(EPOCHS):
        for step in range(epoch * PER_EPOCH + 4, (epoch + 1) * PER_EPOCH, 5):
            rows += [f",{0.1 if epoch < 6 else 0.01},{step},,,,", f"{epoch},,{step},,{LOSSES[step]},,"]
        end = (epoch + 1) * PER_EPOCH - 1
        rows += [
            f"{epoch},,{end},,,{accuracies()[epoch]},{epoch_losses()[epoch] + 0.1:.4f}",
            f"{epoch},,{end},{epoch_losses()[epoch]},,,",
        ]
    rows.append(f"{EPOCHS},,{EPOCHS * PER_EPOCH},,,,")
    log = read_log("metrics.csv", ("\n".join(rows) + "\n").encode())
    assert (log.format, log.unit, log.steps_per_epoch) == ("Lightning's CSVLogger", "step", PER_EPOCH)
    assert log.steps.tolist() == list(range(5, EPOCHS * PER_EPOCH + 1, 5)) and log.losses == pytest.approx(LOSSES[4::5])
    assert log.epochs.train_loss == pytest.approx(epoch_losses()) and log.epochs.test_accuracy == pytest.approx(
        accuracies()
    )
    assert [(each.step, each.epoch) for each in log.milestones] == [(6 * PER_EPOCH, 6)]


def test_lightning_with_a_loss_an_epoch_knows_the_steps():
    columns = (range(EPOCHS), PER_EPOCH * np.arange(1, EPOCHS + 1) - 1, epoch_losses(), [""] * EPOCHS)
    log = read_log("metrics.csv", lines("epoch,step,train_loss,hp_metric", *columns))
    assert (log.unit, log.steps_per_epoch, log.steps.tolist()) == (
        "epoch",
        PER_EPOCH,
        [PER_EPOCH * (e + 1) for e in range(EPOCHS)],
    )


def test_tensorboard_export():
    times, steps = 1.7e9 + 0.5 * np.arange(len(LOSSES)), np.arange(len(LOSSES))
    content = lines("Wall time,Step,Value", times, steps, LOSSES)
    log = read_log("run-resnet20_lr0.1-tag-train_loss.csv", content, steps_per_epoch=PER_EPOCH)
    assert log.format == "TensorBoard's CSV export" and log.losses == pytest.approx(LOSSES) and log.steps[0] == 1
    assert log.epochs.seconds[1:] == pytest.approx(0.5 * PER_EPOCH)
    log = read_log("scalars.csv", content)
    assert log.losses == pytest.approx(LOSSES) and any("taken for the training loss" in line for line in log.understood)


def test_tensorboards_tag_tells_epochs_and_other_curves():
    content = lines("Wall time,Step,Value", 1.7e9 + np.arange(EPOCHS), range(EPOCHS), epoch_losses())
    assert read_log("run-train-tag-epoch_loss.csv", content).unit == "epoch"
    for other in ("run-validation-tag-epoch_loss.csv", "run-.-tag-val_loss.csv", "tag-test_accuracy.csv"):
        with pytest.raises(LogError, match="no training loss"):
            read_log(other, content)


def test_weights_and_biases_chart():
    content = lines(
        '"Step","good-run-7 - train/loss","good-run-7 - train/loss__MIN","good-run-7 - train/loss__MAX"',
        range(len(LOSSES)),
        LOSSES,
        LOSSES,
        LOSSES,
    )
    log = read_log("wandb_export_2024-03-01T10_00_00.000+01_00.csv", content)
    assert log.format == "Weights & Biases' CSV export" and log.losses == pytest.approx(LOSSES)


def test_weights_and_biases_history():
    rows = np.arange(len(LOSSES))
    tested = np.full(len(LOSSES), "", dtype=object)
    tested[PER_EPOCH - 1 :: PER_EPOCH] = accuracies()
    header = "_step,_runtime,_timestamp,epoch,trainer/global_step,train/loss,val/acc"
    log = read_log(
        "history.csv", lines(header, rows, 0.25 * (rows + 1), 1.7e9 + rows, rows // PER_EPOCH, rows, LOSSES, tested)
    )
    assert (log.steps_per_epoch, len(log.losses)) == (
        PER_EPOCH,
        len(LOSSES),
    ) and log.epochs.test_accuracy == pytest.approx(accuracies())
    assert log.epochs.seconds == pytest.approx(0.25 * PER_EPOCH)


def test_two_runs_of_one_chart_are_refused_by_name():
    header = "Step,a - loss,a - loss__MIN,a - loss__MAX,b - loss,b - loss__MIN,b - loss__MAX"
    with pytest.raises(LogError, match="two runs in one file: 'loss' of a, b"):
        read_log("wandb.csv", lines(header, range(len(LOSSES)), *[LOSSES] * 6))
    log = read_log("wandb.csv", lines(header, range(len(LOSSES)), *[LOSSES] * 6), columns={"loss": "b - loss"})
    assert log.losses == pytest.approx(LOSSES)
