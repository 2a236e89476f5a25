"""What Problem 2's experiments have in common: CIFAR-10's parts, scales, and the linear classifier of a transfer."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from compute import ComputeError
from compute import device as devices
from compute.batches import Resident
from compute.data import Images, Location, load, stratified, synthetic
from compute.judge import judgement, logistic, outputs
from compute.recipe import Recipe
from compute.resnet_cifar import depth
from compute.schedule import drops_at
from compute.worklist import Request
from store.artefact import Run


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much data and how long.

    `source` images to pretrain on and `target` ones to transfer to, for `source_epochs`; `labelled` ones
    for teacher and fine-tuning, all others without labels, from which K images a class are selected for
    each of `ks` and `ps`. There is a student for each K with the middle P; with the others for those
    from the middle K on, as no P makes a difference at the top of a ranking: a score above one half is
    always an image's largest. A student sees `student_images` selected images in each of `student_epochs`,
    whatever K is; the one on labelled data alone makes as many steps in its `alone_epochs`.
    """

    dataset: str
    network: str
    teacher: str
    source: int
    target: int
    source_epochs: int
    labelled: int
    teacher_epochs: int
    alone_epochs: int
    student_images: int
    student_epochs: int
    finetune_epochs: int
    ks: tuple[int, ...]
    ps: tuple[int, ...] = (1, 2, 5)
    batch: int = 128

    @property
    def middle(self) -> tuple[int, int]:
        """The K and P at which every kind of student is trained."""
        return self.ks[len(self.ks) // 2], self.ps[len(self.ps) // 2]

    def recipe(self, epochs: int, seed: int, lr: float = 0.1, **how) -> Recipe:
        """Problem 4's recipe: SGD with momentum 0.9 and weight decay 1e-4, the rate dropped by ten at half and at three quarters."""
        return Recipe(epochs=epochs, drops=drops_at((0.5, 0.75), epochs), batch=self.batch, lr=lr, seed=seed, **how)


SCALES = {
    "smoke": Scale(
        dataset="synthetic", network="resnet8", teacher="resnet20", source=80, target=80, source_epochs=2, labelled=80, teacher_epochs=4,
        alone_epochs=6, student_images=80, student_epochs=4, finetune_epochs=2, ks=(8, 16, 32), ps=(1, 2), batch=16,
    ),
    "cpu": Scale(
        dataset="cifar10", network="resnet8", teacher="resnet20", source=10_000, target=1_000, source_epochs=15, labelled=4_000, teacher_epochs=50,
        alone_epochs=34, student_images=8_000, student_epochs=12, finetune_epochs=10, ks=(500, 2000, 4000, 6000, 8000),
    ),
    "paper": Scale(
        dataset="cifar10", network="resnet20", teacher="resnet56", source=40_000, target=4_000, source_epochs=100, labelled=4_000, teacher_epochs=300,
        alone_epochs=1036, student_images=40_000, student_epochs=93, finetune_epochs=100, ks=(500, 2000, 4000, 6000, 8000),
    ),
}  # fmt: skip


@lru_cache(maxsize=1)
def images(scale: str, data: Location) -> Images:
    """The data set of a scale. Raises ComputeError where it is missing."""
    if SCALES[scale].dataset == "synthetic":
        return synthetic(train=240, test=64, px=16)
    return load(SCALES[scale].dataset, data)


def parts(labels: Tensor, first: int, second: int | None, seed: int) -> tuple[Tensor, Tensor]:
    """Row numbers of two stratified parts without a common image, of these sizes (None: the second holds all others), drawn by the seed."""
    if first + (second or 1) > len(labels):
        raise ComputeError(f"{first} and {second or 1} images cannot be taken from {len(labels)}")
    one = stratified(labels, first, seed)
    rest = torch.ones(len(labels), dtype=torch.bool)
    rest[one] = False
    others = rest.nonzero().flatten()
    return one, others if second is None else others[stratified(labels[others], second, seed)]


def linear_judgement(model: nn.Module, data: Resident, stage: str = "linear") -> dict[str, list[dict]]:
    """The judgement of a logistic regression on the network's features of `data`'s train images, whose labels are clean."""
    (logits,) = logistic(features(model, plain(data)), data.train_labels.cpu(), [features(model, data)], data.classes)
    return judgement(logits, data.test_labels.cpu(), stage)


def features(model: nn.Module, data: Resident) -> Tensor:
    """What the network's linear layer sees of every test image: float32 N x channels, on the CPU."""
    last = model.linear
    model.linear = nn.Identity()
    try:
        return outputs(model, data)
    finally:
        model.linear = last


def plain(data: Resident) -> Resident:
    """A data set whose test images are its train images as they are, without crop and flip."""
    inner = data.train[:, data.pad : data.pad + data.height, data.pad : data.pad + data.width]
    return data.testing(inner.permute(0, 3, 1, 2), data.train_labels)


def merged(*tables: dict[str, list[dict]]) -> dict[str, list[dict]]:
    """Tables of the same names, one after the other."""
    return {name: [row for table in tables for row in table.get(name, [])] for name in dict.fromkeys(name for table in tables for name in table)}


@dataclass(frozen=True, kw_only=True)
class SupervisionRequest(Request):
    """What the experiments on parts of one data set share."""

    seeds: int = 3

    @property
    def size(self) -> Scale:
        """The scale's sizes."""
        return SCALES[self.scale]

    def resident(self) -> Resident:
        """The whole data set; every run takes its part of it."""
        return Resident(images(self.scale, self.data), devices.pick(self.device))

    def record(self, job: str, model: str, recipe: Recipe, value: dict, config: dict, inputs: tuple[str, ...] = ()) -> Run:
        """The record of a run; `value` is what tells it from the job's other runs, apart from network and seed."""
        return Run(
            problem="supervision",
            job=job,
            scale=self.scale,
            provenance="measured",
            identity=tuple(value) or ("model",),
            config={**recipe.plain(), **value, **config, "threads": self.threads},
            model=model,
            depth=depth(model),
            dataset=self.size.dataset,
            lr=recipe.lr,
            seed=recipe.seed,
            device=devices.name(devices.pick(self.device)),
            inputs=inputs,
            contributor=self.contributor,
        )

    def how(self) -> dict:
        """The options that go into every recipe."""
        return {"precision": self.precision, "engine": self.engine}
