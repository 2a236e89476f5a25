"""The numbers that Problem 1's figures show of planted runs."""

import pytest
from streamlit.testing.v1 import AppTest

from compute.core.vocabulary import APPROACHES
from pages.sections.transfer import charts
from store.transfer import costs, curves, evaluated
from tests.conftest import PROJECT, figure_titles
from tests.planted_transfer import MILESTONES, NAMES

pytestmark = pytest.mark.usefixtures("report_store")


@pytest.fixture
def report_store(planted_transfer_layout, monkeypatch):
    monkeypatch.setenv("REPORT_STORE", str(planted_transfer_layout.runs.parent))


def show(question: str, **controls: str) -> AppTest:
    """Problem 1's page at a question, with these controls in its address."""
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=180).run()
    for key, value in {"question": question, **controls}.items():
        app.query_params[key] = value
    app.switch_page("pages/transfer.py").run()
    assert not app.exception
    return app


def titles(app: AppTest) -> list[str]:
    """The titles of the figures: what stands in bold by itself."""
    return [title[2:-2] for title in figure_titles(app)]


def table(app: AppTest, column: str):
    """The first table that has a column."""
    return next(element.value for element in app.dataframe if column in element.value)


# ---------------------------------------------------------------- 1.1a


def test_1_1a_counts_the_images_of_the_classes():
    app = show("1.1a")
    assert titles(app)[0] == "6 classes of 60 to 110 images in all: the largest has 1.8 times as many as the smallest"
    assert table(app, "imbalance")["images"].tolist() == [60, 60, 390, 510]


def test_1_1a_says_of_a_balanced_split_that_it_is_balanced():
    assert titles(show("1.1a", split="train"))[0].endswith("in train: every class has as many as the others")


def test_1_1a_shows_two_samples_of_each_of_two_classes():
    assert "**4 images of barbeton daisy and artichoke**" in [text.value for text in show("1.1a").markdown]


# ---------------------------------------------------------------- 1.1b, 1.1c


def test_1_1b_shows_the_first_rate_alone(planted_transfer):
    loss = curves.curve_summary(planted_transfer, "flowers102", 64).set_index(["job", "lr"])["last_loss"]
    assert titles(show("1.1b"))[0] == f"The training loss ends at {loss['finetune', 0.001]:.3g} with rate 0.001"


def test_1_1c_shows_where_each_rate_ends():
    first = titles(show("1.1c", curve="validation accuracy"))[1]
    assert first == "The validation accuracy ends at 16.7 % with rate 0.1, 50 % with rate 0.01, 33.3 % with rate 0.001"


def test_1_1c_names_the_rate_that_is_best_on_val():
    assert "Rate 0.01 is best on the validation images and gets 46.2 % of the test images right" in titles(show("1.1c"))


# ---------------------------------------------------------------- 1.2a


def test_1_2a_names_the_rate_that_is_best_on_val():
    assert "Rate 0.1 is best on the validation images and gets 38.5 % of the test images right" in titles(show("1.2a"))


def test_1_2a_says_how_much_faster_an_epoch_is(planted_transfer):
    app = show("1.2a")
    assert titles(app)[2] == (
        "An epoch of a last layer takes 1/600 of the seconds of one of fine-tuning, "
        "with its part of computing the features 1/8"
    )
    epoch_s = costs.epoch_seconds(planted_transfer, "flowers102", 64)["epoch_s"]
    assert table(app, "epoch_s")["epoch_s"].tolist() == epoch_s.tolist()


# ---------------------------------------------------------------- 1.2b


def test_1_2b_compares_the_chosen_rates():
    first = titles(show("1.2b"))[0]
    assert first.startswith(
        "Fine-tuning, 0.01 leads on the validation images (50.0 % against 41.7 % of last layer, 0.1)"
    )
    assert first.endswith("on the test images it is 46.2 % against 38.5 %, and the intervals overlap")


@pytest.mark.parametrize(("cost", "column"), [("FLOPs", "flops_ratio"), ("seconds", "seconds_ratio")])
def test_1_2b_says_how_many_times_fine_tuning_costs(planted_transfer, cost, column):
    pairs = costs.compared(planted_transfer, "flowers102").set_index(["job", "other_job"])
    ratio = f"{pairs.loc[('finetune', 'extract'), column]:,.0f}"
    assert any(f"takes {ratio} times the {cost} of a last layer" in title for title in titles(show("1.2b", cost=cost)))


def test_1_2b_lists_every_run(planted_transfer):
    shown, runs = table(show("1.2b"), "percent_per_pflop"), evaluated.evaluated(planted_transfer, "flowers102", 64)
    assert len(shown) == len(runs) == 23
    assert shown["images_per_s"].tolist()[:4] == [5, 5, 5, 3000]


def test_1_2b_counts_the_classes_that_gain():
    assert any(
        title.startswith("Fine-tuning is better in 6 of 6 classes, by 8.3 points") for title in titles(show("1.2b"))
    )


def test_1_2b_names_the_most_frequent_confusion():
    title = f"60 of {NAMES[5]} (67 % of its test images) are classified as oxeye daisy"
    assert title in titles(show("1.2b"))


def test_1_2b_colours_every_approach_in_the_vocabularys_order():
    colour = charts.costs("flops", "FLOPs")["encoding"]["color"]
    assert colour["scale"]["domain"] == [approach.name for approach in APPROACHES.values()]


def test_a_curve_has_a_rule_at_each_milestone(planted_transfer):
    rows = curves.curves(planted_transfer, "flowers102", 64, "finetune")
    milestones = curves.milestones(planted_transfer, "flowers102", 64, "finetune")
    data = charts.with_milestones(rows, milestones)
    assert data["milestone"].dropna().tolist() == list(MILESTONES)
    assert len(data) == len(rows) + len(MILESTONES)
