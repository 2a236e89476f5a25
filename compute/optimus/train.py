"""The experiment `train`: the loss curves that Problem 4 models (questions 4.1 and 4.2).

It trains the ResNets on CIFAR-10 from scratch, once for each depth and GPU type, all with the same recipe:
the loss of every step and the test accuracy of every evaluated epoch.

    python -m compute train --scale full --precision bf16

Cost on two CPU cores: seconds at scale smoke, four hours for all eighteen runs at small, and about nine
hours a GPU type at full in bf16. Scale paper, 350 epochs of everything, is for a GPU.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from compute.core.runs import Run, write_run
from compute.core.schedule import milestones_at
from compute.data import Images, load, synthetic
from compute.optimus import gpus
from compute.training import device as devices
from compute.training.checkpoint import Checkpoint
from compute.training.device_dataset import DeviceDataset
from compute.training.recipe import Recipe
from compute.training.records import columns, finished_record, steps_table
from compute.training.resnet_cifar import build, depth
from compute.training.sweep import Sweep
from compute.training.trainer import Trainer

SUBSET_SEED = 0


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The data, the length and the weight decay of a scale; None images: all of them.

    The learning rate falls at half and at three quarters of the epochs. The test images are evaluated
    after every `evaluate_every` epochs before the first of these, after each epoch from there on.
    """

    dataset: str
    epochs: int
    train_images: int | None = None
    test_images: int | None = None
    evaluate_every: int = 1
    weight_decay: float = 1e-4


SCALES = {
    "smoke": Scale(dataset="synthetic", epochs=4, train_images=128, test_images=64),
    # small: enough epochs after each fall of the learning rate to fit a curve to
    "small": Scale(dataset="cifar10", epochs=40, train_images=5_000, test_images=2_000),
    "full": Scale(dataset="cifar10", epochs=60, evaluate_every=2),
    "paper": Scale(dataset="cifar10", epochs=350),
}


@dataclass(frozen=True, kw_only=True)
class TrainingSweep(Sweep):
    """Each network once for each GPU type."""

    models: tuple[str, ...]
    gpu_types: tuple[str, ...]

    @property
    def size(self) -> Scale:
        """The data, the length and the weight decay of the sweep's scale."""
        return SCALES[self.scale]

    def recipe(self, gpu_type: str) -> Recipe:
        """The recipe of all runs; a GPU type changes the seed alone."""
        return Recipe(
            epochs=self.size.epochs,
            milestones=milestones_at((0.5, 0.75), self.size.epochs),
            batch=128 if self.scale != "smoke" else 32,
            weight_decay=self.size.weight_decay,
            seed=gpus.seed(gpu_type),
            precision=self.precision,
            execution_mode=self.execution_mode,
        )

    def images(self) -> Images:
        """The scale's data set, or its part of one: the same images for every run."""
        size = self.size
        if size.dataset == "synthetic":
            return synthetic(train=size.train_images, test=size.test_images)
        return load(size.dataset, self.data).subset(size.train_images, size.test_images, SUBSET_SEED)

    def device_dataset(self) -> DeviceDataset:
        """The scale's data set on the device."""
        return DeviceDataset(self.images(), devices.pick(self.device))

    def planned(self) -> list[Run]:
        """All networks of a GPU type before the next type, the deepest first.

        The deepest network takes longest; begun first, it does not leave one process alone at the end.
        """
        device = devices.pick(self.device)
        device_name = devices.name(device)
        threads = {"threads": self.threads} if device.type == "cpu" else {}
        records = []
        for gpu_type in self.gpu_types:
            recipe = self.recipe(gpu_type)
            for model in sorted(self.models, key=depth, reverse=True):
                records.append(
                    Run(
                        problem="optimus",
                        job="train",
                        scale=self.scale,
                        provenance=gpus.provenance(gpu_type, device_name),
                        identity=("model", "gpu_type", "device"),
                        config={**recipe.as_dict(), **asdict(self.size), "subset_seed": SUBSET_SEED, **threads},
                        model=model,
                        depth=depth(model),
                        gpu_type=gpu_type,
                        dataset=self.size.dataset,
                        lr=recipe.lr,
                        seed=recipe.seed,
                        device=device_name,
                        contributor=self.contributor,
                        note=gpus.note(gpu_type, device_name),
                    )
                )
        return records

    def trainer(self, run: Run, device_dataset: DeviceDataset, checkpoint: Checkpoint | None) -> Trainer:
        """A network from scratch."""
        return self.from_scratch(
            run, self.recipe(run.gpu_type), f"{run.model} {run.gpu_type}", device_dataset, checkpoint
        )

    def from_scratch(
        self, run: Run, recipe: Recipe, name: str, device_dataset: DeviceDataset, checkpoint: Checkpoint | None
    ) -> Trainer:
        """The trainer of a run's network, initialised from the recipe's seed."""
        return Trainer(
            build(run.model, device_dataset.classes, recipe.seed),
            device_dataset,
            recipe,
            devices.pick(self.device),
            name=name,
            checkpoint=checkpoint,
            evaluate_every=self.size.evaluate_every,
            evaluate_all_from=recipe.milestones[0],
        )

    def finish(self, run: Run, trainer: Trainer, device_dataset: DeviceDataset) -> Path:
        """Write the loss of every step and the results of every epoch; returns the run's folder."""
        history = trainer.history()
        tables = {"steps": steps_table(history), "epochs": columns(history.epochs)}
        folder = write_run(finished_record(run, history), tables, self.runs)
        last = history.epochs[-1]
        results = f"loss {last['train_loss']:.3f}, accuracy {last['test_accuracy']:.1%}, {history.seconds:.0f} s"
        tqdm.write(f"{run.run_id}: {results}")
        return folder
