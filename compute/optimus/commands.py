"""The commands of Problem 4: `train` makes the loss curves, `import` takes in those of others, `judge-logs` derives
facts from published ones, `fit` their models, `predict` the curve of ResNet-50, `plan` its hours; `speed` measures
parameter-server training, `schedule` simulates Optimus' scheduler."""

import argparse
from pathlib import Path

from compute import ComputeError
from compute.command import Command, training_arguments, training_options
from compute.core.runs import STORE
from compute.core.vocabulary import BASELINE_GPU, DEPTHS, GPU_TYPES, SCALES

# of the trainings; compute.optimus.train says what they are made of
TRAINING_SCALES = {
    "smoke": "seconds",
    "small": "5,000 images and 40 epochs, four hours on two cores for all runs",
    "full": "all images and 60 epochs, a day on two cores",
    "paper": "all images and 350 epochs",
}
DATA = "folder of the data set's Parquet files; else $REPORT_DATA/cifar10, data/cifar10, torchvision"

FAMILIES = {
    "cifar": {depth: f"resnet{depth}" for depth in DEPTHS},
    "torchvision": {18: "resnet18_4stage", 50: "resnet50_bottleneck"},
}


def train_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `train`."""
    parser.add_argument(
        "--depth", type=int, nargs="+", default=list(DEPTHS), metavar="N", help="layers of the networks"
    )
    parser.add_argument(
        "--family",
        choices=tuple(FAMILIES),
        default="cifar",
        help="the CIFAR ResNets of He et al. 2015 section 4.2, or torchvision's (depths 18 and 50)",
    )
    parser.add_argument(
        "--gpu-type",
        nargs="+",
        default=list(GPU_TYPES),
        metavar="GPU",
        help="GPU types; one that is not at hand is emulated",
    )
    training_arguments(
        parser,
        scales=TRAINING_SCALES,
        data=DATA,
        checkpoint_s=5.0,
    )


def train(args: argparse.Namespace) -> list[Path]:
    """Train the pending runs, or list all; returns the run folders written."""
    options = training_options(args)
    models, gpu_types = (
        tuple(model_name(args.family, depth) for depth in dict.fromkeys(args.depth)),
        known_types(args.gpu_type),
    )

    from compute.optimus.train import TrainingSweep
    from compute.training import runner

    return runner.run(TrainingSweep(models=models, gpu_types=gpu_types, **options), args.processes, args.list)


def import_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `import`."""
    add = parser.add_argument
    add("files", type=Path, nargs="+", metavar="FILE", help="CSV, TSV, JSON, JSON lines, Parquet or a text log")
    add("--depth", type=int, metavar="N", help="layers of the network; if left out, from resnetN in the file's name")
    add("--model", metavar="NAME", help="the network's name; resnet<depth> if left out")
    add("--gpu-type", metavar="GPU", help="the GPU that it ran on, if that is known")
    add("--batch", type=int, metavar="N", help="images of a step; with --dataset it gives the steps of an epoch")
    add("--dataset", metavar="NAME", help="what was trained on, such as cifar10")
    add("--steps-per-epoch", type=int, metavar="N", help="where batch size and data set do not give them")
    drops = "epochs after which the learning rate is known to have fallen, where the log does not say it"
    add("--drops", type=int, nargs="*", default=[], metavar="N", help=drops)
    add("--contributor", default="not named", metavar="NAME", help="whose log it is")
    add("--seed", type=int, metavar="N", help="tells several logs of one contributor apart")
    scale = "full: all of the data; paper: with the assignment's schedule as well"
    add("--scale", choices=tuple(SCALES), default="full", help=scale)
    add("--note", metavar="TEXT", help="where the log is from, and its licence")
    column = "the column of a role, `#` for the row's number; again for each role"
    add("--column", action="append", default=[], metavar="ROLE=NAME", help=column)
    pattern = "regular expression for a line, with roles as named groups: (?P<epoch>…), (?P<loss>…)"
    add("--pattern", metavar="REGEX", help=pattern)
    add("--replace", action="store_true", help="take the place of another log that was imported under the same id")
    add("--preview", action="store_true", help="say what was understood, and write nothing")


def import_logs(args: argparse.Namespace) -> list[Path]:
    """Import logs; returns the run folders written."""
    from compute.optimus import importing

    return importing.run(args)


def judge_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `judge-logs`."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of the logs, under the names in the list")
    out = "folder of external_logs.csv, the list of logs, that receives the derived tables"
    parser.add_argument("--out", type=Path, default=STORE / "published", metavar="FOLDER", help=out)


def judge_logs(args: argparse.Namespace) -> list[Path]:
    """Derive the facts about other people's trainings; writes no run."""
    from compute.optimus import judge

    return judge.run(args)


