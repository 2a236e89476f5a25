"""What autograd keeps of a forward pass for the backward pass, counted on meta tensors.

PyTorch hands every tensor that an operation saves to a hook. A tensor counts with its whole storage, and
once, however many operations keep it: the output of a ReLU is the input of the next convolution. Weights and
buffers do not count. The pass is run with two images and with three, so that the difference is one image's;
what does not grow with the batch (means of BatchNorm) is left out.

Attention counts as the fused operation, which keeps its inputs, its output and a sum for each row, as
`scaled_dot_product_attention` does on a CPU and on GPUs of today; the attention matrix is not kept. Dropout
keeps a mask of floating-point numbers, as on a CPU; a GPU's takes one byte an element.
"""

import copy
from collections import defaultdict
from dataclasses import dataclass
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Kept:
    """Bytes kept for one image: of floating-point tensors in fp32, and of indices and masks."""

    floats: int = 0
    indices: int = 0


ATTENTION = F.scaled_dot_product_attention


def fused_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    """Attention by the fused operation where it can be, which meta tensors would not choose by themselves."""
    if dropout_p or enable_gqa or query.dim() != 4 or (attn_mask is not None and not attn_mask.is_floating_point()):
        return ATTENTION(query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa)
    fused = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    return fused(query, key, value, 0.0, is_causal, attn_mask=attn_mask, scale=scale)[0]


def kept(model: nn.Module, example) -> dict[str, Kept]:
    """What each module, by its path, keeps for one image in training mode.

    `example(n)` is the network's input of n images on meta. The model stays as it is.
    """
    two, three = (_kept(model, example(n)) for n in (2, 3))
    return {
        name: Kept(
            floats=three[name].floats - two[name].floats,
            indices=three[name].indices - two[name].indices,
        )
        for name in three
    }


def _kept(model: nn.Module, inputs) -> dict[str, Kept]:
    model = copy.deepcopy(model).to("meta").train()
    owned = {tensor.untyped_storage()._cdata for tensor in [*model.parameters(), *model.buffers()]}
    stack, seen, result = [""], {}, defaultdict(Kept)
    for name, module in model.named_modules():
        module.register_forward_pre_hook(lambda _module, _inputs, name=name: stack.append(name))
        module.register_forward_hook(lambda _module, _inputs, _output: stack.pop() and None)

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in owned and storage._cdata not in seen:
            seen[storage._cdata] = storage  # held, so that no other storage gets its address
            elements = storage.nbytes() // tensor.element_size()
            if tensor.is_floating_point():
                result[stack[-1]].floats += 4 * elements
            else:
                result[stack[-1]].indices += storage.nbytes()
        return tensor

    with (
        torch.enable_grad(),
        patch.object(F, "scaled_dot_product_attention", fused_attention),
        torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor),
    ):
        model(*inputs)
    return result
