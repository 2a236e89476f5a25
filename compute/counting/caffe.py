"""The Caffe versions of four networks, as Lu et al. (2017) ran them; VGG-16 and VGG-19 are the same in torchvision.

They are built for counting and timing, with no trained weights. What sets them apart from torchvision's:

- AlexNet (`bvlc_alexnet`): 227 px, the two-GPU original's wider first layers and grouped convolutions,
  local response normalisation; torchvision has the single-column network of 2014.
- GoogLeNet (`bvlc_googlenet`): 5×5 branches where torchvision has 3×3, biases and local response
  normalisation where torchvision has BatchNorm. The two auxiliary classifiers only serve training.
- ResNet-50 (He et al.'s release): a bottleneck's stride is in its first 1×1 convolution, where
  torchvision has it in the 3×3. The first convolution has a bias, no other has.
- NIN (`nin_imagenet`), on which they test their predictions; torchvision has none.

Modules are named after Caffe's layers. Caffe's Scale layer is the affine part of BatchNorm2d; pooling
rounds sizes up; dropout and the last softmax, which the paper's tables do not list, are left out.
The paper's figure for ResNet's convolutions has an addition for each output of all 53, as if each
had a bias; `macs` plus the convolutions' output elements gives it.
"""

from collections import OrderedDict

import torch
from torch import nn


def conv(inputs: int, outputs: int, size: int, *, stride: int = 1, pad: int = 0, groups: int = 1) -> nn.Sequential:
    """A convolution with bias and its ReLU, as AlexNet and GoogLeNet use it."""
    return nn.Sequential(
        OrderedDict(conv=nn.Conv2d(inputs, outputs, size, stride, pad, groups=groups), relu=nn.ReLU(inplace=True))
    )


def max_pool(size: int = 3, stride: int = 2, pad: int = 0) -> nn.MaxPool2d:
    """Max pooling as Caffe does it: a window that sticks out at the end still gives an output."""
    return nn.MaxPool2d(size, stride, pad, ceil_mode=True)


def lrn() -> nn.LocalResponseNorm:
    """Local response normalisation across five channels (Krizhevsky et al. 2012, section 3.3)."""
    return nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75)


def alexnet() -> nn.Sequential:
    """Input 3×227×227 (Krizhevsky et al. 2012, section 3.5)."""
    return nn.Sequential(
        OrderedDict(
            conv1=conv(3, 96, 11, stride=4),
            norm1=lrn(),
            pool1=max_pool(),
            conv2=conv(96, 256, 5, pad=2, groups=2),
            norm2=lrn(),
            pool2=max_pool(),
            conv3=conv(256, 384, 3, pad=1),
            conv4=conv(384, 384, 3, pad=1, groups=2),
            conv5=conv(384, 256, 3, pad=1, groups=2),
            pool5=max_pool(),
            flatten=nn.Flatten(),
            fc6=nn.Linear(256 * 6 * 6, 4096),
            relu6=nn.ReLU(inplace=True),
            fc7=nn.Linear(4096, 4096),
            relu7=nn.ReLU(inplace=True),
            fc8=nn.Linear(4096, 1000),
        )
    )


class Inception(nn.Module):
    """Four branches side by side: 1×1; 1×1 then 3×3; 1×1 then 5×5; pooling then 1×1. Widths are channels."""

    def __init__(self, inputs: int, one: int, three_reduce: int, three: int, five_reduce: int, five: int, pool: int):
        super().__init__()
        self.one = conv(inputs, one, 1)
        self.three = nn.Sequential(
            OrderedDict(reduce=conv(inputs, three_reduce, 1), wide=conv(three_reduce, three, 3, pad=1))
        )
        self.five = nn.Sequential(
            OrderedDict(reduce=conv(inputs, five_reduce, 1), wide=conv(five_reduce, five, 5, pad=2))
        )
        self.pool = nn.Sequential(OrderedDict(pool=max_pool(3, 1, 1), proj=conv(inputs, pool, 1)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pool(x)], 1)


