"""Memory: formulas at hand-computed points, and what is kept for the backward pass against PyTorch's own count."""

import pytest
import torch
from torch import nn

from compute.core.memory import Memory, inference_memory, largest_batch, training_memory
from compute.counting.count import count
from compute.flops import layers


def test_inference_holds_the_weights_and_the_fullest_moment():
    memory = inference_memory([10, 20], [400, 100], batch=2)
    assert (memory.weights_bytes, memory.activations_bytes, memory.total_bytes) == (120, 800, 920)


def test_inference_in_16_bits_takes_half():
    assert inference_memory([10, 20], [400, 100], batch=2, precision="fp16").total_bytes == 460


@pytest.mark.parametrize(("optimiser", "values"), [("sgd", 0), ("momentum", 1), ("adam", 2)])
def test_training_holds_weights_gradients_state_and_what_is_kept(optimiser, values):
    memory = training_memory([10, 20], [400, 100], [8, 0], batch=3, optimiser=optimiser)
    assert (memory.weights_bytes, memory.gradients_bytes, memory.optimiser_bytes) == (120, 120, 120 * values)
    assert memory.activations_bytes == 3 * 508
    assert memory.total_bytes == 240 + 120 * values + 1524


def test_mixed_precision_keeps_fp32_weights_with_a_copy_and_half_the_activations():
    memory = training_memory([30], [500], [8], batch=1, precision="mixed", optimiser="adam")
    assert (memory.weights_bytes, memory.gradients_bytes, memory.optimiser_bytes) == (180, 120, 240)
    assert memory.activations_bytes == 250 + 8  # indices keep their width


def test_the_largest_batch_fills_what_the_weights_leave():
    one = Memory(weights_bytes=100, activations_bytes=30)
    assert largest_batch(199, one) == 3
    assert largest_batch(199, one, reserve_bytes=10) == 2
    assert largest_batch(129, one) == 0


@pytest.mark.parametrize(
    ("how", "message"),
    [({"batch": 0}, "batch is 0"), ({"batch": 1, "precision": "fp7"}, "fp7"), ({"batch": 1, "optimiser": "x"}, "'x'")],
)
def test_what_is_unknown_is_refused(how, message):
    with pytest.raises(ValueError, match=message):
        training_memory([1], [1], **how)


def kept_by_pytorch(model: nn.Module, data: torch.Tensor) -> int:
    """Bytes of the tensors that autograd saves on the CPU in training mode, each storage once, without weights."""
    owned = {tensor.data_ptr() for tensor in [*model.parameters(), *model.buffers()]}
    saved: dict[int, torch.UntypedStorage] = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in owned:
            saved[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = model(data)
    assert output is not None
    return sum(storage.nbytes() for storage in saved.values())


def kept_as_counted(rows: list, batch: int) -> float:
    return training_memory(
        [0], [row.kept_bytes for row in rows], sum(row.kept_index_bytes for row in rows), batch=batch
    ).activations_bytes


# module, shape of an image, elements of 4 bytes and indices of 8 that are kept for one image
KEPT = {
    "convolution: its input": (nn.Conv2d(3, 8, 3), (3, 6, 6), 108, 0),
    "ReLU in place: its output, which the convolution after it keeps too": (
        nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(inplace=True), nn.Conv2d(8, 2, 1)),
        (3, 6, 6),
        108 + 288,
        0,
    ),
    "ReLU before a linear layer: one tensor": (
        nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 2)),
        (5,),
        5 + 7,
        0,
    ),
    "BatchNorm: its input": (nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2)), (1, 4, 4), 16 + 32, 0),
    "max pooling: its input and indices": (nn.Sequential(nn.Conv2d(1, 2, 1), nn.MaxPool2d(2)), (1, 4, 4), 16 + 32, 8),
}


@pytest.mark.parametrize("case", KEPT)
def test_what_is_kept_by_hand(case):
    module, shape, elements, indices = KEPT[case]
    rows = count(module, shape)
    assert sum(row.kept_bytes for row in rows) == 4 * elements
    assert sum(row.kept_index_bytes for row in rows) == 8 * indices


def test_a_shortcut_is_alive_beside_the_layers_that_it_goes_around():
    class Shortcut(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.outer = nn.Linear(8, 8, bias=False), nn.Linear(8, 8, bias=False)

        def forward(self, x):
            return x + self.outer(self.inner(x))

    found = {row.name: row.live_bytes for row in count(Shortcut(), (8,))}
    assert found["inner"] == 4 * 16
    assert found["outer"] == 4 * 24


FAST = ("alexnet", "resnet18", "squeezenet1_1", "mobilenet_v3_small", "shufflenet_v2_x0_5", "mnasnet0_5")
SLOW = ("resnet50", "vgg16", "googlenet", "densenet121", "mobilenet_v2", "efficientnet_b0", "vit_b_16", "swin_t")


@pytest.mark.parametrize("model", [*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def test_what_a_network_keeps_is_what_pytorch_keeps(model):
    known, rows = layers.layers_of(model)
    real = kept_by_pytorch(layers.build(model).train(), torch.randn(2, *known.input_shape))
    assert kept_as_counted(rows, 2) == pytest.approx(real, rel=0.01)
