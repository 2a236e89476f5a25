"""The commands of Problem 2 at scale smoke, whose artefacts the store takes, and wrong command lines."""

import pytest

from compute.__main__ import main
from store.build import build
from store.layout import Layout
from store.reader import open_reader

pytestmark = pytest.mark.usefixtures("one_thread")


def command(name: str, folder, *options: str) -> list[str]:
    places = ["--runs", str(folder / "runs"), "--checkpoints", str(folder / "checkpoints")]
    return [name, "--scale", "smoke", "--device", "cpu", "--processes", "1", "--seeds", "1", *places, *options]


@pytest.fixture(scope="module")
def layout(tmp_path_factory, one_thread):
    """A store with the runs of all three commands."""
    folder = tmp_path_factory.mktemp("supervision")
    assert main(command("noise", folder, "--percent", "0", "50")) == 0
    assert main(command("resampling", folder)) == 0
    assert main(command("teacher", folder)) == 0
    layout = Layout.at(folder)
    assert build(layout).left_out == ()
    return layout


@pytest.fixture(scope="module")
def reader(layout):
    return open_reader(layout)


def test_every_run_is_in_the_store(reader):
    jobs = reader.df("SELECT job, count(*) AS runs FROM runs GROUP BY job")
    # students: 3 K with the middle P, 2 with the other one, oracles of 3 K, self-training
    assert dict(jobs.itertuples(index=False)) == {"noise": 2, "resampling": 3, "teacher": 2, "student": 9}


@pytest.mark.parametrize(
    ("job", "stages"),
    [
        ("noise", ["direct", "linear", "untrained"]),
        ("resampling", ["direct", "linear", "untrained"]),
        ("teacher", ["final"]),
        ("student", ["final", "pretrained"]),
    ],
)
def test_every_run_is_evaluated_at_the_stages_of_its_job(reader, job, stages):
    found = reader.df(
        "SELECT run_id, stage::VARCHAR AS stage FROM scores JOIN runs USING (run_id) WHERE job = ?", [job]
    )
    by_run = found.drop_duplicates().groupby("run_id")["stage"].apply(sorted)
    assert len(by_run) and (by_run.apply(lambda each: each == stages)).all()


def test_ranks_of_a_class_are_whole_and_name_each_image_once(reader):
    rows = reader.df("""
        SELECT count(*) AS entries, max(rank) AS last, count(DISTINCT image) AS images FROM selected
        GROUP BY run_id, p, class_id
    """)
    assert (rows["last"] == rows["entries"]).all() and (rows["images"] == rows["entries"]).all()
    assert rows["entries"].max() == 32, "the largest K"


def test_scores_fall_down_a_ranking(reader):
    rising = reader.one("""
        SELECT count(*) FROM (
            SELECT score, lag(score) OVER (PARTITION BY run_id, p, class_id ORDER BY rank) AS before FROM selected
        ) WHERE score > before
    """)
    assert rising == (0,)


def test_the_first_and_the_last_images_for_each_k_have_pictures(reader):
    missing = reader.one("""
        SELECT count(*) FROM selected WHERE rank IN (1, 4, 5, 8, 13, 16) AND run_id LIKE '%resnet20%'
            AND image NOT IN (SELECT image FROM pictures)
    """)
    assert missing == (0,)


def test_a_teacher_has_a_loss_for_every_image_without_labels(reader):
    assert reader.one("SELECT count(*), count(DISTINCT run_id) FROM unlabelled_losses") == (2 * 160, 2)
    assert reader.one("SELECT count(*) FROM selected ANTI JOIN unlabelled_losses USING (run_id, image)") == (0,)


def test_a_selection_has_its_spread_for_every_k_and_p(reader):
    # the teacher's 3 K x 2 P, and the one of self-training
    assert reader.one("SELECT count(*), min(spread) > 0 FROM selection_spread") == (3 * 2 + 1, True)


def test_a_teacher_selects_from_a_long_tailed_pool_for_every_k_and_p(reader):
    rows = reader.df("SELECT * FROM long_tailed")
    assert len(rows) == 3 * 2 and (rows["rarest_images"] == 10).all()
    assert (rows["labels"] > rows["rarest_labels"]).all()


def test_the_supervised_baseline_makes_as_many_steps_as_every_student(reader):
    steps = reader.df("""
        SELECT job, max(step) AS steps FROM epochs JOIN runs USING (run_id)
        WHERE model = 'resnet8' AND job IN ('teacher', 'student') GROUP BY run_id, job
    """)
    assert set(steps["job"]) == {"teacher", "student"} and steps["steps"].nunique() == 1


def test_students_make_the_same_steps_at_the_same_rates_whatever_k_is(reader):
    entries = reader.df("SELECT DISTINCT (config->>'entries')::INTEGER AS entries FROM runs WHERE job = 'student'")
    assert len(entries) > 1, "the selections should differ in size"
    courses = reader.df("""
        SELECT string_agg(step || ' at ' || epochs.lr, ', ' ORDER BY epoch) AS course
        FROM epochs JOIN runs USING (run_id) WHERE job = 'student' GROUP BY run_id
    """)["course"].unique()
    (course,) = courses
    assert course.startswith("5 at 0.1, 10 at 0.1, 15 at 0.01, 20 at 0.001, 25 at 0.01")


def test_a_finished_run_is_not_trained_again(layout, capsys):
    assert main(command("teacher", layout.runs.parent)) == 0
    assert "9 of 9 runs are done already" in capsys.readouterr().out


def test_the_list_names_students_and_the_teacher_that_they_wait_for(layout, capsys):
    assert main(command("teacher", layout.runs.parent / "other", "--list")) == 0
    listed = capsys.readouterr().out
    assert "supervision-student-self-k16-p2-smoke-s0" in listed
    assert "supervision-teacher-resnet8-smoke-s0 is not there" in listed


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["noise", "--percent", "101"], "--percent is 101"),
        (["resampling", "--exponent", "-1"], "--exponent is -1"),
        (["teacher", "--seeds", "0"], "--seeds is 0"),
        (["noise", "--scale", "small", "--data", "nowhere"], "nowhere holds no train-"),
    ],
)
def test_wrong_commands_end_in_one_line(tmp_path, capsys, line, message):
    assert main([*line, "--runs", str(tmp_path / "runs")]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1 and not list(tmp_path.glob("runs/*"))
