"""Reading plain text logs, and any other text by a pattern."""

import numpy as np
import pytest

from compute.logs import LogError, read_log
from tests.planted_logs import EPOCHS, PER_EPOCH, accuracies, epoch_losses, step_losses

LOSSES, MEANS, TESTED = step_losses(), epoch_losses(), accuracies()
EVERY = range(0, PER_EPOCH, 5)


def text(rows) -> bytes:
    return ("\n".join(rows) + "\n").encode()


def test_key_value_lines_an_epoch():
    rows = [
        "INFO:root:Namespace(batch_size=128, lr=0.1, lr_decay_epoch='8,10', model='resnet20', num_epochs=12, wd=0.0001)"
    ]
    rows += [
        f"INFO:root:[Epoch {e}] train={TESTED[e] + 0.05:.6f} val={TESTED[e]} loss={MEANS[e]} time: {16 + e % 3}.000"
        for e in range(EPOCHS)
    ]
    log = read_log("a.log", text(rows))
    assert (log.format, log.unit) == ("text log", "epoch") and log.losses == pytest.approx(MEANS)
    assert log.epochs.train_accuracy == pytest.approx(TESTED + 0.05) and log.epochs.test_accuracy == pytest.approx(
        TESTED
    )
    assert log.epochs.seconds[:3] == pytest.approx([16.0, 17.0, 18.0])
    assert log.lr is None and any("taken for a setting" in line for line in log.understood)


def meters(e: int) -> list[str]:
    """An epoch as PyTorch's ImageNet example prints it: values and means so far, tests that stop before the end."""
    rows = [f"current lr {0.1 if e < 8 else 0.01:.5e}"]
    for i in EVERY:
        loss, mean = LOSSES[e * PER_EPOCH + i], LOSSES[e * PER_EPOCH : e * PER_EPOCH + i + 1].mean()
        rows.append(
            f"Epoch: [{e}][{i}/{PER_EPOCH}]\tTime 0.050 (0.040)\tData 0.010 (0.002)\t"
            f"Loss {loss:.4f} ({mean:.4f})\tPrec@1 {70 + e}.406 ({60 + e}.500)"
        )
    rows += [f"Test: [{i}/79]\tTime 0.110 (0.110)\tLoss 9.0 (9.0)\tPrec@1 99.000 (99.000)" for i in (0, 50)]
    return [*rows, f" * Prec@1 {100 * TESTED[e]:.3f} Prec@5 99.000"]


def test_meters_with_running_means():
    log = read_log(
        "a.log", text(["Files already downloaded and verified", *(row for e in range(EPOCHS) for row in meters(e))])
    )
    assert (log.unit, log.steps_per_epoch) == ("step", PER_EPOCH)
    assert log.steps.tolist() == [e * PER_EPOCH + i + 1 for e in range(EPOCHS) for i in EVERY]
    assert log.losses == pytest.approx(LOSSES[::5])
    assert log.epochs.train_loss == pytest.approx(
        [LOSSES[e * PER_EPOCH :][:16].mean() for e in range(EPOCHS)], abs=1e-4
    )
    assert log.epochs.train_accuracy == pytest.approx([0.605 + 0.01 * e for e in range(EPOCHS)])
    assert log.epochs.test_accuracy == pytest.approx(TESTED) and np.isnan(log.epochs.test_loss).all()
    assert log.epochs.seconds == pytest.approx(0.04 * PER_EPOCH)
    assert [(each.step, each.epoch, each.source) for each in log.milestones] == [(8 * PER_EPOCH, 8, "learning rate")]
    assert log.milestones[0].factor == pytest.approx(0.1)


