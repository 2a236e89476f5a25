"""Problem 4's pages: numbers in their figures on planted results, and what they say where something is missing."""

import re

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from compute.__main__ import main
from compute.core.speed import SynchronousSpeed
from pages.sections.optimus.fits import NOT_IDENTIFIED, coefficient_table
from pages.sections.optimus.labels import listed, with_network
from store.build import build
from store.layout import Layout
from store.optimus import losses, plans, predictions, regressions
from store.reader import open_reader
from tests.conftest import PROJECT, figure_titles
from tests.planted_optimus import pieces, plant_all, plant_losses


def show(question: str, **query) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=180).run()
    for key, value in {"question": question, **query}.items():
        app.query_params[key] = value
    app.switch_page("pages/optimus.py").run()
    assert not app.exception
    return app


def title(app: AppTest, pattern: str, which: int = 0) -> re.Match:
    """The figure's title that matches a pattern, the first one or the one of a number."""
    found = [match for text in figure_titles(app) if (match := re.fullmatch(rf"\*\*{pattern}\*\*", text))]
    assert found, figure_titles(app)
    return found[which]


def captions(app: AppTest) -> str:
    return "\n".join(element.value for element in app.caption)


@pytest.fixture(scope="module")
def planted(everything):
    """The planted results of all experiments, as the store of the pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPORT_STORE", str(everything.runs.parent))
        yield open_reader(everything)


def test_4_1_says_by_how_much_the_curves_miss(planted):
    app = show("4.1")
    median = losses.median_misfit(planted, True, True).iloc[0]
    found = title(app, r"One hyperbola .* misses by ([\d.]+) \(median RMSE\), restarted at the drops by ([\d.]+)")
    assert [float(value) for value in found.groups()] == [round(median[c], 3) for c in ("one_curve", "restarted")]
    assert median["one_curve"] > 3 * median["restarted"], "as planted"


def test_4_1_shows_a_training_with_the_rmse_of_the_table(planted):
    run = "optimus-train-resnet32-p100-small-s321"
    app = show("4.1", training=run)
    row = losses.misfit(planted, False, True).set_index("source_run").loc[run]
    found = title(app, rf"{run}: one curve misses by ([\d.]+), restarted at drops by ([\d.]+)")
    assert [float(value) for value in found.groups()] == [round(row[c], 3) for c in ("one_curve", "restarted")]
    assert float(found[2]) == pytest.approx(0.01, abs=0.002), "the planted noise"


def test_4_1_shows_the_range_of_the_final_accuracies(planted):
    found = title(show("4.1", curve="test accuracy"), r"The test accuracy ends between ([\d.]+) % .* and ([\d.]+) % .*")
    assert float(found[1]) == pytest.approx(100 * (0.9 - 0.4512 / 5), abs=2)


def test_4_2_says_the_planted_effect_of_depth(planted):
    found = title(show("4.2"), r"Depth matters at the 5 % level in (\d+) of (\d+) regressions, the GPU type in (\d+)")
    row = regressions.effects_summary(planted).iloc[0]
    assert tuple(map(int, found.groups())) == (row["depth_matters"], row["regressions"], row["gpu_matters"])


def test_4_2_says_by_how_much_the_predicted_curve_misses(planted):
    found = title(show("4.2"), r"ResNet-50's predicted .* by ([\d.]+) \(RMSE\), (\d+) % \(symmetric\)")
    assert float(found[1]) == round(predictions.agreement(planted)["rmse"].iloc[0], 3) < 0.05


def test_4_3_says_the_fastest_number_of_workers(planted):
    app = show("4.3", m=128)
    found = title(
        app, r"Synchronous .*: 2 servers are fastest with (\d+) workers \(([\d.]+) h\); 4 servers .* (\d+) .*", which=-1
    )
    paper = SynchronousSpeed(theta=(1.02, 2.78, 4.92, 0.0, 0.02), batch=128)
    assert [int(found[1]), int(found[3])] == [round(paper.balanced_workers(servers)) for servers in (2, 4)]
    epochs = plans.predicted_epochs(planted, app.slider(key="plan_target").value)
    steps = epochs["predicted"] * 2560 / 128
    assert float(found[2]) == pytest.approx(steps / paper.steps_per_s(2, int(found[1])) / 3600, abs=0.06)


def test_4_3_finds_the_cheapest_and_the_fastest_plan(planted):
    app = show("4.3", within_hours=1000.0, within_usd=1000.0)
    prices = plans.prices(planted)
    usd = tuple(zip(prices["gpu_type"], prices["usd_per_hour"].astype(float), strict=True))
    rows = plans.costs(planted, app.slider(key="plan_target").value, usd, 0.0)
    cheapest = rows.loc[rows["usd"].idxmin()]
    plan = f"**{cheapest['gpu_type']}** × {cheapest['workers']}, no server: {cheapest['hours']:.3g} h"
    assert any(element.value.startswith(plan) for element in app.markdown)
    found = title(app, r"(\d+) of (\d+) plans to \d+ % .*")
    assert (int(found[1]), int(found[2])) == (rows["front"].sum(), len(rows))


@pytest.fixture(scope="module")
def partial(tmp_path_factory):
    """One GPU type whole, another one unknown to the throughputs, one training that cannot be fitted."""
    layout = Layout.at(tmp_path_factory.mktemp("pages"))
    plant_all(layout.runs, pieces, gpu_types=("K80",), deviation=0.003, evaluate_every=2)
    plant_losses(
        layout.runs, pieces(18)[0].loss(range(1, 101)), depth=18, gpu_type="T4", lr=[0.1, 0.1, 0.1, 0.01, 0.001]
    )
    plant_losses(layout.runs, [0.0] * 100, depth=18, gpu_type="V100")
    for command in ("fit", "predict", "plan"):
        assert main([command, "--runs", str(layout.runs)]) == 0
    build(layout)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPORT_STORE", str(layout.runs.parent))
        yield layout


def test_4_1_names_the_training_that_cannot_be_fitted(partial):
    assert "No loss model can be fitted to optimus-train-resnet18-v100-small-s0." in captions(show("4.1"))


def test_4_2_says_that_one_gpu_type_is_too_few_to_compare(partial):
    app = show("4.2")
    assert title(
        app, r"Depth matters .* regressions, too few trainings to compare GPU types, so there is no term for them"
    )
    assert "with probability" not in "".join(element.value for element in app.markdown)
    assert "Not used, because they cannot be fitted like the others: optimus-train-resnet18-v100-small-s0" in captions(
        app
    )


def test_4_3_names_the_gpu_type_without_a_throughput(partial):
    assert "Not planned: T4, no throughput by CIFAR course runs." in captions(show("4.3"))


def test_the_table_says_in_words_what_is_not_identified():
    row = {"depth": 20, "gpu_type": "K80", "segment": "all", "rmse": 0.1, "points": 9, "unit": 2.0}
    row |= {f"beta{i}": float(i) for i in range(3)} | {f"beta{i}_low": None for i in range(3)}
    row |= {f"beta{i}_high": None for i in range(3)} | {"beta1_low": 0.5, "beta1_high": 1.5}
    rows = pd.DataFrame([row, row | {"segment": "1"}, row | {"depth": 50}])
    table = coefficient_table(rows, whole=True)
    assert table["network"].tolist() == ["ResNet-20"], "neither other segments nor the held-out depth"
    assert table.loc[0, ["beta0_interval", "beta1_interval"]].tolist() == [NOT_IDENTIFIED, "0.5 to 1.5"]
    assert "segment" not in table and "segment" in coefficient_table(rows, whole=False)


def test_networks_are_named_in_the_first_column():
    assert with_network(pd.DataFrame({"depth": [18, 50]}))["network"].tolist() == ["ResNet-18", "ResNet-50"]


@pytest.mark.parametrize(("names", "said"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_names_are_listed_as_in_a_sentence(names, said):
    assert listed(names) == said
