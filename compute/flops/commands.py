"""The commands of Problem 3: `flops` counts, `timings` measures."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from compute import ComputeError
from compute.command import Command, scale_argument
from compute.core.runs import Run, finished

# the networks that Lu et al. timed, in the versions that they timed
LU_NETWORKS = ["caffe_alexnet", "vgg16", "caffe_googlenet", "caffe_resnet50"]


def flops_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `flops`."""
    parser.add_argument(
        "--model",
        metavar="MODULE:FUNCTION",
        help="count a network of your own instead: a function without arguments that returns an nn.Module",
    )
    parser.add_argument(
        "--input",
        default="3x224x224",
        metavar="SHAPE",
        help="with --model, the shape of one input without the batch, which comes first; 128:int for 128 indices",
    )
    parser.add_argument("--name", metavar="NAME", help="with --model, the network's name; otherwise the function's")
    parser.add_argument("--again", action="store_true", help="count even if the run is there")


def flops(args: argparse.Namespace) -> list[Path]:
    """Count every network, or the one that is named."""
    if args.model:
        from compute.flops import own

        return [own.run(own.Request.parsed(args.model, args.input, args.name), args.runs)]
    from compute.flops import layers

    return [] if skip(layers.configuration(), args) else [layers.run(args.runs)]


def timings_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `timings`."""
    models = "networks of torchvision, or caffe_alexnet, caffe_googlenet, caffe_resnet50"
    scales = "how long to measure; auto: small on a CPU, paper on CUDA; smoke: for tests"
    parser.add_argument("--models", nargs="+", default=LU_NETWORKS, metavar="MODEL", help=models)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where the networks run")
    parser.add_argument("--batch", type=int, default=1, metavar="N", help="images in a pass")
    parser.add_argument("--scale", choices=("auto", "smoke", "small", "paper"), default="auto", help=scales)
    parser.add_argument(
        "--repeats", type=int, default=0, metavar="N", help="timed repeats, whose median is kept; 0: as the scale says"
    )
    parser.add_argument("--threads", type=int, default=0, metavar="N", help="CPU threads; 0: as torch chooses")
    parser.add_argument("--again", action="store_true", help="measure even if the run is there")


def timings(args: argparse.Namespace) -> Iterator[Path]:
    """Time each network that is asked for and not there yet. Raises ComputeError for arguments that cannot work."""
    for name, least in (("batch", 1), ("repeats", 0), ("threads", 0)):
        if getattr(args, name) < least:
            raise ComputeError(f"--{name} is {getattr(args, name)}; it must be at least {least}")
    import torch

    from compute.flops import layers
    from compute.flops import timings as experiment

    if args.device == "cuda" and not torch.cuda.is_available():
        raise ComputeError(
            "this machine has no CUDA device that torch can use; leave --device out to measure on the CPU"
        )
    for model in args.models:
        layers.network(model)
    if args.threads:
        torch.set_num_threads(args.threads)
    scale = {"cpu": "small", "cuda": "paper"}[args.device] if args.scale == "auto" else args.scale
    effort = experiment.effort(scale, args.repeats)
    for model in dict.fromkeys(args.models):
        record = experiment.configuration(model, args.device, args.batch, scale, effort)
        if not skip(record, args):
            yield experiment.run(record, args.runs)


def profile_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `profile`."""
    parser.add_argument(
        "--evaluate", action="store_true", help="measure networks and compare them with what the profile predicts"
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="the device to profile")
    scale_argument(parser, {"smoke": "seconds, for tests", "small": "minutes", "paper": "a finer grid, an hour"})
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="CPU threads")
    parser.add_argument("--again", action="store_true", help="measure even if the run is there")


def profile(args: argparse.Namespace) -> Iterator[Path]:
    """Profile a device, or judge its profile on networks. Raises ComputeError where there is no profile to judge."""
    if args.threads < 1:
        raise ComputeError(f"--threads is {args.threads}; it must be at least 1")
    import torch

    from compute.flops import evaluate as judge
    from compute.flops import profile as experiment

    if args.device == "cuda" and not torch.cuda.is_available():
        raise ComputeError("this machine has no CUDA device that torch can use; leave --device out for the CPU")
    torch.set_num_threads(args.threads)
    record = experiment.configuration(args.device, args.scale)
    if not args.evaluate:
        if not skip(record, args):
            yield experiment.run(record, args.runs)
        return
    evaluation = judge.configuration(record)
    if not skip(evaluation, args):
        yield judge.run(evaluation, args.runs)


def skip(record: Run, args: argparse.Namespace) -> bool:
    """Whether the run is there already and stays; says so."""
    skipped = finished(record, args.runs) and not args.again
    if skipped:
        print(f"{record.run_id} is there already; --again replaces it")
    return skipped


COMMANDS = {
    "flops": Command(
        help=(
            "Count the operations, parameters and bytes of each layer of every classification network (a few minutes,"
            " no GPU), or of a network of your own with --model."
        ),
        arguments=flops_arguments,
        run=flops,
    ),
    "timings": Command(
        help=(
            "Time networks layer by layer, as a whole pass, and with the amortised method of Lu et al. (a minute a"
            " network)."
        ),
        arguments=timings_arguments,
        run=timings,
    ),
    "profile": Command(
        help=(
            "Time matrix products, convolutions and other layers over their sizes, from which the time of any counted"
            " network is predicted (a few minutes); --evaluate measures networks beside their predictions."
        ),
        arguments=profile_arguments,
        run=profile,
    ),
}
