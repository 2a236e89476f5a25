"""The experiment `fit` on trainings with planted loss curves, from artefacts to the store."""

import numpy as np
import pytest

from compute.__main__ import main
from compute.models.loss_curve import LossCurve
from compute.optimus.trainings import trainings
from store.artefact import write_run
from store.build import build
from store.layout import Layout
from store.reader import open_reader
from tests.conftest import make_run

PER_EPOCH, EPOCHS = 20, 40
DROPS = (20 * PER_EPOCH, 30 * PER_EPOCH)
PIECES = [
    LossCurve(beta0=0.01, beta1=0.45, beta2=0.5),
    LossCurve(beta0=0.05, beta1=2.0, beta2=0.3),
    LossCurve(beta0=0.2, beta1=4.0, beta2=0.25),
]


def plant(runs, depth: int, gpu_type: str, seed: int) -> None:
    """A training whose loss follows PIECES, with a little noise, as `train` would have left it."""
    steps = np.arange(1, EPOCHS * PER_EPOCH + 1)
    segment = np.searchsorted(DROPS, steps - 1, side="right")
    start = np.array([0, *DROPS])[segment]
    losses = np.choose(segment, [piece.loss(steps - start) for piece in PIECES]) + np.random.default_rng(seed).normal(0, 0.01, len(steps))
    by_epoch = losses.reshape(EPOCHS, PER_EPOCH).mean(axis=1)
    epochs = {
        "epoch": np.arange(EPOCHS),
        "step": PER_EPOCH * np.arange(1, EPOCHS + 1),
        "lr": 0.1 ** (1 + segment[::PER_EPOCH]),
        "train_loss": by_epoch,
        "train_accuracy": np.linspace(0.2, 0.9, EPOCHS),
        "test_loss": by_epoch,
        "test_accuracy": np.linspace(0.2, 0.8, EPOCHS),
        "seconds": np.full(EPOCHS, 1.0),
        "images_per_s": np.full(EPOCHS, 100.0),
    }
    run = make_run(scale="cpu", model=f"resnet{depth}", depth=depth, gpu_type=gpu_type, seed=seed)
    write_run(run, {"steps": {"step": steps - 1, "loss": losses}, "epochs": epochs}, runs)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    layout = Layout.at(tmp_path_factory.mktemp("fit"))
    for seed, gpu_type in enumerate(("K80", "V100")):
        plant(layout.runs, 20, gpu_type, seed)
    assert main(["fit", "--runs", str(layout.runs)]) == 0
    assert build(layout).left_out == ()
    return layout, open_reader(layout)


def test_segments_are_read_from_the_learning_rate(fitted):
    found = trainings(fitted[0].runs)
    assert [(t.depth, t.gpu_type) for t in found] == [(20, "K80"), (20, "V100")]
    assert found[0].segments() == [("all", 0, 800), ("1", 0, 400), ("2", 400, 600), ("3", 600, 800)]


def test_each_segment_gets_back_what_was_planted(fitted):
    rows = fitted[1].df("SELECT * FROM loss_models WHERE NOT normalised AND segment <> 'all' ORDER BY source_run, outliers_replaced, segment")
    assert len(rows) == 2 * 2 * 3
    for row in rows.itertuples():
        planted = PIECES[int(row.segment) - 1]
        assert row.beta2 == pytest.approx(planted.beta2, abs=0.02)
        assert row.beta0 == pytest.approx(planted.beta0, rel=0.35)
        assert row.rmse == pytest.approx(0.01, rel=0.15)


def test_the_drops_break_the_single_curve(fitted):
    rmse = dict(fitted[1].df("SELECT segment, max(rmse) AS rmse FROM loss_models WHERE normalised GROUP BY ALL").itertuples(index=False))
    assert rmse["all"] > 3 * max(rmse[segment] for segment in "123")


def test_normalised_losses_are_at_most_one(fitted):
    rows = fitted[1].df("SELECT * FROM loss_models WHERE normalised AND segment = 'all'")
    assert (1 / rows["beta1"] + rows["beta2"] < 1.1).all()
    assert (rows["unit"] > 2).all()


def test_forecasts_end_at_the_truth_when_restarted(fitted):
    rows = fitted[1].df("SELECT * FROM forecasts WHERE method = 'restarted' AND progress_percent = 100")
    assert rows["forecast_epochs"].to_numpy() == pytest.approx([EPOCHS] * 2, rel=0.15)
    early = fitted[1].df("SELECT * FROM forecasts WHERE method = 'restarted' AND progress_percent <= 40")
    assert early["forecast_epochs"].isna().all(), "before the first drop the model cannot know of the losses after it"


def test_a_fit_names_its_trainings(fitted):
    inputs = fitted[1].one("SELECT inputs FROM runs WHERE job = 'fit'")[0]
    assert inputs == ["optimus-train-resnet20-k80-cpu-s0", "optimus-train-resnet20-v100-cpu-s1"]


def test_nothing_to_fit_is_one_line(tmp_path, capsys):
    assert main(["fit", "--runs", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "python -m compute train" in error
    assert len(error.splitlines()) == 1
