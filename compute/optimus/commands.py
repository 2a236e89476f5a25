"""The commands of Problem 4: `train` makes the loss curves, `fit` their models, `predict` the curve of ResNet-50,
`plan` its hours."""

import argparse
import time
from pathlib import Path

from compute import ComputeError
from compute.command import Command

DEPTHS = (18, 20, 32, 44, 50, 56)
FAMILIES = {
    "cifar": {depth: f"resnet{depth}" for depth in DEPTHS},
    "torchvision": {18: "resnet18_4stage", 50: "resnet50_bottleneck"},
}


def train_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `train`."""
    parser.add_argument("--depth", type=int, nargs="+", default=list(DEPTHS), metavar="N", help="layers of the networks")
    parser.add_argument(
        "--family",
        choices=tuple(FAMILIES),
        default="cifar",
        help="the CIFAR ResNets of He et al. 2015 section 4.2, or torchvision's (depths 18 and 50)",
    )
    parser.add_argument(
        "--gpu-type", nargs="+", default=["K80", "P100", "V100"], metavar="GPU", help="GPU types; one that is not at hand is emulated"
    )
    parser.add_argument(
        "--scale",
        choices=("smoke", "cpu", "paper"),
        default="cpu",
        help="seconds; four hours on two cores for all; 350 epochs of everything",
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder of the data set's Parquet files; else $REPORT_DATA/cifar10, data/cifar10, torchvision",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to train")
    parser.add_argument("--precision", choices=("fp32", "tf32", "bf16"), default="fp32", help="arithmetic of convolutions and matrix products")
    parser.add_argument("--engine", choices=("auto", "eager", "graph"), default="auto", help="graph: a whole step as one CUDA graph")
    parser.add_argument("--together", type=int, default=0, metavar="N", help="networks that train side by side on a device; 0: 3 on CUDA, else 1")
    parser.add_argument("--processes", type=int, default=0, metavar="N", help="processes that share the list of runs; 0: 1 on CUDA, else one a core")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="CPU threads of a process")
    parser.add_argument("--checkpoints", type=Path, metavar="DIR", help="folder for the state of unfinished runs instead of work/checkpoints")
    parser.add_argument("--checkpoint-every", type=float, default=5.0, metavar="S", help="least time between two checkpoints of a run, in seconds")
    parser.add_argument("--contributor", default="the report's authors", metavar="NAME", help="who ran it")
    parser.add_argument("--again", action="store_true", help="train even what is there already")
    parser.add_argument("--list", action="store_true", help="say which runs are there and which are owed, and how long they would take here")


def train(args: argparse.Namespace) -> list[Path]:
    """Train what is owed, or list it; returns the run folders written."""
    for name, least in (("together", 0), ("processes", 0), ("threads", 1)):
        if getattr(args, name) < least:
            raise ComputeError(f"--{name} is {getattr(args, name)}; it must be at least {least}")
    models, gpu_types = tuple(model_name(args.family, depth) for depth in dict.fromkeys(args.depth)), known_types(args.gpu_type)

    from compute import device as devices
    from compute.checkpoint import CHECKPOINTS
    from compute.optimus import train as experiment

    cuda = devices.pick(args.device).type == "cuda"
    request = experiment.Request(
        models=models,
        gpu_types=gpu_types,
        scale=args.scale,
        runs=args.runs,
        data=args.data,
        device=args.device,
        precision=args.precision,
        engine=args.engine,
        threads=args.threads,
        together=args.together or (3 if cuda else 1),
        again=args.again,
        contributor=args.contributor,
        checkpoints=args.checkpoints or CHECKPOINTS,
        checkpoint_every_s=args.checkpoint_every,
        asked_at=time.time(),
    )
    runs = experiment.planned(request)
    owed = [run for run in runs if not experiment.done(run, request)]
    processes = min(args.processes or (1 if cuda else max(1, devices.cores() // args.threads)), max(1, len(owed)))
    if args.list:
        show(runs, owed, request, processes)
        return []
    if len(owed) < len(runs):
        print(f"{len(runs) - len(owed)} of {len(runs)} runs are there already; --again trains them anew")
    if not owed:
        return []
    experiment.images(request)  # a missing data set is said once, and decoded once, before any process starts
    return experiment.side_by_side(request, processes)


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


def show(runs: list, owed: list, request, processes: int) -> None:
    """Print each run's state, and what the owed ones would take here by a few timed steps of each network."""
    from compute import device as devices
    from compute.batches import Resident
    from compute.checkpoint import Checkpoint
    from compute.optimus import train as experiment

    device = devices.pick(request.device)
    resident = Resident(experiment.images(request), device) if owed else None
    epoch_s = {}
    total_s = 0.0
    for run in runs:
        state = "there"
        if run in owed:
            at = Checkpoint(request.checkpoints / run.run_id).epochs()
            if run.model not in epoch_s:
                epoch_s[run.model] = experiment.seconds_per_epoch(run, request, resident, device)
            left_s = (run.config["epochs"] - at) * epoch_s[run.model]
            total_s += left_s
            state = f"owed, at epoch {at} of {run.config['epochs']}, about {left_s / 60:.0f} min"
        print(f"{run.run_id:44} {run.provenance:9} {state}")
    if owed:
        places = f"{processes} process{'es' if processes > 1 else ''} on {runs[0].device}"
        print(f"{len(owed)} owed: about {total_s / processes / 3600:.1f} h in {places}")


def fit_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `fit`, `predict` and `plan`."""
    parser.add_argument("--scale", choices=("smoke", "cpu", "paper"), help="scale of the trainings; the largest there is, if left out")


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


COMMANDS = {
    "train": Command(
        help="Train ResNets on CIFAR-10 for each GPU type: their loss curves are what Problem 4 models (resumes where it was stopped).",
        arguments=train_arguments,
        run=train,
    ),
    "fit": Command(
        help="Fit Optimus' loss model to every training, whole and between learning-rate drops, and what it forecasts as training goes on.",
        arguments=fit_arguments,
        run=fit,
    ),
    "predict": Command(
        help="Regress the loss model's coefficients on depth and GPU type, predict ResNet-50's curve, and compare it with its trainings.",
        arguments=fit_arguments,
        run=predict,
    ),
    "plan": Command(
        help="Turn ResNet-50's predicted epochs into hours against workers and servers, by Optimus' speed models.",
        arguments=fit_arguments,
        run=plan,
    ),
}
