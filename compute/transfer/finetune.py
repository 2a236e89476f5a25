"""The experiment `finetune`: all layers of ResNet-50 trained on the target data set, from ImageNet's weights or from scratch (1.1b, 1.1c)."""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from tqdm import tqdm

from compute import device as devices
from compute.batches import Resident
from compute.checkpoint import Checkpoint
from compute.flops.count import count
from compute.judge import confusions, judgement, outputs
from compute.lane import Lane
from compute.recipe import Recipe
from compute.records import columns, finished_record, steps_of
from compute.transfer.base import IMAGENET_MEAN, IMAGENET_STD, origin_of, pretrained, resnet50
from compute.transfer.task import SCALES, SYNTHETIC, record_of, splits
from compute.worklist import Request
from store.artefact import Run, write_run

EVALUATE_EVERY = 5  # epochs; as many images are in val as in train, so each epoch's would cost a quarter of all time
base = lru_cache(maxsize=1)(pretrained)


@dataclass(frozen=True, kw_only=True)
class FinetuneRequest(Request):
    """Each learning rate with each seed; `init` is `pretrained` or `random`, the job then `finetune` or `scratch`."""

    dataset: str
    lrs: tuple[float, ...]
    seeds: int = 1
    px: int = 64
    init: str = "pretrained"
    weights: Path | None = None

    @property
    def target(self) -> str:
        """The data set's name; the smoke scale makes its own."""
        return SYNTHETIC if self.scale == "smoke" else self.dataset

    def recipe(self, lr: float, seed: int) -> Recipe:
        """The scale's recipe at a learning rate."""
        return SCALES[self.scale].recipe(lr, seed, precision=self.precision, engine=self.engine)

    def origin(self) -> str | None:
        """Where the weights come from that the network begins with; None from scratch."""
        return origin_of(self.weights) if self.init == "pretrained" else None

    def planned(self) -> list[Run]:
        """All rates of a seed before the next seed."""
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
                        config={**self.recipe(lr, seed).plain(), "px": self.px, "init": self.init, **threads},
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

    def resident(self) -> Resident:
        """The train images, with those of `val` in the place of the test images, as pretrained weights want their pixels."""
        if self.init == "pretrained":
            base(self.weights)  # unfit weights are found before the images are decoded
        choose, _ = splits(self.target, self.data, self.px)
        return Resident(choose, devices.pick(self.device), IMAGENET_MEAN, IMAGENET_STD)

    def lane(self, run: Run, resident: Resident, checkpoint: Checkpoint | None) -> Lane:
        """ResNet-50 with a new last layer, and one learning rate for all its layers."""
        state = base(self.weights) if self.init == "pretrained" else None
        return Lane(
            resnet50(resident.classes, state, run.seed),
            resident,
            self.recipe(run.lr, run.seed),
            devices.pick(self.device),
            name=f"{run.job} lr {run.lr:g}",
            checkpoint=checkpoint,
            evaluate_every=EVALUATE_EVERY,
            origin=run.weights,
        )

    def finish(self, run: Run, lane: Lane, resident: Resident) -> Path:
        """Judge the network on the test images and write every step, every epoch and the judgement."""
        history, (_, report) = lane.history(), splits(self.target, self.data, self.px)
        reported = lane.data.testing(report.test_images, report.test_labels)
        logits = outputs(lane.model, reported, lane.precision)
        tables = {**judgement(logits, report.test_labels), "confusions": confusions(logits, report.test_labels)}
        last = history.epochs[-1]
        tables["scores"].append(
            {
                "stage": "final",
                "split": "val",
                "images": len(lane.data.test_labels),
                "correct": round(last["test_accuracy"] * len(lane.data.test_labels)),
                "loss": last["test_loss"],
            }
        )
        epochs = columns(history.epochs)
        epochs |= {"val_loss": epochs.pop("test_loss"), "val_accuracy": epochs.pop("test_accuracy")}
        forward = sum(layer.flops + layer.other_ops for layer in count(lane.model, (3, self.px, self.px)))
        made = finished_record(run, history)
        made = replace(
            made,
            config={**made.config, **record_of(self.target, self.data, self.px), "forward_flops": forward},
        )
        folder = write_run(made, {"steps": steps_of(history), "epochs": epochs, **tables}, self.runs)
        test = tables["scores"][0]
        tqdm.write(f"{run.run_id}: val {last['test_accuracy']:.1%}, test {test['correct'] / test['images']:.1%}, {history.seconds:.0f} s")
        return folder
