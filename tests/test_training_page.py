"""The page of a reader's own training: logs that are dropped on it, examples, links, and what it says of bad ones."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from store import settings
from store.optimus import external
from store.reader import open_reader
from tests.conftest import PROJECT, figure_titles
from tests.planted_logs import accuracies, epoch_losses, lines, step_losses

KEYS = ("log", "upto", "form", "more", "target_loss", "unit_s", "usd_per_h")
KEYS += ("steps_an_epoch", "drops", "column_loss", "column_lr")
STEPS = np.arange(1, len(step_losses()) + 1)


@pytest.fixture(scope="module")
def planted(everything):
    """The planted results of all experiments, as the store of the page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPORT_STORE", str(everything.runs.parent))
        yield open_reader(everything)


def show(**query) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=180).run()
    for key, value in query.items():
        app.query_params[key] = value
    app.switch_page("pages/your_training.py").run()
    assert not app.exception
    return app


def drop(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader(key="file").set_value((name, content, "text/plain")).run()
    assert not app.exception
    return app


def text(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption, *app.info, *app.warning])


def titles(app: AppTest) -> list[str]:
    return figure_titles(app)


def keras() -> bytes:
    return lines("epoch,accuracy,loss,val_accuracy", range(12), accuracies(), epoch_losses(), accuracies())


def key_value() -> bytes:
    rows = [f"step={step} loss={loss}" for step, loss in zip(STEPS, step_losses(), strict=True)]
    return "\n".join(rows).encode()


def hugging_face() -> bytes:
    history = [
        {"step": int(step), "epoch": round(step / 20, 2), "loss": float(loss), "learning_rate": 0.1}
        for step, loss in zip(STEPS, step_losses(), strict=True)
    ]
    return json.dumps({"log_history": history}).encode()


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("history.csv", keras(), "Keras' CSVLogger, 12 rows"),
        ("train.log", key_value(), "text log, 240 rows"),
        ("trainer_state.json", hugging_face(), "240 rows"),
    ],
)
def test_a_dropped_log_is_understood_fitted_and_forecast(planted, name, content, format):
    app = drop(show(), name, content)
    assert not app.error
    understood = next(box.label for box in app.expander if box.label.startswith("Understood"))
    assert format in understood.replace("\\", "")
    assert [title for title in titles(app) if title.startswith("**In 10")]
    assert app.metric[0].label == "Loss then" and 0.1 < float(app.metric[0].value) < 1.5
    assert "not your file" in text(app)


def test_the_forecast_is_the_planted_curves(planted):
    app = drop(show(form="Eq. 1", more="100", steps_an_epoch="1"), "a.csv", lines("step,loss", STEPS, step_losses()))
    assert float(app.metric[0].value) == pytest.approx(1 / (0.01 * 340 + 0.45) + 0.1, rel=0.05)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"step,loss\n1,2.0\n2,oops\n" + b"3,1.0\n" * 20, "line 3"),
        (b"step,loss\n1,2.0\n2,1.5\n", "at least 10 are needed"),
        (b"\x1f\x8bzzz", "compressed with gzip"),
        (b"", "empty"),
        (b"step,price\n" + b"\n".join(b"%d,1.0" % i for i in range(30)), "loss=NAME"),
    ],
)
def test_a_bad_log_is_one_message_with_line_and_reason(planted, content, said):
    app = drop(show(), "bad<b>.csv", content)
    assert len(app.error) == 1 and said in app.error[0].value.replace("\\", "")
    assert "<b>" not in app.error[0].value.replace("\\<b\\>", "")
    assert not app.metric


def test_a_log_whose_losses_cannot_be_fitted_says_why(planted):
    app = drop(show(), "a.csv", lines("step,loss", range(30), np.r_[np.linspace(2, 1, 29), -1.0]))
    assert any("above 0" in element.value for element in app.info)


def test_a_hundred_thousand_steps_are_fitted_to_a_thousand_points(planted):
    step = np.arange(1, 100_001)
    loss = 1 / (2e-4 * step + 0.45) + 0.1 + np.random.default_rng(0).normal(0, 0.1, len(step))
    app = drop(show(form="Eq. 1", more="100000"), "big.csv", lines("step,loss", step, np.round(loss, 4)))
    assert float(app.metric[0].value) == pytest.approx(1 / (2e-4 * 200_000 + 0.45) + 0.1, rel=0.02)
    (pieces,) = [frame.value for frame in app.dataframe if "beta0" in frame.value]
    assert pieces["points"].tolist() == [1000]


