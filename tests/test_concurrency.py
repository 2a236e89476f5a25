"""Trainings that shared a device: the seconds that each had of it, and the throughput of the device."""

import duckdb
import pytest

from compute.core.runs import write_run
from store.build import build
from store.concurrency import device_images_per_s, own_seconds
from store.optimus import trainings
from store.reader import open_reader
from tests.conftest import make_run


@pytest.mark.parametrize(("config", "expected"), [('{"concurrency": 3}', (4.0, 30.0)), ("{}", (12.0, 10.0))])
def test_a_share_of_the_time_and_all_of_the_throughput(config, expected):
    sql = f"SELECT {own_seconds('12.0')}, {device_images_per_s('10.0')} FROM (SELECT ?::JSON AS config)"
    assert duckdb.execute(sql, [config]).fetchone() == expected


def test_optimus_trainings_that_shared_a_device(layout):
    epochs = {
        "epoch": [0, 1],
        "step": [10, 20],
        "lr": [0.1, 0.1],
        "train_loss": [2.0, 1.0],
        "train_accuracy": [0.5, 0.5],
        "test_accuracy": [0.5, 0.5],
        "seconds": [5400.0, 5400.0],
        "images_per_s": [100.0, 100.0],
    }
    run = make_run(scale="small", model="resnet20", depth=20, config={"batch": 128, "concurrency": 3})
    write_run(run, {"epochs": epochs}, layout.runs)
    build(layout)
    (row,) = trainings.trainings(open_reader(layout)).itertuples()
    assert (row.hours, row.images_per_s) == (1.0, 300.0)
