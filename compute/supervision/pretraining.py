"""The experiments `noise` and `resampling`: pretraining on imperfect labels or a long tail, then transfer to clean labels (2.2a, 2.2b).

After Mahajan et al. 2018 (arXiv 1805.00932), at small scale: a network is trained on a source part,
and what it learned is evaluated twice, by its own last layer (stage `direct`) and by a linear
classifier trained on its features with the clean labels of a separate target part (stage `linear`).
What that classifier owes to the network is seen beside the same on the network's initial weights (stage
`untrained`).
"""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from compute.core.runs import Run, write_run
from compute.data import stratified
from compute.supervision.task import SupervisionSweep, linear_metrics, merged, parts
from compute.training import device as devices
from compute.training.checkpoint import Checkpoint
from compute.training.device_dataset import DeviceDataset
from compute.training.evaluation import metrics, outputs
from compute.training.records import columns, finished_record
from compute.training.resnet_cifar import build
from compute.training.trainer import Trainer

NOISES = (0, 10, 25, 50)  # percent of the labels
SAMPLINGS = ("natural", "sqrt", "uniform")


def noisy(labels: Tensor, percent: float, classes: int, seed: int) -> Tensor:
    """Labels of which `percent` of all are replaced, each by another class drawn uniformly."""
    make = torch.Generator().manual_seed(seed)
    rows = torch.randperm(len(labels), generator=make)[: round(len(labels) * percent / 100)]
    changed = labels.clone()
    changed[rows] = (labels[rows] + torch.randint(1, classes, (len(rows),), generator=make)) % classes
    return changed


def zipf_sizes(most: int, classes: int, exponent: float, seed: int) -> list[int]:
    """Images of each class: `most` for the commonest, `most` ÷ rank^exponent for the others, at least 2; which class has which rank is drawn from the seed."""
    ranks = torch.randperm(classes, generator=torch.Generator().manual_seed(seed)) + 1
    return [max(2, round(most / rank**exponent)) for rank in ranks.tolist()]


def long_tail(labels: Tensor, sizes: list[int]) -> Tensor:
    """Positions of the first `sizes[c]` images of each class c."""
    return torch.cat([(labels == c).nonzero().flatten()[:size] for c, size in enumerate(sizes)]).sort().values


def sampling_weights(labels: Tensor, sampling: str) -> Tensor:
    """The weight of each image, so that a class is drawn in proportion to its size (natural), to the root of it (sqrt), or all alike (uniform)."""
    power = {"natural": 0.0, "sqrt": -0.5, "uniform": -1.0}[sampling]
    return torch.bincount(labels).double().pow(power)[labels]


@dataclass(frozen=True, kw_only=True)
class PretrainingSweep(SupervisionSweep):
    """Each value of a job with each seed: `noises` for the job `noise`, SAMPLINGS at a Zipf `exponent` for `resampling`."""

    job: str
    noises: tuple[float, ...] = NOISES
    exponent: float = 1.0

    def planned(self) -> list[Run]:
        """All values of a seed before the next seed."""
        size = self.size
        values = [{"noise": value} for value in self.noises] if self.job == "noise" else [{"sampling": value, "zipf": self.exponent} for value in SAMPLINGS]
        config = {"source": size.source, "target": size.target}
        return [
            self.record(self.job, size.network, size.recipe(size.source_epochs, seed, **self.how()), value, config)
            for seed in range(self.seeds)
            for value in values
        ]

    def source(self, run: Run, device_dataset: DeviceDataset) -> tuple[DeviceDataset, Tensor | None, dict]:
        """The source part with the labels that the network gets, weights of its images, and what is to be said of it."""
        everything = device_dataset.train_labels.cpu()
        _, others = parts(everything, self.size.target, None, run.seed)
        if self.job == "noise":
            rows = others[stratified(everything[others], self.size.source, run.seed)]
            return device_dataset.subset(rows, noisy(everything[rows], run.config["noise"], device_dataset.classes, run.seed)), None, {}
        # the tail is cut from all that is not for the transfer, so that few images come many times
        sizes = zipf_sizes(int(torch.bincount(everything[others]).min()), device_dataset.classes, run.config["zipf"], run.seed)
        rows = others[long_tail(everything[others], sizes)]
        labels = everything[rows]
        return device_dataset.subset(rows, labels), sampling_weights(labels, run.config["sampling"]), {"sizes": sizes}

    def trainer(self, run: Run, device_dataset: DeviceDataset, checkpoint: Checkpoint | None) -> Trainer:
        """A network from scratch on the source part; the same initial weights for all values of a seed."""
        size, (data, weights, _) = self.size, self.source(run, device_dataset)
        # a long tail holds another number of images; as many are seen all the same
        epochs = max(1, round(size.source_epochs * size.source / len(data.train_labels)))
        how = size.recipe(epochs, run.seed, **self.how())
        model = build(size.network, device_dataset.classes, run.seed)
        name = f"{self.job} {run.config.get('noise', run.config.get('sampling'))} seed {run.seed}"
        return Trainer(model, data, how, devices.pick(self.device), name=name, weights=weights, checkpoint=checkpoint, evaluate_every=epochs)

    def finish(self, run: Run, trainer: Trainer, device_dataset: DeviceDataset) -> Path:
        """Judge the network by itself and after the transfer, and write both."""
        history = trainer.history()
        target, _ = parts(device_dataset.train_labels.cpu(), self.size.target, None, run.seed)
        clean = device_dataset.subset(target, device_dataset.train_labels.cpu()[target])
        untrained = build(run.model, device_dataset.classes, run.seed).to(trainer.device, memory_format=torch.channels_last)
        tables = merged(
            metrics(outputs(trainer.model, device_dataset, trainer.precision), device_dataset.test_labels.cpu(), "direct"),
            linear_metrics(trainer.model, clean),
            linear_metrics(untrained, clean, "untrained"),
        )
        said = {**trainer.recipe.as_dict(), **self.source(run, device_dataset)[2], "source_images": len(trainer.data.train_labels)}
        made = finished_record(replace(run, config={**run.config, **said}), history)
        folder = write_run(made, {"epochs": columns(history.epochs), **tables}, self.runs)
        shares = {row["stage"]: row["correct"] / row["images"] for row in tables["scores"]}
        tqdm.write(f"{run.run_id}: direct {shares['direct']:.1%}, after transfer {shares['linear']:.1%}, {history.seconds:.0f} s")
        return folder
