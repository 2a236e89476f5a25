"""The commands of Problem 2: `noise` and `resampling` pretrain and transfer, `teacher` trains teachers and students."""

import argparse
from pathlib import Path

from compute import ComputeError
from compute.command import Command, training_arguments, training_options
from compute.core.supervision import NOISE_PERCENTS, ZIPF_EXPONENT

SCALES = {
    "smoke": "seconds, on images made in memory",
    "small": "all experiments of the problem in some two hours on two cores",
    "paper": "a GPU's work",
}
DATA = "folder of CIFAR-10's Parquet files; else $REPORT_DATA/cifar10, data/cifar10, torchvision"


LARGEST_EXPONENT = 5


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of every command of this problem."""
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="repetitions of everything")
    training_arguments(
        parser,
        scales=SCALES,
        data=DATA,
        checkpoint_s=5.0,
    )


def noise_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `noise`."""
    parser.add_argument(
        "--percent",
        type=float,
        nargs="+",
        default=NOISE_PERCENTS,
        metavar="P",
        help="of the labels that are replaced at random",
    )
    arguments(parser)


def resampling_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `resampling`."""
    parser.add_argument(
        "--exponent",
        type=float,
        default=ZIPF_EXPONENT,
        metavar="S",
        help="of the Zipf distribution: the class of rank r has 1/r^S of the images of the first",
    )
    arguments(parser)


def options_of(args: argparse.Namespace) -> dict:
    """The values of `arguments` as fields of a sweep. Raises ComputeError for impossible numbers."""
    if args.seeds < 1:
        raise ComputeError(f"--seeds is {args.seeds}; it must be at least 1")
    return {"seeds": args.seeds, **training_options(args)}


def noise(args: argparse.Namespace) -> list[Path]:
    """Pretrain with noisy labels and transfer; returns the run folders written."""
    for percent in args.percent:
        if not 0 <= percent <= 100:
            raise ComputeError(f"--percent is {percent:g}; it must lie between 0 and 100")
    options = options_of(args)

    from compute.supervision.pretraining import PretrainingSweep
    from compute.training import runner

    percents = tuple(int(percent) if percent == int(percent) else percent for percent in dict.fromkeys(args.percent))
    return runner.run(PretrainingSweep(job="noise", noises=percents, **options), args.processes, args.list)


def resampling(args: argparse.Namespace) -> list[Path]:
    """Pretrain on a long tail, sampled in three ways, and transfer; returns the run folders written."""
    if not 0 <= args.exponent <= LARGEST_EXPONENT:
        raise ComputeError(f"--exponent is {args.exponent:g}; it must lie between 0 and {LARGEST_EXPONENT}")
    options = options_of(args)

    from compute.supervision.pretraining import PretrainingSweep
    from compute.training import runner

    return runner.run(
        PretrainingSweep(job="resampling", exponent=float(args.exponent), **options), args.processes, args.list
    )


def teacher(args: argparse.Namespace) -> list[Path]:
    """Train the teachers, then all students of their selections; returns the run folders written."""
    options = options_of(args)

    from compute.supervision.student import StudentSweep
    from compute.supervision.teacher import TeacherSweep
    from compute.training import runner

    written = runner.run(TeacherSweep(**options), args.processes, args.list)
    return written + runner.run(StudentSweep(**options), args.processes, args.list)


COMMANDS = {
    "noise": Command(
        help="Pretrain on labels of which some are wrong, then train a linear probe on clean ones "
        "(resumes where it stopped).",
        arguments=noise_arguments,
        run=noise,
    ),
    "resampling": Command(
        help="Pretrain on a long-tailed source with natural, square-root and uniform sampling, then transfer "
        "(resumes where it stopped).",
        arguments=resampling_arguments,
        run=resampling,
    ),
    "teacher": Command(
        help="Train teachers, then students on their selections for several K and P, and fine-tune those "
        "(resumes where it stopped).",
        arguments=arguments,
        run=teacher,
    ),
}
