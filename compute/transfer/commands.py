"""The commands of Problem 1: `dataset` describes the target data set, `finetune` and `extract` train on it.

`finetune` trains all layers of ResNet-50, `extract` new last layers on the frozen network.
"""

import argparse
from pathlib import Path

from compute import ComputeError
from compute.command import Command, data_arguments, data_location, scale_argument, training_arguments, training_options
from compute.core.vocabulary import FINETUNE_LRS, LAST_LAYER_LRS

SCALES = {
    "smoke": "seconds, on images made in memory",
    "small": "40 epochs",
    "paper": "the assignment's 200 epochs",
}
DATASET_SCALES = {
    "smoke": "images made in memory",
    "small": "the whole data set, for a comparison at scale small",
    "paper": "the whole data set",
}
DATA = "folder of Parquet files with `image` and `label`; else $REPORT_DATA/NAME, data/NAME, torchvision"
WEIGHTS = "state dict of torchvision's resnet50, trained on ImageNet, instead of a download"


def target_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that name the data set."""
    parser.add_argument(
        "--dataset",
        default="flowers102",
        metavar="NAME",
        help="cifar100, dtd, fgvc_aircraft, flowers102, gtsrb, omniglot, svhn, "
        "or a name of your own for the folder in --data",
    )
    parser.add_argument(
        "--px", type=int, default=64, help="images are cropped to a square and resized to this many pixels"
    )


def dataset_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dataset`."""
    target_arguments(parser)
    scale_argument(parser, DATASET_SCALES, default="paper")
    data_arguments(parser, DATA)


def dataset(args: argparse.Namespace) -> list[Path]:
    """Describe a data set; returns the run folder written."""
    from compute.transfer import describe

    return [describe.run(args.runs, args.dataset, data_location(args), args.px, args.scale)]


def finetune_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `finetune`."""
    target_arguments(parser)
    parser.add_argument(
        "--lr",
        type=rate,
        nargs="+",
        default=list(FINETUNE_LRS),
        metavar="RATE",
        help="learning rates, one for all layers",
    )
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="trainings of each rate")
    parser.add_argument(
        "--init",
        choices=("pretrained", "random"),
        default="pretrained",
        help="start from ImageNet's weights, or from scratch",
    )
    parser.add_argument("--weights", type=Path, metavar="FILE", help=WEIGHTS)
    training_arguments(parser, scales=SCALES, data=DATA, checkpoint_s=60.0, scale="paper")


def finetune(args: argparse.Namespace) -> list[Path]:
    """Train the pending runs, or list all; returns the run folders written."""
    if args.seeds < 1:
        raise ComputeError(f"--seeds is {args.seeds}; it must be at least 1")
    options = training_options(args)

    from compute.training import runner
    from compute.transfer.finetune import FinetuneSweep

    request = FinetuneSweep(
        dataset=args.dataset,
        lrs=tuple(dict.fromkeys(args.lr)),
        seeds=args.seeds,
        px=args.px,
        init=args.init,
        weights=args.weights,
        **options,
    )
    return runner.run(request, args.processes, args.list)


def extract_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `extract`."""
    target_arguments(parser)
    parser.add_argument(
        "--lr",
        type=rate,
        nargs="+",
        default=list(LAST_LAYER_LRS),
        metavar="RATE",
        help="learning rates of the last layer",
    )
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="last layers of each rate")
    parser.add_argument(
        "--augmentations",
        type=int,
        default=8,
        metavar="N",
        help="random crops and flips of each train image whose features are kept",
    )
    parser.add_argument(
        "--batchnorm",
        choices=("base", "target"),
        default="base",
        help="target: BatchNorm's statistics are taken from the target's train images (AdaBN)",
    )
    parser.add_argument("--weights", type=Path, metavar="FILE", help=WEIGHTS)
    scale_argument(parser, SCALES, default="paper")
    data_arguments(parser, DATA)
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="where the frozen network runs"
    )
    parser.add_argument("--contributor", default="the report's authors", metavar="NAME", help="who ran it")
    parser.add_argument(
        "--again", action="store_true", help="train even where all are there already; features come from the cache"
    )


def extract(args: argparse.Namespace) -> list[Path]:
    """Train the last layers and the linear probe; returns the run folders written."""
    from compute.transfer import extract as experiment
    from compute.transfer.extraction import Extraction

    request = Extraction(
        runs=args.runs,
        dataset=args.dataset,
        data=data_location(args),
        px=args.px,
        scale=args.scale,
        lrs=tuple(dict.fromkeys(args.lr)),
        seeds=args.seeds,
        augmentations=args.augmentations,
        batchnorm=args.batchnorm,
        weights=args.weights,
        device=args.device,
        contributor=args.contributor,
        again=args.again,
    )
    return experiment.run(request)


def rate(text: str) -> float:
    """A learning rate, above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no learning rate; it must be above 0")
    return value


COMMANDS = {
    "dataset": Command(
        help="Describe the target data set: images of each class and split, and samples.",
        arguments=dataset_arguments,
        run=dataset,
    ),
    "finetune": Command(
        help="Fine-tune all layers of ResNet-50 at each learning rate, from ImageNet's weights or from scratch "
        "(resumes from its checkpoint).",
        arguments=finetune_arguments,
        run=finetune,
    ),
    "extract": Command(
        help="Train new last layers on the frozen ResNet-50, at each learning rate with several seeds, "
        "and a linear probe beside them.",
        arguments=extract_arguments,
        run=extract,
    ),
}
