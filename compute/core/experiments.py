"""Every experiment: the command line that runs it, the jobs of the runs that it writes, and the keys of their `config`.

A run whose `config` holds a key that its experiment does not name is refused when it is planned, one
that lacks a required key when it is written, so that a query can rely on the keys.
"""

from dataclasses import dataclass

# of somebody else's training, imported from its log
_IMPORTED = ("file", "sha256", "format", "understood", "unit", "steps_per_epoch", "milestone_steps", "milestones_from")
_RECIPE = (
    "epochs",
    "lr",
    "milestones",
    "batch",
    "momentum",
    "weight_decay",
    "augment",
    "seed",
    "precision",
    "execution_mode",
)
_IMAGES = ("train_images", "val_images", "test_images", "classes", "image_column", "label_column")
_TRAINED = (*_RECIPE, "threads", "concurrency")
_TRANSFER = ("px", "forward_flops", "threads", *_IMAGES)
_LAST_LAYER = (
    *_RECIPE,
    *_TRANSFER,
    "augmentations",
    "augmentations_s",
    "features_s",
    "heads_together",
    "heads_s",
    "batchnorm",
)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """The runs of one `problem` and `job`, which `command` (after `python -m compute`) makes.

    `config` lists the keys that a run's configuration may hold; those of `required` it must hold.
    """

    problem: str
    job: str
    command: str
    config: frozenset[str]
    required: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """`problem/job`, as questions.csv names what an answer needs."""
        return f"{self.problem}/{self.job}"

    @property
    def command_line(self) -> str:
        """The whole command line."""
        return f"python -m compute {self.command}"


def _experiment(name: str, command: str, *config: str, required: tuple[str, ...] = ()) -> Experiment:
    problem, _, job = name.partition("/")
    return Experiment(problem=problem, job=job, command=command, config=frozenset(config), required=frozenset(required))


EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (
        _experiment("transfer/dataset", "dataset", "px", *_IMAGES, required=("px",)),
        _experiment("transfer/finetune", "finetune", *_TRAINED, *_TRANSFER, "init", required=("px", "epochs", "batch")),
        _experiment(
            "transfer/scratch",
            "finetune --init random",
            *_TRAINED,
            *_TRANSFER,
            "init",
            required=("px", "epochs", "batch"),
        ),
        _experiment("transfer/extract", "extract", *_LAST_LAYER, required=("px", "epochs", "batch")),
        _experiment("transfer/adabn", "extract --batchnorm target", *_LAST_LAYER, required=("px", "epochs", "batch")),
        _experiment(
            "transfer/linear_probe",
            "extract",
            *_TRANSFER,
            "batchnorm",
            "C",
            "C_values",
            "features",
            "features_s",
            required=("px",),
        ),
        _experiment(
            "supervision/noise",
            "noise",
            *_TRAINED,
            "noise",
            "source",
            "target",
            "source_images",
            required=("noise", "source_images"),
        ),
        _experiment(
            "supervision/resampling",
            "resampling",
            *_TRAINED,
            "sampling",
            "zipf",
            "source",
            "target",
            "sizes",
            "source_images",
            required=("sampling", "zipf", "sizes"),
        ),
        _experiment(
            "supervision/teacher",
            "teacher",
            *_TRAINED,
            "labelled",
            "ps",
            "ks",
            "classes",
            required=("ps", "ks", "classes", "precision"),
        ),
        _experiment(
            "supervision/student",
            "teacher",
            *_TRAINED,
            "kind",
            "k",
            "p",
            "labelled",
            "epoch_images",
            "finetune_epochs",
            "finetune_lr",
            "entries",
            required=("kind", "k", "p", "epochs", "precision"),
        ),
        _experiment("flops/layers", "flops", "torchvision_version", "batch", "bytes_per_element", "rules"),
        _experiment(
            "flops/profile",
            "profile",
            *("device_kind", "threads", "precision", "samples", "sample_s"),
            required=("device_kind", "threads"),
        ),
        _experiment(
            "flops/evaluate",
            "profile --evaluate",
            *("device_kind", "threads", "precision", "repeats", "training_batch"),
            required=("device_kind", "threads"),
        ),
        _experiment(
            "flops/own",
            "flops --model package.module:function",
            "function",
            "input",
            "batch",
            "bytes_per_element",
            "rules",
        ),
        _experiment(
            "flops/timings",
            "timings",
            "device_kind",
            "batch",
            "input_px",
            "repeats",
            "iterations",
            "warmups",
            "threads",
            "precision",
            "memory_format",
            "tf32_convolutions",
            required=("device_kind", "batch"),
        ),
        _experiment(
            "optimus/train",
            "train",
            *_TRAINED,
            *_IMPORTED,
            "dataset",
            "train_images",
            "test_images",
            "subset_seed",
            "evaluate_every",
            required=("batch",),
        ),
        _experiment(
            "optimus/pilot",
            "pilot",
            *_TRAINED,
            "dataset",
            "train_images",
            "test_images",
            "subset_seed",
            "evaluate_every",
            "evaluated_on",
        ),
        _experiment("optimus/fit", "fit", "trainings", "forecasts", "left_out"),
        _experiment("optimus/predict", "predict", "held_out_depth", "trainings", "normalised", "left_out"),
        _experiment(
            "optimus/schedule", "schedule", "seeds", "interval_s", "checkpoint_s", "world", "duration", "example_seed"
        ),
        _experiment(
            "optimus/speed", "speed", "servers", "workers", "batch", "parameters", "steps", "cores", "replaced", "load"
        ),
        _experiment("optimus/plan", "plan", "target", "images_of_an_epoch", "parameters", "measured_by"),
    )
}


def check_config(problem: str, job: str, config: dict, *, whole: bool) -> None:
    """Raise ValueError where a run's configuration breaks its experiment's contract.

    A planned run need not hold the required keys yet, a `whole` one that is written does.
    """
    experiment = EXPERIMENTS.get(f"{problem}/{job}")
    if experiment is None:
        raise ValueError(f"there is no experiment {problem}/{job}; there are {', '.join(EXPERIMENTS)}")
    if unknown := sorted(set(config) - experiment.config):
        raise ValueError(f"the configuration of {experiment.name} has no key {unknown[0]!r}")
    if whole and (absent := sorted(experiment.required - set(config))):
        raise ValueError(f"the configuration of {experiment.name} lacks the key {absent[0]!r}")
