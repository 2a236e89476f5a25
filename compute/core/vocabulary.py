"""The report's vocabulary: problems, scales, provenances, GPU types and depths, each defined here and nowhere else.

The store's enums are made from it, the command line's choices and the pages' labels read it. Where a
dictionary has an order (scales, GPU types), that order is meant: a larger scale stands later.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A problem of the assignment: its number, its short title for navigation, and its title."""

    number: int
    short: str
    title: str


PROBLEMS = {
    "transfer": Problem(number=1, short="Transfer", title="Transfer learning: fine-tuning against feature extraction"),
    "supervision": Problem(number=2, short="Supervision", title="Weakly and semi-supervised learning"),
    "flops": Problem(number=3, short="FLOPs and peak", title="FLOPs, PALEO and Platform Percent of Peak"),
    "optimus": Problem(
        number=4, short="Optimus", title="Optimus: loss models, speed models, time and cost to accuracy"
    ),
}

# scale: what it means, in ascending order
SCALES = {
    "smoke": "seconds, for tests",
    "small": "minutes to an hour on two CPU cores",
    "full": "all of the data with a shorter schedule, hours on two CPU cores",
    "paper": "what the assignment asks for, in full",
}

# provenance: what it says of a figure
PROVENANCES = {
    "measured": "ran on the device that it names",
    "emulated": "ran in place of a device that was not at hand: the losses are real, that device's time is modelled",
    "imported": "is somebody else's log, with its contributor",
    "published": "is printed in a paper or a data sheet, or is second-hand and says so",
    "modelled": "is the value of a formula",
}


@dataclass(frozen=True, kw_only=True)
class GpuType:
    """A GPU type of Problem 4: its name, and the random seed of the trainings that belong to it, the same at every
    depth.
    """

    name: str
    seed: int


# the assignment's types; the first one is the baseline that a regression compares the others with
GPU_TYPES = {
    gpu.name: gpu for gpu in (GpuType(name="K80", seed=0), GpuType(name="P100", seed=1), GpuType(name="V100", seed=2))
}
BASELINE_GPU = next(iter(GPU_TYPES))

# layers of the CIFAR ResNets: those of question 4.1, and the one that question 4.2 predicts from them
FITTED_DEPTHS = (18, 20, 32, 44, 56)
HELD_OUT_DEPTH = 50
DEPTHS = tuple(sorted((*FITTED_DEPTHS, HELD_OUT_DEPTH)))

# the accuracies that a target may mean, the first one where nothing else is said: of the test images after an epoch,
# and of the training images as they pass through the network in an epoch
ACCURACIES = ("test", "training")

# the accuracy (0 to 1) and the epochs that question 4.2 asks for
TARGET_ACCURACY, ASKED_EPOCHS = 0.92, 350


def cifar_resnet(depth: int) -> str:
    """The name of the CIFAR ResNet of a depth, the family that Problem 4 models."""
    return f"resnet{depth}"


def gpu_order(name: str) -> int:
    """The place of a GPU type in the vocabulary; unknown types come last."""
    return list(GPU_TYPES).index(name) if name in GPU_TYPES else len(GPU_TYPES)


def scale_order(name: str) -> int:
    """The place of a scale in ascending order. Raises ValueError for an unknown one."""
    return list(SCALES).index(name)


@dataclass(frozen=True, kw_only=True)
class Approach:
    """A way of Problem 1 to get a network for the target classes: its name, and whether all layers are trained.

    Where they are not, the base network is frozen and only a new last layer is trained on its features.
    """

    name: str
    all_layers: bool


# job of the runs: the approach, in the order in which the report lists them
APPROACHES = {
    "finetune": Approach(name="fine-tuning", all_layers=True),
    "extract": Approach(name="last layer", all_layers=False),
    "adabn": Approach(name="last layer, AdaBN", all_layers=False),
    "linear_probe": Approach(name="linear probe", all_layers=False),
    "scratch": Approach(name="from scratch", all_layers=True),
}

# the learning rates that questions 1.1b and 1.1c (all layers) and 1.2a (the last layer) ask for
FINETUNE_LRS, LAST_LAYER_LRS = (0.001, 0.01, 0.1), (1.0, 0.1, 0.01, 0.001)
