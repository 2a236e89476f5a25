"""The experiment `train`: a ResNet on CIFAR-10 for a GPU type, from scratch, the same recipe everywhere."""

from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from compute import device as devices
from compute.batches import Resident
from compute.checkpoint import Checkpoint
from compute.data import load, synthetic
from compute.lane import Lane
from compute.optimus import gpus
from compute.recipe import Recipe
from compute.records import columns, finished_record, steps_of
from compute.resnet_cifar import build, depth
from compute.schedule import drops_at
from compute.worklist import Request
from store.artefact import Run, write_run


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
    "cpu": Scale(dataset="cifar10", epochs=40, train_images=5_000, test_images=2_000),
    "full": Scale(dataset="cifar10", epochs=60, evaluate_every=2),
    "paper": Scale(dataset="cifar10", epochs=350),
}
SUBSET_SEED = 0


@dataclass(frozen=True, kw_only=True)
class TrainRequest(Request):
    """Each network once for each GPU type."""

    models: tuple[str, ...]
    gpu_types: tuple[str, ...]

    def recipe(self, gpu_type: str) -> Recipe:
        """The one recipe; only its seed depends on the GPU type, and only its length on the scale."""
        epochs = SCALES[self.scale].epochs
        return Recipe(
            epochs=epochs,
            drops=drops_at((0.5, 0.75), epochs),
            batch=128 if self.scale != "smoke" else 32,
            seed=gpus.seed(gpu_type),
            precision=self.precision,
            engine=self.engine,
        )

    def resident(self) -> Resident:
        """The scale's data set: the same images for every run."""
        scale, device = SCALES[self.scale], devices.pick(self.device)
        if scale.dataset == "synthetic":
            return Resident(synthetic(train=scale.train_images, test=scale.test_images), device)
        return Resident(load(scale.dataset, self.data).subset(scale.train_images, scale.test_images, SUBSET_SEED), device)

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
                        identity=("model", "gpu_type"),
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

    def lane(self, run: Run, resident: Resident, checkpoint: Checkpoint | None) -> Lane:
        """A network from scratch."""
        how = self.recipe(run.gpu_type)
        model = build(run.model, resident.classes, how.seed)
        name, every = f"{run.model} {run.gpu_type}", SCALES[self.scale].evaluate_every
        return Lane(model, resident, how, devices.pick(self.device), name=name, checkpoint=checkpoint, evaluate_every=every, evaluate_all_from=how.drops[0])

    def finish(self, run: Run, lane: Lane, resident: Resident) -> Path:
        """Write every step's loss and every epoch."""
        history = lane.history()
        written = write_run(finished_record(run, history), {"steps": steps_of(history), "epochs": columns(history.epochs)}, self.runs)
        last = history.epochs[-1]
        tqdm.write(f"{run.run_id}: loss {last['train_loss']:.3f}, test accuracy {last['test_accuracy']:.1%}, {history.seconds:.0f} s")
        return written
