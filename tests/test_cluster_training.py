"""Parameter-server training: shards, the gradient of shares, and Ray actors against single-process SGD."""

import numpy as np
import pytest
import torch

from compute.cluster import network
from compute.cluster.shards import shards
from compute.scheduling.assignment import paa, resnet50_blocks

BATCH, STEPS, LR, MOMENTUM = 24, 6, 0.05, 0.9


@pytest.mark.parametrize("servers", [1, 3, 10])
def test_every_parameter_is_on_one_server_and_balanced_as_by_paa(servers):
    blocks = resnet50_blocks()
    found = shards(blocks, servers)
    assert np.array_equal(np.sort(np.concatenate(found)), np.arange(sum(blocks)))
    assert [len(one) for one in found] == pytest.approx(paa(blocks, servers)[0].tolist(), abs=20)


def test_the_shares_of_a_step_add_up_to_its_gradient():
    model = network.build()
    values = network.vector(model)
    whole = network.gradient(model, values, 3, BATCH, slice(0, BATCH)).copy()
    parts = [network.gradient(model, values, 3, BATCH, network.share(BATCH, i, 5)).copy() for i in range(5)]
    assert np.allclose(np.sum(parts, axis=0), whole, atol=1e-6) and np.abs(whole).max() > 1e-3


def plain_sgd() -> np.ndarray:
    """The parameters after single-process SGD on whole batches, by torch's own optimiser."""
    model = network.build()
    optimiser = torch.optim.SGD(model.parameters(), lr=LR, momentum=MOMENTUM)
    for step in range(STEPS):
        x, y = network.images(step, BATCH)
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimiser.step()
    return network.vector(model)


@pytest.fixture(scope="module")
def cluster():
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield ray
    ray.shutdown()


@pytest.mark.slow
def test_synchronous_training_is_sgd_on_the_whole_batch_and_survives_a_kill(cluster):
    from compute.cluster.parameter_servers import Training, Worker

    training = Training(2, [Worker.remote(BATCH) for _ in range(3)], BATCH, LR, MOMENTUM)
    training.synchronous(3)
    cluster.kill(training.workers[1])
    assert training.synchronous(STEPS - 3) == STEPS and training.replaced == 1
    assert np.allclose(training.parameters(), plain_sgd(), atol=1e-5)
    assert not np.allclose(training.parameters(), network.vector(network.build()), atol=1e-3)


@pytest.mark.slow
def test_asynchronous_training_applies_every_gradient_once_though_a_worker_is_killed(cluster):
    from compute.cluster.parameter_servers import Training, Worker

    training = Training(2, [Worker.remote(BATCH) for _ in range(2)], BATCH, LR)
    training.asynchronous(4)
    cluster.kill(training.workers[0])
    assert training.asynchronous(8) == 12 and training.replaced == 1
