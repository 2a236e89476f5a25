"""Which scale and which of several trainings a figure shows, by hand-made cases and against the store's SQL."""

import random

import duckdb
import pytest

from compute.core.scales import TrainingRun, most_complete_scale, shown_trainings, training_scale
from compute.core.vocabulary import DEPTHS, SCALES, cifar_resnet
from store.complete import at_complete_scale
from store.schema import ENUMS


def run(depth: int = 20, gpu_type: str = "K80", scale: str = "small", **changes) -> TrainingRun:
    fields = {"model": cifar_resnet(depth), "provenance": "emulated", "started_s": 0.0}
    name = changes.pop("run_id", f"{depth}-{gpu_type}-{scale}-{sorted(changes.items())}")
    return TrainingRun(run_id=name, scale=scale, depth=depth, gpu_type=gpu_type, **{**fields, **changes})


def whole(gpu_type: str, scale: str) -> list[TrainingRun]:
    return [run(depth, gpu_type, scale) for depth in DEPTHS]


def ids(runs, scale: str | None = None) -> list[str]:
    return [place[0].run_id for place in shown_trainings(runs, scale)]


def test_the_scale_with_the_most_variants_wins_and_of_equal_ones_the_largest():
    assert most_complete_scale([("smoke", 1), ("smoke", 2), ("paper", 1)]) == "smoke"
    assert most_complete_scale([("smoke", 1), ("smoke", 1), ("paper", 1)]) == "paper"
    assert most_complete_scale([]) is None


def test_the_stores_sql_chooses_the_same_scale():
    chance = random.Random(0)
    with duckdb.connect() as con:
        con.execute(f"CREATE TYPE scale AS ENUM ({', '.join(repr(name) for name in ENUMS['scale'])})")
        con.execute("CREATE TABLE given (part INTEGER, scale scale, variant INTEGER)")
        for _ in range(300):
            rows = [
                (chance.randrange(2), chance.choice(list(SCALES)), chance.choice([None, 1, 2, 3]))
                for _ in range(chance.randrange(1, 12))
            ]
            con.execute("DELETE FROM given")
            con.executemany("INSERT INTO given VALUES (?, ?, ?)", rows)
            sql = at_complete_scale("SELECT * FROM given", variant="variant", within="part")
            found = con.execute(f"SELECT part, scale::VARCHAR, variant FROM ({sql})").fetchall()
            scale = {part: most_complete_scale((r[1], r[2]) for r in rows if r[0] == part) for part in (0, 1)}
            wanted = [row for row in rows if row[1] == scale[row[0]]]
            assert sorted(found, key=str) == sorted(wanted, key=str)


def test_a_gpu_type_with_all_depths_completes_a_scale():
    small = [one for gpu_type in ("K80", "P100", "V100") for one in whole(gpu_type, "small")]
    assert training_scale([*small, *whole("P100", "full")]) == "full"
    assert training_scale([*small, *whole("P100", "full")[:-1]]) == "small"


def test_depths_of_several_gpu_types_together_complete_nothing():
    mixed = [run(depth, "K80" if place % 2 else "V100", "full") for place, depth in enumerate(DEPTHS)]
    assert training_scale([*mixed, *whole("K80", "small")]) == "small"


def test_without_a_complete_scale_the_most_trainings_win_and_of_equal_ones_the_largest():
    assert training_scale([run(18), run(20), run(18, scale="full")]) == "small"
    assert training_scale([run(18), run(18, scale="full")]) == "full"
    twice = [run(18, started_s=1.0), run(18, started_s=2.0), run(18, scale="full")]
    assert training_scale(twice) == "full", "the same training on two devices counts once"


def test_the_shown_trainings_are_in_the_order_of_depth_and_vocabulary():
    runs = [run(20, "V100"), run(20, "A100"), run(18, "V100"), run(20, "K80")]
    shown = [(place[0].depth, place[0].gpu_type) for place in shown_trainings(runs)]
    assert shown == [(18, "V100"), (20, "K80"), (20, "V100"), (20, "A100")]


def test_another_scale_can_be_asked_for():
    runs = [*whole("K80", "small"), run(18, scale="full")]
    assert ids(runs, "full") == [runs[-1].run_id]
    assert ids(runs, "paper") == []


def test_other_families_are_left_aside():
    assert ids([run(18, model="resnet18_4stage"), run(18, scale="smoke")]) == [run(18, scale="smoke").run_id]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"provenance": "measured"}, {"provenance": "emulated", "started_s": 9.0}),
        ({"provenance": "emulated", "started_s": 2.0}, {"provenance": "emulated", "started_s": 1.0}),
    ],
)
def test_of_several_trainings_one_is_shown(first, second):
    one, other = run(20, run_id="b", **first), run(20, run_id="a", **second)
    assert shown_trainings([one, other]) == shown_trainings([other, one]) == [[one, other]]


def test_an_imported_training_is_left_aside():
    assert shown_trainings([run(20, provenance="imported"), run(32)]) == [[run(32)]]
