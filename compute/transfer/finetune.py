"""The experiment `finetune`: all layers of ResNet-50 trained on the target data set.

They begin with ImageNet's weights or from scratch. It shows which learning rate fine-tuning needs (1.1b, 1.1c)
and what pretraining is worth (1.2b):

    python -m compute finetune                             three rates
    python -m compute finetune --lr 0.1 --px 128           the images enlarged
    python -m compute finetune --init random --lr 0.1      from scratch

Cost at scale paper, on a CPU in bf16: 75 to 95 core-minutes a rate at 64 pixels, 230 at 128, 70 from scratch.
Accuracies: the tables of the answers 1.1c and 1.2b, `rates(finetune, …)` of `store/transfer/values.py`.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from tqdm import tqdm

from compute.core.runs import Run, write_run
from compute.counting.count import count
from compute.training import device as devices
from compute.training.checkpoint import Checkpoint
from compute.training.device_dataset import DeviceDataset
from compute.training.evaluation import confusions, metrics, outputs
from compute.training.recipe import Recipe
from compute.training.records import columns, finished_record, steps_table
from compute.training.sweep import Sweep
from compute.training.trainer import Trainer
from compute.transfer.base import IMAGENET_MEAN, IMAGENET_STD, origin_of, pretrained, resnet50
from compute.transfer.task import SCALES, record_of, splits, target_of

EVALUATE_EVERY = 5  # epochs; val is as large as train, so that evaluating after each would take a quarter of all time
base = lru_cache(maxsize=1)(pretrained)


@dataclass(frozen=True, kw_only=True)
class FinetuneSweep(Sweep):
    """Each learning rate with each seed; `init` is `pretrained` or `random`, the job then `finetune` or `scratch`."""

    dataset: str
    lrs: tuple[float, ...]
    seeds: int = 1
    px: int = 64
    init: str = "pretrained"
    weights: Path | None = None

    @property
    def target(self) -> str:
        """The name of the data set that is trained on."""
        return target_of(self.scale, self.dataset)

    def recipe(self, lr: float, seed: int) -> Recipe:
        """The scale's recipe at a learning rate."""
        return SCALES[self.scale].recipe(lr, seed, precision=self.precision, execution_mode=self.execution_mode)

    def origin(self) -> str | None:
        """Where the initial weights come from; None from scratch."""
        return origin_of(self.weights) if self.init == "pretrained" else None

    def planned(self) -> list[Run]:
        """The records of all runs, every rate of a seed before the next seed."""
        device, origin = devices.pick(self.device), self.origin()
        threads = {"threads": self.threads} if device.type == "cpu" else {}
        records = []
        for seed in range(self.seeds):
            for lr in self.lrs:
                records.append(
                    Run(
                        problem="transfer",
                        job="finetune" if self.init == "pretrained" else "scratch",
                        scale=self.scale,
                        provenance="measured",
                        identity=("dataset", "lr", "px"),
                        config={**self.recipe(lr, seed).as_dict(), "px": self.px, "init": self.init, **threads},
                        model="resnet50",
                        depth=50,
                        dataset=self.target,
                        lr=lr,
                        seed=seed,
                        device=devices.name(device),
                        weights=origin,
                        contributor=self.contributor,
                    )
                )
        return records

    def device_dataset(self) -> DeviceDataset:
        """The train images, and those of val to evaluate on, normalised as the pretrained weights need them."""
        if self.init == "pretrained":
            base(self.weights)  # weights that cannot be used are reported before the images are decoded
        val_data, _ = splits(self.target, self.data, self.px)
        return DeviceDataset(val_data, devices.pick(self.device), IMAGENET_MEAN, IMAGENET_STD)

    def trainer(self, run: Run, device_dataset: DeviceDataset, checkpoint: Checkpoint | None) -> Trainer:
        """ResNet-50 with a new last layer, and one learning rate for all its layers."""
        state = base(self.weights) if self.init == "pretrained" else None
        return Trainer(
            resnet50(device_dataset.classes, state, run.seed),
            device_dataset,
            self.recipe(run.lr, run.seed),
            devices.pick(self.device),
            name=f"{run.job} lr {run.lr:g}",
            checkpoint=checkpoint,
            evaluate_every=EVALUATE_EVERY,
            initialisation=run.weights,
        )

    def finish(self, run: Run, trainer: Trainer, device_dataset: DeviceDataset) -> Path:
        """Evaluate the network on the test images and write steps, epochs and metrics; returns the run's folder."""
        history, (_, test_data) = trainer.history(), splits(self.target, self.data, self.px)
        test_images = trainer.data.with_evaluation_images(test_data.test_images, test_data.test_labels)
        logits = outputs(trainer.model, test_images, trainer.precision)
        tables = {**metrics(logits, test_data.test_labels), "confusions": confusions(logits, test_data.test_labels)}
        last, val_images = history.epochs[-1], len(trainer.data.test_labels)
        tables["scores"].append(
            {
                "stage": "final",
                "split": "val",
                "images": val_images,
                "correct": round(last["test_accuracy"] * val_images),
                "loss": last["test_loss"],
            }
        )
        epochs = columns(history.epochs)
        epochs |= {"val_loss": epochs.pop("test_loss"), "val_accuracy": epochs.pop("test_accuracy")}
        forward_flops = sum(layer.flops + layer.other_ops for layer in count(trainer.model, (3, self.px, self.px)))
        record = finished_record(run, history)
        sizes = record_of(self.target, self.data, self.px)
        record = replace(record, config={**record.config, **sizes, "forward_flops": forward_flops})
        folder = write_run(record, {"steps": steps_table(history), "epochs": epochs, **tables}, self.runs)
        test = tables["scores"][0]
        accuracies = f"val {last['test_accuracy']:.1%}, test {test['correct'] / test['images']:.1%}"
        tqdm.write(f"{run.run_id}: {accuracies}, {history.seconds:.0f} s")
        return folder
