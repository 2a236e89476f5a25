"""The sections of Problem 2 show the planted runs' numbers, and their labels cover what the store holds."""

import pytest
from streamlit.testing.v1 import AppTest

from compute.core.supervision import SAMPLINGS, StudentKind
from pages.sections.supervision import labels
from pages.sections.supervision.captions import over_seeds, pool_line
from store.supervision import students
from tests.conftest import PROJECT


@pytest.fixture
def show(planted_supervision_layout, monkeypatch):
    """A function that renders a question's section on the planted store and returns the app."""
    monkeypatch.setenv("REPORT_STORE", str(planted_supervision_layout.runs.parent))

    def render(question: str, **controls) -> AppTest:
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=180).run()
        for key, value in {"question": question, **controls}.items():
            app.query_params[key] = value
        app.switch_page("pages/supervision.py").run()
        assert not app.exception
        return app

    return render


def texts(app: AppTest) -> str:
    """All prose and titles of a rendered page."""
    text = "\n".join(element.value for element in (*app.markdown, *app.caption))
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_2_1_quotes_the_published_accuracies(show, planted_supervision):
    (value,) = planted_supervision.one("SELECT value FROM published WHERE key = 'ssl_semiweak_resnext101_32x8_top1'")
    assert f"semi-weak {value} %" in texts(show("2.1"))


def test_2_2a_names_what_the_chosen_share_of_wrong_labels_costs(show):
    assert "With 50 % of its labels wrong a network loses 20.0 points" in texts(show("2.2a"))
    text = texts(show("2.2a", noise="25"))
    assert "With 25 % of its labels wrong a network loses 10.0 points, after the transfer to clean labels 3.0" in text


def test_2_2b_names_the_changes_of_both_samplings(show):
    text = texts(show("2.2b"))
    assert "Square-root sampling changes the accuracy by +9.0 points (+15.0 for the tail)" in text
    assert "uniform sampling changes the accuracy by +14.5 points (+25.0 for the tail)" in text


def test_2_2b_shows_the_chosen_sampling_only(show):
    text = texts(show("2.2b", sampling="uniform"))
    assert "Uniform sampling changes the accuracy by +14.5 points" in text and "quare-root sampling changes" not in text


def test_2_3a_names_the_students_gain_and_its_teacher(show):
    app = show("2.3a")
    assert "The student gets 67.0 % right, +8.5 points against the supervised baseline; its teacher 65.5 %" in texts(
        app
    )
    table = app.dataframe[0].value.query("stage == 'after fine-tuning'")
    assert table["trained_on"].tolist() == [labels.STUDENTS[kind] for kind in StudentKind]
    assert table["percent"].tolist() == [58.5, 61, 67, 75.5]


def test_2_3b_names_the_labels_of_the_least_predicted_class(show):
    assert "the least predicted class finds 6 images with P = 1, and 8 with P = 2" in texts(show("2.3b"))
    assert "the least predicted class finds 6 images with P = 1**" in texts(show("2.3b", p="1"))


def test_2_3b_names_how_much_of_a_rare_class_is_found(show):
    # at the second K: one of ten images with P = 1, two with more
    assert "the teacher finds 10 % with P = 1, 20 % with P = 2, 20 % with P = 5 (K = 2,000)" in texts(show("2.3b"))


def test_2_3c_counts_the_images_with_two_labels(show):
    text = texts(show("2.3c"))
    assert "10 of 30 images have two labels or more (33.3 %)" in text
    assert "With K = 4,000 and P = 2, 75.0 % of the labels are correct" in text


def test_2_3c_shows_the_chosen_k_p_and_class(show):
    text = texts(show("2.3c", k="8000", p="1", **{"class": "class 9"}))
    assert "of 5,500 images that the teacher takes for class 9" in text
    assert "With P = 1 an image keeps one class only" in text


def test_2_3d_names_the_shape_of_the_curve(show):
    assert (
        "After fine-tuning the accuracy rises and then falls (P = 2): "
        "63.0 % at K = 500, 67.0 % at K = 4,000, 64.0 % at K = 8,000"
    ) in texts(show("2.3d"))
    assert "Before fine-tuning the accuracy rises and then falls (P = 2): 59.0 %" in texts(
        show("2.3d", evaluated="before fine-tuning")
    )


def test_2_3d_names_both_ends_of_the_ranking_and_the_hardness(show):
    text = texts(show("2.3d"))
    assert "Labels at the top of the ranking are 100 % correct, where the first class's ranking ends 0 %" in text
    # the mean losses of one and of eight images, of the network that did not select
    assert "the loss of the selected images goes from 1.10 to 1.44" in text


def test_labels_cover_what_the_store_may_hold():
    assert set(labels.STUDENTS) == set(labels.SERIES) == set(StudentKind)
    assert set(labels.SAMPLINGS) == set(SAMPLINGS)
    assert set(labels.SHAPES) == set(students.CURVE_SHAPES)


def test_stages_have_a_label(planted_supervision):
    stages = planted_supervision.df("SELECT unnest(enum_range(NULL::stage))::VARCHAR AS stage")["stage"]
    assert set(labels.STAGES) == set(stages)


def test_captions_say_how_many_seeds_there_are(planted_supervision):
    rows = students.students(planted_supervision)
    assert over_seeds(rows) == "Means over 2 seeds, bars from the least to the most."
    rows.loc[0, "seeds"] = 1
    assert over_seeds(rows, "shaded").startswith("Means over 1 to 2 seeds, shaded")


def test_an_unknown_pool_has_no_line_to_explain():
    assert pool_line(None) == "" and "4,600 images" in pool_line(4600.0)
