"""The matrix products that convolutions, linear layers and attention are, by their sizes.

A convolution is a product of its filters with the patches of its input that they meet (im2col): output
channels × (input channels · kernel) × output pixels, for each group (Lu et al. 2017, section 5.2).
"""

import math

import torch

from compute.core.augur import Product


def of_convolution(
    data: torch.Tensor, weight: torch.Tensor, output: torch.Tensor, *, stride, transposed: bool, groups: int
) -> Product:
    """The product of a convolution of one image; a transposed one multiplies first and adds patches up afterwards."""
    kernel = math.prod(weight.shape[2:])
    if transposed:  # weight: inputs × outputs/groups × kernel
        rows, depth, columns = weight[0].numel(), weight.shape[0] // groups, math.prod(data.shape[2:])
    else:
        rows, depth, columns = weight.shape[0] // groups, weight[0].numel(), math.prod(output.shape[2:])
    return Product(
        groups=groups,
        rows=rows,
        depth=depth,
        columns=columns,
        kernel=kernel,
        stride=stride[0],
        transposed=bool(transposed),
    )


def of_matrices(left: torch.Tensor, right: torch.Tensor, learnt: bool) -> Product:
    """The product of two matrices, or of two batches of them; learnt weights are the factor on the right."""
    rows = right.shape[-1] if right.dim() > 1 else 1
    groups = left.shape[0] if left.dim() == 3 else 1
    return Product(groups=groups, rows=rows, depth=left.shape[-1], columns=left.shape[-2], shared=learnt)
