"""Pretraining on wrong labels (`noise`) or a long tail (`resampling`), then transfer to clean labels: 2.2a and 2.2b.

After Mahajan et al. 2018 (arXiv 1805.00932), at small scale. A network is trained on a source part and
evaluated twice: by its own last layer (stage `direct`), and by a linear probe on clean labels of a separate
target part (stage `linear`). The same probe on the initial weights (stage `untrained`) shows what of it is
owed to the pretraining.

    python -m compute noise        12 runs, about 52 core-minutes at scale small
    python -m compute resampling   9 runs, about 40 core-minutes at scale small

The figures are those of the tables of 2.2a and 2.2b, from `label_noise` and `resampling` in
store/supervision/pretraining.py.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from compute.core.runs import Run, write_run
from compute.core.supervision import NOISE_PERCENTS, SAMPLINGS, ZIPF_EXPONENT
from compute.data import stratified
from compute.supervision.linear_probe import linear_probe_metrics
from compute.supervision.subsets import disjoint_parts, long_tail, noisy_labels, sampling_weights, zipf_sizes
from compute.supervision.sweep import SupervisionSweep, concatenated
from compute.training import device as devices
from compute.training.checkpoint import Checkpoint
from compute.training.device_dataset import DeviceDataset
from compute.training.evaluation import metrics, outputs
from compute.training.recipe import Recipe
from compute.training.records import columns, finished_record
from compute.training.resnet_cifar import build
from compute.training.trainer import Trainer


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a network is pretrained on: `data`, with the `weights` of its images where they are sampled.

    `sizes` are the images of each class of a long tail, None for other sources.
    """

    data: DeviceDataset
    weights: Tensor | None = None
    sizes: list[int] | None = None


@dataclass(frozen=True, kw_only=True)
class PretrainingSweep(SupervisionSweep):
    """The runs of a job with each seed.

    The job is `noise`, with each share of `noises` (percent), or `resampling`, with each of SAMPLINGS from a
    source with the Zipf `exponent`.
    """

    job: str
    noises: tuple[float, ...] = NOISE_PERCENTS
    exponent: float = ZIPF_EXPONENT

    def planned(self) -> list[Run]:
        """The records of all variants of a seed before those of the next seed."""
        sizes = self.sizes
        variants = [{"noise": percent} for percent in self.noises]
        if self.job == "resampling":
            variants = [{"sampling": sampling, "zipf": self.exponent} for sampling in SAMPLINGS]
        config = {"source": sizes.source_images, "target": sizes.target_images}
        return [
            self.record(self.job, sizes.network, self.recipe(sizes.source_epochs, seed), variant, config)
            for seed in range(self.seeds)
            for variant in variants
        ]

    def recipe(self, epochs: int, seed: int) -> Recipe:
        """The recipe of the pretraining."""
        return self.sizes.recipe(epochs, seed, **self.recipe_options())

    def target(self, run: Run, device_dataset: DeviceDataset) -> tuple[Tensor, Tensor]:
        """Row numbers of the target part and of all other train images."""
        return disjoint_parts(device_dataset.train_labels.cpu(), self.sizes.target_images, None, run.seed)

    def source(self, run: Run, device_dataset: DeviceDataset) -> Source:
        """The source part of a run, with the labels that the network is trained on."""
        labels, classes = device_dataset.train_labels.cpu(), device_dataset.classes
        _, others = self.target(run, device_dataset)
        if self.job == "noise":
            rows = others[stratified(labels[others], self.sizes.source_images, run.seed)]
            noisy = noisy_labels(labels[rows], run.config["noise"], classes, run.seed)
            return Source(data=device_dataset.subset(rows, noisy))
        # the tail is cut from all that is not for the transfer, so that few images come many times
        sizes = zipf_sizes(int(torch.bincount(labels[others]).min()), classes, run.config["zipf"], run.seed)
        rows = others[long_tail(labels[others], sizes)]
        weights = sampling_weights(labels[rows], run.config["sampling"])
        return Source(data=device_dataset.subset(rows, labels[rows]), weights=weights, sizes=sizes)

    def trainer(self, run: Run, device_dataset: DeviceDataset, checkpoint: Checkpoint | None) -> Trainer:
        """A network from scratch on the source part; the same initial weights for all variants of a seed."""
        sizes, source = self.sizes, self.source(run, device_dataset)
        # a long tail holds another number of images; as many are seen in all
        epochs = max(1, round(sizes.source_epochs * sizes.source_images / len(source.data.train_labels)))
        return Trainer(
            build(sizes.network, device_dataset.classes, run.seed),
            source.data,
            self.recipe(epochs, run.seed),
            devices.pick(self.device),
            name=f"{self.job} {run.config.get('noise', run.config.get('sampling'))} seed {run.seed}",
            weights=source.weights,
            checkpoint=checkpoint,
            evaluate_every=epochs,
        )

    def finish(self, run: Run, trainer: Trainer, device_dataset: DeviceDataset) -> Path:
        """Evaluate the network by its own last layer and by linear probes, and write the run."""
        history = trainer.history()
        target, _ = self.target(run, device_dataset)
        clean = device_dataset.subset(target, device_dataset.train_labels.cpu()[target])
        untrained = build(run.model, device_dataset.classes, run.seed)
        untrained = untrained.to(trainer.device, memory_format=torch.channels_last)
        logits = outputs(trainer.model, device_dataset, trainer.precision)
        tables = concatenated(
            metrics(logits, device_dataset.test_labels.cpu(), "direct"),
            linear_probe_metrics(trainer.model, clean, "linear"),
            linear_probe_metrics(untrained, clean, "untrained"),
        )
        config = {**run.config, **trainer.recipe.as_dict(), "source_images": len(trainer.data.train_labels)}
        sizes = self.source(run, device_dataset).sizes
        if sizes is not None:
            config["sizes"] = sizes
        record = finished_record(replace(run, config=config), history)
        folder = write_run(record, {"epochs": columns(history.epochs), **tables}, self.runs)
        accuracy = {row["stage"]: row["correct"] / row["images"] for row in tables["scores"]}
        tqdm.write(
            f"{run.run_id}: direct {accuracy['direct']:.1%}, after transfer {accuracy['linear']:.1%}, "
            f"{history.seconds:.0f} s"
        )
        return folder
