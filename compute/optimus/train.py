"""The experiment `train`: a ResNet on CIFAR-10 for a GPU type, from scratch, the same recipe everywhere."""

from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from compute.core.runs import Run, write_run
from compute.core.schedule import milestones_at
from compute.data import load, synthetic
from compute.optimus import gpus
from compute.training import device as devices
from compute.training.checkpoint import Checkpoint
from compute.training.device_dataset import DeviceDataset
from compute.training.recipe import Recipe
from compute.training.records import columns, finished_record, steps_of
from compute.training.resnet_cifar import build, depth
from compute.training.sweep import Sweep
from compute.training.trainer import Trainer


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much of the data set and for how long; None images: all of them. The learning rate drops at half and at three quarters.

    The test images are evaluated after every `evaluate_every` epochs before the first drop, after each epoch from there on.
    """

    dataset: str
    epochs: int
    train_images: int | None = None
    test_images: int | None = None
    evaluate_every: int = 1


# cpu: eighteen runs in four hours on two cores, and enough epochs after each drop to fit a curve to
SCALES = {
    "smoke": Scale(dataset="synthetic", epochs=4, train_images=128, test_images=64),
    "small": Scale(dataset="cifar10", epochs=40, train_images=5_000, test_images=2_000),
    "full": Scale(dataset="cifar10", epochs=60, evaluate_every=2),
    "paper": Scale(dataset="cifar10", epochs=350),
}
SUBSET_SEED = 0


@dataclass(frozen=True, kw_only=True)
class TrainingSweep(Sweep):
    """Each network once for each GPU type."""

    models: tuple[str, ...]
    gpu_types: tuple[str, ...]

    def recipe(self, gpu_type: str) -> Recipe:
        """The one recipe; only its seed depends on the GPU type, and only its length on the scale."""
        epochs = SCALES[self.scale].epochs
        return Recipe(
            epochs=epochs,
            milestones=milestones_at((0.5, 0.75), epochs),
            batch=128 if self.scale != "smoke" else 32,
            seed=gpus.seed(gpu_type),
            precision=self.precision,
            execution_mode=self.execution_mode,
        )

    def device_dataset(self) -> DeviceDataset:
        """The scale's data set: the same images for every run."""
        scale, device = SCALES[self.scale], devices.pick(self.device)
        if scale.dataset == "synthetic":
            return DeviceDataset(synthetic(train=scale.train_images, test=scale.test_images), device)
        return DeviceDataset(load(scale.dataset, self.data).subset(scale.train_images, scale.test_images, SUBSET_SEED), device)

    def planned(self) -> list[Run]:
        """All depths of a GPU type before the next type."""
        scale, device = SCALES[self.scale], devices.pick(self.device)
        device_name = devices.name(device)
        records = []
        for gpu_type in self.gpu_types:
            for model in self.models:
                how = self.recipe(gpu_type)
                threads = {"threads": self.threads} if device.type == "cpu" else {}
                records.append(
                    Run(
                        problem="optimus",
                        job="train",
                        scale=self.scale,
                        provenance=gpus.provenance(gpu_type, device_name),
                        identity=("model", "gpu_type", "device"),
                        config={**how.plain(), **asdict(scale), "subset_seed": SUBSET_SEED, **threads},
                        model=model,
                        depth=depth(model),
                        gpu_type=gpu_type,
                        dataset=scale.dataset,
                        lr=how.lr,
                        seed=how.seed,
                        device=device_name,
                        contributor=self.contributor,
                        note=gpus.note(gpu_type, device_name),
                    )
                )
        return records

    def trainer(self, run: Run, device_dataset: DeviceDataset, checkpoint: Checkpoint | None) -> Trainer:
        """A network from scratch."""
        how = self.recipe(run.gpu_type)
        model = build(run.model, device_dataset.classes, how.seed)
        name, every = f"{run.model} {run.gpu_type}", SCALES[self.scale].evaluate_every
        return Trainer(model, device_dataset, how, devices.pick(self.device), name=name, checkpoint=checkpoint, evaluate_every=every, evaluate_all_from=how.milestones[0])

    def finish(self, run: Run, trainer: Trainer, device_dataset: DeviceDataset) -> Path:
        """Write every step's loss and every epoch."""
        history = trainer.history()
        written = write_run(finished_record(run, history), {"steps": steps_of(history), "epochs": columns(history.epochs)}, self.runs)
        last = history.epochs[-1]
        tqdm.write(f"{run.run_id}: loss {last['train_loss']:.3f}, test accuracy {last['test_accuracy']:.1%}, {history.seconds:.0f} s")
        return written