def test_a_log_above_the_limit_is_refused(planted, monkeypatch):
    import pages.sections.training.source as source

    monkeypatch.setattr(source, "UPLOAD_MB", 1)
    app = drop(show(), "a.csv", b"step,loss\n" + b"1,1.0\n" * 200_000)
    assert "more than 1 MiB" in app.error[0].value and not app.metric
    assert settings.UPLOAD_MB >= 8, "a text log of 100,000 steps has some 8 MB"


def test_another_log_takes_the_place_of_the_first(planted):
    app = drop(show(), "a.csv", b"step,loss\n1,2.0\n")
    assert app.error
    assert not drop(app, "b.csv", keras()).error
    app.file_uploader(key="file").clear().run()
    assert "holds the training and every control" in text(app)


def test_corrections_name_columns_and_drops(planted):
    app = drop(show(), "a.csv", lines("step,price,epoch", STEPS, step_losses(), (STEPS - 1) // 20))
    assert app.error
    app.text_input(key="column_loss").set_value("price").run()
    assert not app.error and app.metric
    app.text_input(key="drops").set_value("6, 9").run()
    (pieces,) = [frame.value for frame in app.dataframe if "beta0" in frame.value]
    assert pieces["to"].tolist() == [6, 9, 12]
    app.text_input(key="drops").set_value("soon").run()
    assert "100, 150" in app.error[0].value


def test_no_regular_expression_of_a_reader_is_offered(planted):
    app = drop(show(), "train.log", key_value())
    assert not any("pattern" in f"{box.label} {box.key}".lower() for box in app.text_input)


def test_a_link_restores_an_example_with_all_controls(planted):
    run = "optimus-train-resnet32-p100-small-s321"
    query = {"log": run, "upto": "45", "form": "power law", "more": "7", "target_loss": "0.5", "usd_per_h": "3.5"}
    app = show(**query)
    assert app.selectbox(key="log").value == run and app.slider(key="upto").value == 45
    assert app.selectbox(key="form").value == "power law"
    assert [app.number_input(key=key).value for key in ("more", "target_loss", "usd_per_h")] == [7, 0.5, 3.5]
    assert any(title.startswith("**In 7 more epochs") and "the power law" in title for title in titles(app))


def test_a_part_of_the_log_leaves_the_rest_to_compare_with(planted):
    app = show(upto="40")
    (pieces,) = [frame.value for frame in app.dataframe if "beta0" in frame.value]
    whole = next(frame.value for frame in show().dataframe if "beta0" in frame.value)
    assert len(pieces) == 1 and len(whole) == 3


def test_the_last_piece_can_be_shown_alone(planted):
    whole, alone = (app.get("vega_lite_chart")[0] for app in (show(), show(last_piece="true")))
    sizes = [
        len(chart.proto.datasets[0].data.data) if chart.proto.datasets else len(chart.proto.data.data)
        for chart in (whole, alone)
    ]
    assert 0 < sizes[1] < sizes[0]


def test_a_price_and_a_time_make_hours_and_costs(planted):
    app = drop(show(unit_s="3600", usd_per_h="2", more="5", target_loss="0.3"), "history.csv", keras())
    labels = {metric.label: metric.value for metric in app.metric}
    assert "5 more epochs take 5 hours and cost 10.00 USD" in text(app)
    assert "Hours until then" in labels or labels["Epochs until 0.3000"] == "never"


def test_what_is_not_identified_says_how_much_more_would_help(planted):
    app = drop(show(), "a.csv", lines("step,loss", np.arange(1, 26), step_losses()[:25]))
    assert any(
        "Not identified yet" in element.value and "more of the same piece would" in element.value
        for element in app.info
    )


@pytest.mark.parametrize("value", ["9.9", "<script>alert(1)</script>", "NaN", "-1", "9" * 400, "../../etc/passwd"])
def test_hostile_links_fall_back_to_defaults(planted, value):
    app = show(**dict.fromkeys(KEYS, value))
    assert "<script>" not in text(app)
    assert not drop(app, "a.csv", keras()).exception


def test_the_accuracy_card_has_the_errors_of_the_store(planted):
    said = external.summary(planted).iloc[0]
    for app in (show(), question("4.1"), question("4.2")):
        (title,) = [title for title in titles(app) if "published trainings" in title]
        assert f"misses by {said['forecast_percent']:.0f} %" in title and f"{said['mean_percent']:.0f} %" in title


def question(name: str) -> AppTest:
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=180).run()
    app.query_params["question"] = name
    app.switch_page("pages/optimus.py").run()
    assert not app.exception
    return app
