"""The experiment `fit` on trainings with planted loss curves, from artefacts to the store."""

import pytest

from compute.__main__ import main
from compute.optimus.trainings import trainings
from store.build import build
from store.layout import Layout
from store.reader import open_reader
from tests.planted import EPOCHS, PIECES, plant


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
    assert inputs == ["optimus-train-resnet20-k80-small-s0", "optimus-train-resnet20-v100-small-s1"]


def test_nothing_to_fit_is_one_line(tmp_path, capsys):
    assert main(["fit", "--runs", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "python -m compute train" in error
    assert len(error.splitlines()) == 1