def key_values(e: int, means: np.ndarray) -> list[str]:
    """An epoch of a logger that writes a mean that runs on, percentages, h:mm:ss, and best values so far."""
    at = f"2021-04-10 01:{22 + e}:09,36{e % 10} INFO    : "
    rows = [f"{at}Train start, epoch={e + 1:04d}, lr={0.1 * (1 + np.cos(np.pi * e / EPOCHS)) / 2:.6f}"]
    for i in range(2, PER_EPOCH + 1, 2):
        more = f"remaining_time=0:00:48.6, arrival_time=2021-04-10 01:23:06.9, cost_time=0:00:{i:02d}.500000"
        rows.append(
            f"{at}TRAIN, epoch={e + 1:04d}, iter={i:05d}/{PER_EPOCH:05d}, fetch data time cost=1.41ms, fps=980 img/s, "
            f"loss={means[i - 1]:.4f}, top1-acc=34.17%, top5-acc=84.85%, {more}"
        )
    for i in (1, 2):
        rows.append(
            f"{at}EVAL, epoch={e + 1:04d}, iter={i:05d}/00002, loss={i}.5, "
            f"top1-acc={100 * TESTED[e] - 2 + i:.2f}%, top5-acc=99.77%, cost_time=0:00:01.2"
        )
    return [
        *rows,
        f"{at}Epoch={e + 1:04d} complete, best val top1-acc=99.01%, top5-acc=99.77% (epoch=1), cost_time=1:41:21.44",
    ]


@pytest.mark.parametrize("noise", [0.01, 0.3], ids=["falling fast", "scattering"])
def test_a_mean_that_runs_on_counts_at_the_end_of_its_epoch(noise):
    losses = step_losses(noise=noise).reshape(EPOCHS, PER_EPOCH)
    means = losses.cumsum(axis=1) / np.arange(1, PER_EPOCH + 1)
    log = read_log(
        "a.log",
        text(
            [
                "PyTorch version: 1.8.1",
                "GPU 0: GeForce GTX 1080",
                *(row for e in range(EPOCHS) for row in key_values(e, means[e])),
            ]
        ),
    )
    assert (log.unit, log.steps_per_epoch) == ("epoch", PER_EPOCH) and any(
        "runs on within an epoch" in line for line in log.understood
    )
    assert log.losses == pytest.approx(losses.mean(axis=1), abs=1e-4) and log.steps.tolist() == [
        PER_EPOCH * (e + 1) for e in range(EPOCHS)
    ]
    assert log.epochs.test_accuracy == pytest.approx(TESTED, abs=1e-4) and log.epochs.test_loss == pytest.approx(2.5)
    assert log.epochs.train_accuracy == pytest.approx(0.3417) and log.epochs.seconds == pytest.approx(20.5)
    assert log.milestones == () and log.lr[0] == pytest.approx(0.1)


@pytest.mark.parametrize("noise", [0, 0.01, 0.3])
def test_losses_of_single_steps_are_not_taken_for_running_means(noise):
    log = read_log(
        "a.log",
        text(f"epoch: {s // PER_EPOCH}, step: {s}, loss: {loss}" for s, loss in enumerate(step_losses(noise=noise))),
    )
    assert log.unit == "step" and len(log.losses) == len(LOSSES) and log.steps_per_epoch == PER_EPOCH


