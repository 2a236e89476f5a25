"""Problem 2's experiments on data made in memory: what is replaced, sampled and selected, and artefacts that the store takes."""

import numpy as np
import pytest
import torch

from compute import ComputeError
from compute.__main__ import main
from compute.supervision.selection import Selection
from compute.supervision.selection_tables import feature_spread
from compute.supervision.sizes import SIZES
from compute.supervision.subsets import disjoint_parts, long_tail, noisy_labels, sampling_weights, zipf_sizes
from store.build import build
from store.layout import Layout
from store.reader import open_reader

LABELS = torch.arange(1000) % 10


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def command(name: str, folder, *options: str) -> list[str]:
    places = ["--runs", str(folder / "runs"), "--checkpoints", str(folder / "checkpoints")]
    return [name, "--scale", "smoke", "--device", "cpu", "--processes", "1", "--seeds", "1", *places, *options]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The runs of all three commands at smoke scale, in a store."""
    folder = tmp_path_factory.mktemp("supervision")
    assert main(command("noise", folder, "--percent", "0", "50")) == 0
    assert main(command("resampling", folder)) == 0
    assert main(command("teacher", folder)) == 0
    layout = Layout.at(folder)
    assert build(layout).left_out == ()
    return layout, open_reader(layout)


@pytest.mark.parametrize("percent", [0, 10, 25, 100])
def test_so_many_labels_are_wrong(percent):
    changed = noisy_labels(LABELS, percent, 10, seed=1)
    assert (changed != LABELS).sum() == 10 * percent and 0 <= changed.min() and changed.max() < 10
    assert torch.equal(changed, noisy_labels(LABELS, percent, 10, seed=1))
    if percent == 100:
        assert len(((changed - LABELS) % 10).unique()) == 9  # all other classes, none of them the own


def test_a_long_tail_falls_with_the_rank():
    sizes = zipf_sizes(100, 10, 1.0, seed=0)
    assert sorted(sizes, reverse=True) == [100, 50, 33, 25, 20, 17, 14, 12, 11, 10]
    assert sizes != zipf_sizes(100, 10, 1.0, seed=1) and zipf_sizes(100, 3, 0.0, 0) == [100, 100, 100]
    rows = long_tail(LABELS, sizes)
    assert LABELS[rows].bincount().tolist() == sizes and rows.tolist() == sorted(rows.tolist())


def test_samplings_draw_classes_by_size_root_or_evenly():
    labels = torch.tensor([0] * 64 + [1] * 16)
    for sampling, share in (("natural", 0.8), ("sqrt", 8 / 12), ("uniform", 0.5)):
        weights = sampling_weights(labels, sampling)
        assert float(weights[labels == 0].sum() / weights.sum()) == pytest.approx(share)


def test_parts_have_no_image_in_common():
    one, other = disjoint_parts(LABELS, 200, 300, 0)
    assert not set(one.tolist()) & set(other.tolist()) and LABELS[one].bincount().tolist() == [20] * 10
    _, rest = disjoint_parts(LABELS, 200, None, 0)
    assert sorted([*one.tolist(), *rest.tolist()]) == list(range(1000))
    with pytest.raises(ComputeError, match="cannot be taken"):
        disjoint_parts(LABELS, 900, 101, 0)
    assert set(disjoint_parts(LABELS, 200, None, 1)[0].tolist()) != set(one.tolist()), "every seed draws its own"


def test_the_spread_is_that_of_the_correctly_labelled_images():
    seen = np.array([[0.0, 3.0], [0.0, -3.0], [100.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    selection = Selection(class_id=np.array([0, 0, 0, 1, 1]), rank=np.array([1, 2, 3, 1, 2]), image=np.arange(5), score=np.ones(5))
    assert feature_spread(selection, seen, np.array([0, 0, 1, 1, 1])) == pytest.approx((3 + 1) / 2)
    assert feature_spread(selection, seen, np.array([2, 2, 2, 2, 2])) == 0


def test_every_run_is_in_the_store(results):
    _, reader = results
    jobs = dict(reader.df("SELECT job, count(*) AS runs FROM runs GROUP BY job").itertuples(index=False))
    # students: 3 K with the middle P, 2 with the other one, the oracles of 3 K, self-training
    assert jobs == {"noise": 2, "resampling": 3, "teacher": 2, "student": 9}
    stages = reader.df("SELECT job, string_agg(DISTINCT stage::VARCHAR, ' ' ORDER BY stage::VARCHAR) AS stages FROM scores JOIN runs USING (run_id) GROUP BY job")
    assert dict(stages.itertuples(index=False)) == {"noise": "direct linear untrained", "resampling": "direct linear untrained", "teacher": "final", "student": "final pretrained"}


def test_the_selection_is_that_of_the_teacher(results):
    _, reader = results
    rows = reader.df("SELECT p, class_id, count(*) AS entries, max(rank) AS last, count(DISTINCT image) AS images FROM selected GROUP BY run_id, p, class_id")
    assert (rows["entries"] == rows["images"]).all() and (rows["last"] == rows["entries"]).all() and rows["entries"].max() <= 32
    falling = reader.one("SELECT bool_and(score <= before OR before IS NULL) FROM (SELECT score, lag(score) OVER (PARTITION BY run_id, p, class_id ORDER BY rank) AS before FROM selected)")
    assert falling[0]
    shown = reader.one("SELECT count(*) FROM selected WHERE rank IN (1, 4, 5, 8, 13, 16) AND run_id LIKE '%resnet20%' AND image NOT IN (SELECT image FROM pictures)")
    assert shown[0] == 0


def test_a_teacher_says_how_hard_and_how_different_images_are(results):
    _, reader = results
    assert reader.one("SELECT count(*), count(DISTINCT run_id) FROM unlabelled_losses") == (2 * 160, 2)
    assert reader.one("SELECT count(*) FROM selected AS s ANTI JOIN unlabelled_losses USING (run_id, image)") == (0,)
    assert reader.one("SELECT count(*), min(spread) > 0 FROM selection_spread") == (3 * 2 + 1, True)
    rows = reader.df("SELECT * FROM long_tailed")
    assert len(rows) == 3 * 2 and (rows["rarest_images"] == 10).all() and (rows["labels"] > rows["rarest_labels"]).all()


def test_the_student_on_labelled_data_alone_makes_as_many_steps_as_the_others(results):
    _, reader = results
    steps = reader.df("SELECT job, max(step) AS steps FROM epochs JOIN runs USING (run_id) WHERE model = 'resnet8' AND job IN ('teacher', 'student') GROUP BY run_id, job")
    assert set(steps["job"]) == {"teacher", "student"} and steps["steps"].nunique() == 1
    size = SIZES["small"]
    first, second = size.student_images // size.batch * size.student_epochs, size.labelled_images // size.batch * size.finetune_epochs
    assert first + second == size.labelled_images // size.batch * size.supervised_epochs


def test_students_see_as_many_images_at_the_same_rates_whatever_k_is(results):
    _, reader = results
    rows = reader.df("SELECT run_id, string_agg(step || ' at ' || epochs.lr, ', ' ORDER BY epoch) AS course FROM epochs JOIN runs USING (run_id) WHERE job = 'student' GROUP BY run_id")
    assert len(rows) == 9 and rows["course"].nunique() == 1
    entries = reader.df("SELECT DISTINCT (config->>'entries')::INTEGER AS entries FROM runs WHERE job = 'student'")
    assert len(entries) > 1, "the selections should differ in size"
    assert rows["course"].iloc[0].startswith("5 at 0.1, 10 at 0.1, 15 at 0.01, 20 at 0.001, 25 at 0.01")


def test_a_finished_run_is_not_trained_again(results, capsys):
    layout, _ = results
    assert main(command("teacher", layout.runs.parent)) == 0
    assert "9 of 9 runs are done already" in capsys.readouterr().out
    assert main(command("teacher", layout.runs.parent / "other", "--list")) == 0
    said = capsys.readouterr().out
    assert "supervision-student-self-k16-p2-smoke-s0" in said and "supervision-teacher-resnet8-smoke-s0 is not there" in said


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["noise", "--percent", "101"], "--percent is 101"),
        (["resampling", "--exponent", "-1"], "--exponent is -1"),
        (["teacher", "--seeds", "0"], "--seeds is 0"),
        (["noise", "--scale", "small", "--data", "nowhere"], "nowhere holds no train-"),
    ],
)
def test_wrong_commands_end_in_one_line(tmp_path, capsys, line, says):
    assert main([*line, "--runs", str(tmp_path / "runs")]) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and not list(tmp_path.glob("runs/*"))