def googlenet() -> nn.Sequential:
    """Input 3×224×224 (Szegedy et al. 2015, Table 1)."""
    return nn.Sequential(
        OrderedDict(
            conv1=conv(3, 64, 7, stride=2, pad=3),
            pool1=max_pool(),
            norm1=lrn(),
            conv2_reduce=conv(64, 64, 1),
            conv2=conv(64, 192, 3, pad=1),
            norm2=lrn(),
            pool2=max_pool(),
            inception_3a=Inception(192, 64, 96, 128, 16, 32, 32),
            inception_3b=Inception(256, 128, 128, 192, 32, 96, 64),
            pool3=max_pool(),
            inception_4a=Inception(480, 192, 96, 208, 16, 48, 64),
            inception_4b=Inception(512, 160, 112, 224, 24, 64, 64),
            inception_4c=Inception(512, 128, 128, 256, 24, 64, 64),
            inception_4d=Inception(512, 112, 144, 288, 32, 64, 64),
            inception_4e=Inception(528, 256, 160, 320, 32, 128, 128),
            pool4=max_pool(),
            inception_5a=Inception(832, 256, 160, 320, 32, 128, 128),
            inception_5b=Inception(832, 384, 192, 384, 48, 128, 128),
            pool5=nn.AvgPool2d(7, 1),
            flatten=nn.Flatten(),
            classifier=nn.Linear(1024, 1000),
        )
    )


def nin() -> nn.Sequential:
    """Input 3×224×224 (Lin et al. 2014, section 4; four blocks with two 1×1 convolutions each, as for ImageNet)."""
    layers, inputs = OrderedDict(), 3
    blocks = [(96, 96, 11, 4, 0), (256, 256, 5, 1, 2), (384, 384, 3, 1, 1), (1024, 1000, 3, 1, 1)]
    for block, (wide, last, size, stride, pad) in enumerate(blocks, start=1):
        layers[f"conv{block}"] = conv(inputs, wide, size, stride=stride, pad=pad)
        layers[f"cccp{2 * block - 1}"] = conv(wide, wide, 1)
        layers[f"cccp{2 * block}"] = conv(wide, last, 1)
        layers[f"pool{block}"] = max_pool() if block < len(blocks) else nn.AvgPool2d(6)
        inputs = last
    return nn.Sequential(layers | OrderedDict(flatten=nn.Flatten()))


def conv_norm(
    inputs: int, outputs: int, size: int, *, stride: int = 1, pad: int = 0, bias: bool = False
) -> nn.Sequential:
    """A convolution with its BatchNorm and Scale, as ResNet uses it."""
    return nn.Sequential(
        OrderedDict(conv=nn.Conv2d(inputs, outputs, size, stride, pad, bias=bias), bn=nn.BatchNorm2d(outputs))
    )


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolution beside a shortcut; `width` channels inside, four times as many outside."""

    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__()
        changes = stride > 1 or inputs != 4 * width
        self.branch1 = conv_norm(inputs, 4 * width, 1, stride=stride) if changes else nn.Identity()
        self.branch2 = nn.Sequential(
            OrderedDict(
                a=conv_norm(inputs, width, 1, stride=stride),
                a_relu=nn.ReLU(inplace=True),
                b=conv_norm(width, width, 3, pad=1),
                b_relu=nn.ReLU(inplace=True),
                c=conv_norm(width, 4 * width, 1),
            )
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.branch1(x) + self.branch2(x))


def resnet50() -> nn.Sequential:
    """Input 3×224×224 (He et al. 2016, Table 1)."""
    layers = OrderedDict(
        conv1=conv_norm(3, 64, 7, stride=2, pad=3, bias=True), conv1_relu=nn.ReLU(inplace=True), pool1=max_pool()
    )
    inputs = 64
    for stage, (width, blocks) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)], start=2):
        for block in range(blocks):
            layers[f"res{stage}{'abcdef'[block]}"] = Bottleneck(
                inputs, width, stride=2 if stage > 2 and block == 0 else 1
            )
            inputs = 4 * width
    layers |= OrderedDict(pool5=nn.AvgPool2d(7, 1), flatten=nn.Flatten(), fc1000=nn.Linear(2048, 1000))
    return nn.Sequential(layers)


# model id: builder, input size in pixels, family
NETWORKS = {
    "caffe_alexnet": (alexnet, 227, "alexnet"),
    "caffe_googlenet": (googlenet, 224, "googlenet"),
    "caffe_resnet50": (resnet50, 224, "resnet"),
    "caffe_nin": (nin, 224, "nin"),
}