def pilot_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `pilot`."""
    scales = {scale: f"as {scale} of train" for scale in TRAINING_SCALES}
    training_arguments(parser, scales=scales, data=DATA, checkpoint_s=5.0, scale="full")


def pilot(args: argparse.Namespace) -> list[Path]:
    """Train ResNet-20 with each weight decay; returns the run folders written."""
    options = training_options(args)

    from compute.optimus.pilot import PilotSweep
    from compute.training import runner

    return runner.run(PilotSweep(models=("resnet20",), gpu_types=(BASELINE_GPU,), **options), args.processes, args.list)


def model_name(family: str, depth: int) -> str:
    """The network of a depth. Raises ComputeError for a depth that its family does not have."""
    known = FAMILIES[family]
    if depth not in known:
        raise ComputeError(f"there is no {family} ResNet of depth {depth}; there are {', '.join(map(str, known))}")
    return known[depth]


def known_types(names: list[str]) -> tuple[str, ...]:
    """The GPU types, in upper case and once each. Raises ComputeError for one that the report does not know."""
    from compute.optimus import gpus

    types = tuple(dict.fromkeys(name.upper() for name in names))
    for name in types:
        gpus.seed(name)
    return types


def fit_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `fit`, `predict` and `plan`."""
    parser.add_argument(
        "--scale",
        choices=tuple(SCALES),
        help=(
            "scale of the trainings; if left out, the one that the report shows: the largest with all depths on a GPU"
            " type"
        ),
    )


def fit(args: argparse.Namespace) -> list[Path]:
    """Fit the loss models; returns the run folder written."""
    from compute.optimus import fit as experiment

    return [experiment.run(args.runs, args.scale)]


def predict(args: argparse.Namespace) -> list[Path]:
    """Regress the coefficients and predict ResNet-50; returns the run folder written."""
    from compute.optimus import predict as experiment

    return [experiment.run(args.runs, args.scale)]


def plan(args: argparse.Namespace) -> list[Path]:
    """Turn the predicted epochs into hours; returns the run folder written."""
    from compute.optimus import plan as experiment

    return [experiment.run(args.runs, args.scale)]


def schedule_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `schedule`."""
    scales = "seconds, with few jobs; minutes, with 20, 50 and 100 simulations of each case"
    parser.add_argument("--scale", choices=tuple(SCALES), default="small", help=scales)


def schedule(args: argparse.Namespace) -> list[Path]:
    """Simulate the schedulers; returns the run folder written."""
    from compute.optimus import schedulers as experiment

    return [experiment.run(args.runs, args.scale)]


def speed_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `speed`."""
    add = parser.add_argument
    scales = "smoke: few steps; small: a minute or two on two cores"
    add("--scale", choices=("smoke", "small"), default="small", help=scales)
    add("--servers", type=counts, default=(1, 2, 4), metavar="N,N,…", help="numbers of parameter servers")
    add("--workers", type=counts, default=(1, 2, 4, 8), metavar="N,N,…", help="numbers of workers")
    add("--ray", metavar="ADDRESS", help="address of a Ray cluster, or auto; a cluster on this machine if left out")


def counts(text: str) -> tuple[int, ...]:
    """Whole numbers above 0 between commas, ascending and once each."""
    found = tuple(sorted({int(part) for part in text.split(",")}))
    if found[0] < 1:
        raise ValueError
    return found


def speed(args: argparse.Namespace) -> list[Path]:
    """Measure parameter-server training and fit its speed; returns the run folder written."""
    from compute.optimus import speed_measured as experiment

    return [experiment.run(args.runs, args.scale, args.servers, args.workers, args.ray)]


COMMANDS = {
    "train": Command(
        help=(
            "Train ResNets on CIFAR-10 for each GPU type: their loss curves are what Problem 4 models (resumes where it"
            " was stopped)."
        ),
        arguments=train_arguments,
        run=train,
    ),
    "import": Command(
        help="Take in training logs of others as runs of provenance `imported`.",
        arguments=import_arguments,
        run=import_logs,
    ),
    "judge-logs": Command(
        help="Judge the loss model on published logs of others: coefficients, errors and epochs to 92 %% as facts.",
        arguments=judge_arguments,
        run=judge_logs,
    ),
    "pilot": Command(
        help="Choose the weight decay of the scale `full` on validation images: ResNet-20 with 1e-4 and with 5e-4.",
        arguments=pilot_arguments,
        run=pilot,
    ),
    "fit": Command(
        help=(
            "Fit Optimus' loss model to every training, whole and between learning-rate drops, and what it forecasts as"
            " training goes on."
        ),
        arguments=fit_arguments,
        run=fit,
    ),
    "predict": Command(
        help=(
            "Regress the loss model's coefficients on depth and GPU type, predict ResNet-50's curve, and compare it"
            " with its trainings."
        ),
        arguments=fit_arguments,
        run=predict,
    ),
    "plan": Command(
        help="Turn ResNet-50's predicted epochs into hours against workers and servers, by Optimus' speed models.",
        arguments=fit_arguments,
        run=plan,
    ),
    "speed": Command(
        help="Measure parameter-server training on Ray actors and fit Optimus' speed models to it.",
        arguments=speed_arguments,
        run=speed,
    ),
    "schedule": Command(
        help="Simulate Optimus' scheduler against DRF and Tetris: section 6 of the paper.",
        arguments=schedule_arguments,
        run=schedule,
    ),
}
