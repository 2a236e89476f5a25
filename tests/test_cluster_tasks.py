"""A sweep on a Ray cluster: artefacts come back whole, and a lost machine's runs are trained again."""

import threading
import time
from dataclasses import replace

import pytest

from compute.cluster.tasks import packed, resources, train_on_ray, unpacked
from compute.core.runs import ArtefactError, read_record, write_run
from compute.optimus.train import TrainingSweep
from tests.conftest import make_run, steps


def sweep(tmp_path, **changes) -> TrainingSweep:
    return TrainingSweep(
        **{
            "scale": "smoke",
            "runs": tmp_path / "runs",
            "checkpoints": tmp_path / "checkpoints",
            "checkpoint_every_s": 0.0,
            "device": "cpu",
            "models": ("resnet18", "resnet20"),
            "gpu_types": ("K80", "V100"),
            **changes,
        }
    )


def test_a_packed_run_is_the_same_elsewhere_and_replaces_an_older_one(tmp_path):
    folder = write_run(make_run(), {"steps": steps()}, tmp_path / "there")
    for _ in range(2):
        found = unpacked(packed(folder), tmp_path / "here")
    assert read_record(found) == read_record(folder)
    assert [one.name for one in (tmp_path / "here").iterdir()] == [folder.name]


def test_a_broken_run_is_not_put_among_the_others(tmp_path):
    folder = write_run(make_run(), {"steps": steps()}, tmp_path / "there")
    (folder / "steps.parquet").unlink()
    with pytest.raises(ArtefactError):
        unpacked(packed(folder), tmp_path / "here")
    assert not list((tmp_path / "here").iterdir())


def test_a_run_asks_for_its_gpu_type_where_the_cluster_has_it(tmp_path):
    pytest.importorskip("ray")
    auto = sweep(tmp_path, device="auto", threads=2)
    has = {"CPU": 8.0, "GPU": 1.0, "accelerator_type:V100": 1.0}
    assert resources(auto, "V100", has) == {"num_cpus": 2, "num_gpus": 1, "accelerator_type": "V100"}
    assert resources(auto, "K80", has) == {"num_cpus": 2, "num_gpus": 0}
    assert resources(replace(auto, device="cpu"), "V100", has) == {"num_cpus": 2, "num_gpus": 0}


@pytest.mark.slow
def test_a_machine_that_is_lost_costs_no_run(tmp_path):
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    lost = cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    asked = sweep(tmp_path)

    @ray.remote(num_cpus=1)
    def warm() -> str:
        import compute.cluster.tasks  # noqa: F401

        time.sleep(3)
        return ray.get_runtime_context().get_node_id()

    at_the_loss = []

    def lose() -> None:
        # two runs are claimed: both machines are at work
        deadline = time.monotonic() + 120
        while len(list(asked.checkpoints.glob("*/lock"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        at_the_loss.extend(asked.done(run) for run in asked.planned())
        cluster.remove_node(lost, allow_graceful=False)

    thread = threading.Thread(target=lose)
    try:
        assert len(set(ray.get([warm.remote(), warm.remote()]))) == 2, "a task on each machine"
        thread.start()
        written = train_on_ray(asked, None)
        thread.join()
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert at_the_loss == [False] * 4, "the machine was lost while its run was trained"
    assert sorted(one.name for one in written) == sorted(run.run_id for run in asked.planned())
    assert all(asked.done(run) for run in asked.planned())
