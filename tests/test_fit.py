"""The experiment `fit` on trainings with planted loss curves, from artefacts to the store."""

import numpy as np
import pytest

from compute.__main__ import main
from store.build import build
from store.layout import Layout
from store.reader import open_reader
from tests.planted_optimus import EPOCHS, PER_EPOCH, PIECES, plant, plant_losses


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    layout = Layout.at(tmp_path_factory.mktemp("fit"))
    for seed, gpu_type in enumerate(("K80", "V100")):
        plant(layout.runs, 20, gpu_type, seed)
    assert main(["fit", "--runs", str(layout.runs)]) == 0
    assert build(layout).left_out == ()
    return open_reader(layout)


def test_each_segment_gets_back_what_was_planted(fitted):
    rows = fitted.df(
        "SELECT * FROM loss_models WHERE NOT normalised AND segment <> 'all' "
        "ORDER BY source_run, outliers_replaced, segment"
    )
    assert len(rows) == 2 * 2 * 3
    for row in rows.itertuples():
        planted = PIECES[int(row.segment) - 1]
        assert row.beta2 == pytest.approx(planted.beta2, abs=0.02)
        assert row.beta0 == pytest.approx(planted.beta0, rel=0.35)
        assert row.rmse == pytest.approx(0.01, rel=0.15)


def test_the_drops_break_the_single_curve(fitted):
    rows = fitted.df("SELECT segment, max(rmse) AS rmse FROM loss_models WHERE normalised GROUP BY ALL")
    rmse = dict(rows.itertuples(index=False))
    assert rmse["all"] > 3 * max(rmse[segment] for segment in "123")


def test_normalised_losses_are_at_most_one(fitted):
    rows = fitted.df("SELECT * FROM loss_models WHERE normalised AND segment = 'all'")
    assert (1 / rows["beta1"] + rows["beta2"] < 1.1).all()
    assert (rows["unit"] > 2).all()


def test_normalised_and_plain_fits_are_the_same_curve(fitted):
    rows = fitted.df("SELECT source_run, segment, outliers_replaced, rmse * unit AS rmse, identified FROM loss_models")
    for _, group in rows.groupby(["source_run", "segment", "outliers_replaced"]):
        assert group["rmse"].iloc[0] == pytest.approx(group["rmse"].iloc[1], rel=1e-6)
        assert group["identified"].nunique() == 1


def test_the_last_forecast_of_the_restarted_model_is_the_real_end(fitted):
    rows = fitted.df("SELECT * FROM forecasts WHERE method = 'restarted' AND progress_percent = 100")
    assert rows["forecast_epochs"].to_numpy() == pytest.approx([EPOCHS] * 2, rel=0.15)


def test_before_the_first_drop_the_forecast_is_never(fitted):
    rows = fitted.df("SELECT * FROM forecasts WHERE method = 'restarted' AND progress_percent <= 40")
    assert len(rows) and rows["forecast_epochs"].isna().all()


def test_a_forecast_counts_the_drops_before_it(fitted):
    rows = fitted.df("SELECT epoch, max(drops) AS drops FROM forecasts GROUP BY epoch").set_index("epoch")["drops"]
    assert (rows.loc[20], rows.loc[22], rows.loc[30], rows.loc[32]) == (0, 1, 1, 2)


def test_a_fit_names_its_trainings(fitted):
    inputs = fitted.one("SELECT inputs FROM runs WHERE job = 'fit'")[0]
    assert inputs == ["optimus-train-resnet20-k80-small-s0", "optimus-train-resnet20-v100-small-s1"]


def test_a_training_that_cannot_be_fitted_is_named_and_the_others_are_fitted(tmp_path, capsys):
    layout = Layout.at(tmp_path)
    good, bad = plant(layout.runs, 20, "K80", 0), plant_losses(layout.runs, np.zeros(100), gpu_type="V100")
    assert main(["fit", "--runs", str(layout.runs)]) == 0
    lines = [line for line in capsys.readouterr().err.replace("\r", "\n").splitlines() if "left out" in line]
    assert len(lines) == 1 and lines[0].startswith(f"left out {bad.name}: ")
    assert build(layout).left_out == ()
    reader = open_reader(layout)
    assert reader.one("SELECT list(DISTINCT source_run) FROM loss_models")[0] == [good.name]
    assert reader.one("SELECT config->>'$.left_out[0]' FROM runs WHERE job = 'fit'")[0] == bad.name


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_forecasts_are_made_only_at_epochs_that_there_are(tmp_path, epochs):
    layout = Layout.at(tmp_path)
    plant_losses(layout.runs, PIECES[0].loss(np.arange(epochs * PER_EPOCH)))
    assert main(["fit", "--runs", str(layout.runs)]) == 0
    assert build(layout).left_out == ()
    reader = open_reader(layout)
    assert reader.one("SELECT count(*) FROM loss_models")[0] == 8
    made = reader.df("SELECT epoch, progress_percent FROM forecasts")
    assert made["epoch"].tolist() == ([3, 3] if epochs == 3 else [])


def test_nothing_to_fit_is_one_line(tmp_path, capsys):
    assert main(["fit", "--runs", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "python -m compute train" in error
    assert len(error.splitlines()) == 1