LINES = {
    "key: value": lambda e: [
        f"Epoch {e + 1}/{EPOCHS} - loss: {MEANS[e]} - acc: 0.5 - val_loss: 0.9 - val_acc: {TESTED[e]}"
    ],
    "Keras": lambda e: [
        f"Epoch {e + 1}/{EPOCHS}",
        f"391/391 [====] - 5s 12ms/step - loss: {MEANS[e]} - accuracy: 0.5 - val_loss: 0.9 - val_accuracy: {TESTED[e]}",
    ],
    "words": lambda e: [
        f"Epoch: {e} | Train Loss: {MEANS[e]} | Train Acc: 50.0 | Test Loss: 0.9 | Test Acc: {100 * TESTED[e]:.2f}"
    ],
    "lines of their own": lambda e: [
        f"Epoch {e}/{EPOCHS - 1}",
        "----------",
        f"train Loss: {MEANS[e]} Acc: 0.5",
        f"val Loss: 0.9 Acc: {TESTED[e]}",
        "",
    ],
    "dictionaries": lambda e: [
        f"{{'loss': {MEANS[e]}, 'learning_rate': 0.1, 'epoch': {e + 1}.0}}",
        f"{{'eval_loss': 0.9, 'eval_accuracy': {TESTED[e]}, 'epoch': {e + 1}.0}}",
    ],
    "coloured": lambda e: [
        f"\x1b[32mINFO\x1b[0m epoch=\x1b[1m{e}\x1b[0m loss={MEANS[e]} val_acc={TESTED[e]} val_loss=0.9",
    ],
    "progress bar": lambda e: [
        f"epoch={e} loss=7.5\repoch={e} loss=6.5\repoch={e} loss={MEANS[e]} val_acc={TESTED[e]} val_loss=0.9"
    ],
}


@pytest.mark.parametrize("kind", LINES)
def test_other_kinds_of_lines(kind):
    log = read_log("a.log", text(row for e in range(EPOCHS) for row in LINES[kind](e)))
    assert log.losses == pytest.approx(MEANS) and log.unit == "epoch"
    assert log.epochs.test_accuracy == pytest.approx(TESTED) and log.epochs.test_loss == pytest.approx(0.9)


def test_steps_of_bracketed_totals():
    rows = [
        f"Epoch [{s // PER_EPOCH + 1}/{EPOCHS}], Step [{s % PER_EPOCH + 1}/{PER_EPOCH}], Loss: {loss:.4f}"
        for s, loss in enumerate(LOSSES)
    ]
    log = read_log("a.log", text(rows))
    assert log.steps_per_epoch == PER_EPOCH and log.steps.tolist() == list(range(1, len(LOSSES) + 1))


def test_a_counter_of_images():
    rows = [
        f"Train Epoch: {s // PER_EPOCH + 1} [{s % PER_EPOCH * 64}/1280 ({5 * (s % PER_EPOCH)}%)]\tLoss: {loss:.6f}"
        for s, loss in enumerate(LOSSES)
    ]
    log = read_log("a.log", text(rows), steps_per_epoch=PER_EPOCH)
    assert log.steps.tolist() == list(range(1, len(LOSSES) + 1)) and log.losses == pytest.approx(LOSSES)
    assert any("the counter is of images" in line for line in read_log("a.log", text(rows)).understood)


def test_a_key_by_mapping():
    content = text(f"epoch={e} cls={MEANS[e]} box=0.3" for e in range(EPOCHS))
    with pytest.raises(LogError, match="no training loss"):
        read_log("a.log", content)
    assert read_log("a.log", content, columns={"loss": "cls"}).losses == pytest.approx(MEANS)


def test_a_pattern():
    content = text(f"<{e + 1}> {MEANS[e]} ({100 * TESTED[e]:.2f}) {'ok' if e else 'warming up'}" for e in range(EPOCHS))
    log = read_log("a.log", content, pattern=r"<(?P<epoch>\d+)> (?P<loss>\S+) \((?P<test_accuracy>[\d.]+)\)")
    assert (
        log.format == "text by a pattern"
        and log.losses == pytest.approx(MEANS)
        and log.epochs.test_accuracy == pytest.approx(TESTED)
    )


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "no regular expression"),
        (r"loss \S+", "names no group"),
        (r"(?P<los>\d+)", "'los' is unknown"),
        (r"(?P<loss>zzz)", "in no line"),
        (r"loss (?P<loss>\S+)", "^line 3: 'loss' holds 'oops'"),
    ],
)
def test_patterns_that_do_not_do(pattern, reason):
    content = text(f"epoch={e} loss {MEANS[e] if e != 2 else 'oops'}" for e in range(EPOCHS))
    with pytest.raises(LogError, match=reason):
        read_log("a.log", content, pattern=pattern)
