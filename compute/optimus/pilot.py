"""The experiment `pilot`: which weight decay the scale `full` trains with, decided on validation images.

ResNet-20 at the length of `full` on nine tenths of the training images, once for each weight decay,
evaluated on the other tenth; the test images are not read.
"""

from dataclasses import dataclass, replace

from compute.core.runs import Run
from compute.data import load, split_off_val
from compute.optimus.train import SCALES, TrainingSweep
from compute.training import device as devices
from compute.training.checkpoint import Checkpoint
from compute.training.device_dataset import DeviceDataset
from compute.training.resnet_cifar import build
from compute.training.trainer import Trainer

WEIGHT_DECAYS = (1e-4, 5e-4)


@dataclass(frozen=True, kw_only=True)
class PilotSweep(TrainingSweep):
    """The first model of the request once for each of `weight_decays`."""

    weight_decays: tuple[float, ...] = WEIGHT_DECAYS

    def device_dataset(self) -> DeviceDataset:
        """The scale's training images with a stratified tenth of them in place of the test images."""
        scale = SCALES[self.scale]
        if scale.dataset == "synthetic":
            return super().device_dataset()
        data = load(scale.dataset, self.data).subset(scale.train_images, scale.test_images)
        return DeviceDataset(split_off_val(data)[0], devices.pick(self.device))

    def planned(self) -> list[Run]:
        """One run for each weight decay; `evaluated_on` in its configuration says which images its accuracies are of."""
        base = super().planned()[0]
        return [
            replace(
                base,
                job="pilot",
                provenance="measured",
                gpu_type=None,
                note=None,
                identity=("model", "weight_decay", "device"),
                config={**base.config, "weight_decay": decay, "evaluated_on": "a tenth of the training images"},
            )
            for decay in self.weight_decays
        ]

    def trainer(self, run: Run, device_dataset: DeviceDataset, checkpoint: Checkpoint | None) -> Trainer:
        """A network from scratch with the run's weight decay."""
        how = replace(self.recipe(self.gpu_types[0]), weight_decay=run.config["weight_decay"])
        model = build(run.model, device_dataset.classes, how.seed)
        name = f"{run.model} weight decay {how.weight_decay:g}"
        options = {"evaluate_every": SCALES[self.scale].evaluate_every, "evaluate_all_from": how.milestones[0]}
        return Trainer(model, device_dataset, how, devices.pick(self.device), name=name, checkpoint=checkpoint, **options)
