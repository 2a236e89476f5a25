"""The experiment `pilot`: the weight decay that `train` uses at scale full, chosen on validation images.

ResNet-20 is trained as `train` does at that scale, once with each weight decay, on nine tenths of the
training images, and evaluated on the other tenth; the test images take no part. The choice is the
`weight_decay` of `compute.optimus.train.SCALES["full"]`.

    python -m compute pilot --precision bf16

Cost: two trainings of ResNet-20, about two hours on two CPU cores in bf16.
"""

from dataclasses import dataclass, replace

from compute.core.runs import Run
from compute.data import Images, split_off_val
from compute.optimus.train import TrainingSweep
from compute.training.checkpoint import Checkpoint
from compute.training.device_dataset import DeviceDataset
from compute.training.trainer import Trainer

WEIGHT_DECAYS = (1e-4, 5e-4)


@dataclass(frozen=True, kw_only=True)
class PilotSweep(TrainingSweep):
    """One network, of `models` the deepest, once with each of `weight_decays`."""

    weight_decays: tuple[float, ...] = WEIGHT_DECAYS

    def images(self) -> Images:
        """The scale's training images, a stratified tenth of which takes the place of the test images."""
        return split_off_val(super().images())[0]

    def planned(self) -> list[Run]:
        """One run for each weight decay; `evaluated_on` in its configuration names the images of its accuracies."""
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
        recipe = replace(self.recipe(self.gpu_types[0]), weight_decay=run.config["weight_decay"])
        name = f"{run.model} weight decay {recipe.weight_decay:g}"
        return self.from_scratch(run, recipe, name, device_dataset, checkpoint)
