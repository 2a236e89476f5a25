"""Problem 2's runs as artefacts, with planted accuracies and a planted selection."""

from compute.core.runs import Run, write_run
from compute.core.supervision import StudentKind
from compute.data import png
from tests.conftest import make_run

CLASSES, TEST_IMAGES_PER_CLASS = 10, 100
KS, PS = (500, 2000, 4000, 6000, 8000), (1, 2, 5)
RANKS = range(500, 8000, 1000)  # of a selection's entries: every thousandth, as all of them would be slow to write
EXAMPLE = {"batch": 128, "precision": "bf16", "labelled": 400}  # keys of every `config`
COMPARED = (4000, 2)  # the K and P at which every kind of student is planted

# correct test images of each class by percentage of wrong labels: by the own last layer, after transfer
NOISE = {0: (70, 60), 10: (66, 59), 25: (60, 57), 50: (50, 54)}
# correct test images of a head class and of any other class by sampling
SAMPLING = {"natural": (80, 30), "sqrt": (75, 45), "uniform": (70, 55)}
# what a student on the selection for K gets right of each class beyond STUDENT, less P
STUDENT, FOR_K = {"pretrained": 60, "final": 64}, {500: 1, 2000: 2, 4000: 5, 6000: 4, 8000: 2}


def plant_supervision(runs, seeds: int = 2) -> None:
    """Write every experiment with each seed; which of their accuracies differ between seeds stands beside each."""
    for seed in range(seeds):
        for noise, (direct, linear) in NOISE.items():
            correct = {"direct": direct + seed, "linear": linear + seed, "untrained": 20}
            plant(runs, "noise", {"noise": noise}, seed, each_class(correct))
        sizes = [1000 // (1 + (c + seed) % CLASSES) for c in range(CLASSES)]
        head = sorted(range(CLASSES), key=lambda c: -sizes[c])[:3]
        for sampling, (of_head, of_others) in SAMPLING.items():
            correct = [of_head if c in head else of_others for c in range(CLASSES)]
            evaluations, variant = {"direct": correct, "linear": correct}, {"sampling": sampling, "zipf": 1.0}
            plant(runs, "resampling", variant, seed, evaluations, more={"sizes": sizes})
        plant_teacher(runs, "resnet20", 20, seed, 65 + seed)
        plant_teacher(runs, "resnet8", 8, seed, 58 + seed, loss=1.0)
        for k in KS:
            for p in PS if k > min(KS) else (2,):
                plant_student(runs, StudentKind.SELECTED, k, p, seed, {s: n + FOR_K[k] - p for s, n in STUDENT.items()})
            plant_student(runs, StudentKind.ORACLE, k, 2, seed, {"pretrained": 70, "final": 75 + seed})
        plant_student(runs, StudentKind.SELF, *COMPARED, seed, {"pretrained": 59, "final": 61})


def each_class(correct: dict[str, int]) -> dict[str, list[int]]:
    """Correct test images by stage, the same of every class."""
    return {stage: [n] * CLASSES for stage, n in correct.items()}


def entries_within(k: int) -> int:
    """How many images of a class a planted selection holds for K = k."""
    return sum(rank <= k for rank in RANKS)


def run(job: str, **changes) -> Run:
    """The record of a run of Problem 2 at scale small."""
    fields = {
        "problem": "supervision",
        "scale": "small",
        "provenance": "measured",
        "dataset": "cifar10",
        "device": "AMD EPYC",
        "gpu_type": None,
        "model": "resnet8",
    }
    return make_run(**{**fields, "job": job, **changes})


def evaluated(correct: dict[str, list[int]]) -> dict[str, list[dict]]:
    """The tables `scores` and `class_accuracy` for correct test images by stage and class."""
    images = TEST_IMAGES_PER_CLASS
    return {
        "scores": [
            {"stage": stage, "split": "test", "images": CLASSES * images, "correct": sum(each), "loss": 1.0}
            for stage, each in correct.items()
        ],
        "class_accuracy": [
            {"stage": stage, "class_id": c, "correct": n, "images": images}
            for stage, each in correct.items()
            for c, n in enumerate(each)
        ],
    }


def plant(
    runs,
    job: str,
    variant: dict,
    seed: int,
    correct: dict[str, list[int]],
    inputs: tuple[str, ...] = (),
    more: dict | None = None,
) -> None:
    """Write one run with its metrics and two epochs, the second of which is a student's fine-tuning."""
    config = {**EXAMPLE, "source_images": 1000, "epochs": 1, **variant, **(more or {})}
    epochs = [
        {
            "epoch": epoch,
            "step": step,
            "lr": 0.1,
            "train_loss": 1.0,
            "train_accuracy": 0.5,
            "seconds": 1.0,
            "images_per_s": 1280.0,
        }
        for epoch, step in enumerate((10, 14))
    ]
    record = run(job, identity=tuple(variant), config=config, seed=seed, inputs=inputs)
    write_run(record, {**evaluated(correct), "epochs": epochs}, runs)


def plant_student(runs, kind: StudentKind, k: int, p: int, seed: int, correct: dict[str, int]) -> None:
    """Write one student, made from the teacher of its kind."""
    teacher = "resnet8" if kind == StudentKind.SELF else "resnet20"
    inputs = (f"supervision-teacher-{teacher}-small-s{seed}",)
    plant(runs, "student", {"kind": str(kind), "k": k, "p": p}, seed, each_class(correct), inputs)


def plant_teacher(runs, model: str, depth: int, seed: int, correct: int, loss: float = 0.0) -> None:
    """Write one teacher with its selections.

    The n-th image of class c in a ranking is number 100 c + n, and its loss n / 10 + `loss`. The first half of a
    ranking is correct, the other half shows the next class. With P = 2 the second image of each class is the
    first one of the class before; with P = 1 the last class finds two images fewer than the others.
    """
    selected = [entry for p in PS for c in range(CLASSES) for entry in ranking(p, c)]
    losses = [{"image": 100 * c + n, "loss": n / 10 + loss} for c in range(CLASSES) for n in range(1, len(RANKS) + 1)]
    tables = {
        **evaluated(each_class({"final": correct})),
        "selected": selected,
        "pictures": pictures(selected) if seed == 0 else [],
        "selection_spread": [{"p": p, "k": k, "spread": 1.0 + entries_within(k) / 10} for p in PS for k in KS],
        "unlabelled_losses": losses,
        "long_tailed": [long_tailed(k, p) for p in PS for k in KS],
    }
    tables["scores"].append(
        {"stage": "final", "split": "train", "images": 1000, "correct": 10 * correct - 20, "loss": None}
    )
    config = {**EXAMPLE, "ks": list(KS), "ps": list(PS), "classes": [f"class {c}" for c in range(CLASSES)]}
    write_run(run("teacher", identity=("model",), config=config, model=model, depth=depth, seed=seed), tables, runs)


def ranking(p: int, c: int) -> list[dict]:
    """The entries of class c in the selection with this P."""
    entries = []
    for n, rank in enumerate(RANKS, start=1):
        image, true_id = 100 * c + n, c if n <= len(RANKS) // 2 else (c + 1) % CLASSES
        if (p, n) == (2, 2):
            true_id = (c - 1) % CLASSES
            image = 100 * true_id + 1
        entries.append({"p": p, "class_id": c, "rank": rank, "image": image, "score": 1 - n / 100, "true_id": true_id})
    return entries[:-2] if (p, c) == (1, CLASSES - 1) else entries


def pictures(selected: list[dict]) -> list[dict]:
    """A black picture of every selected image."""
    import torch

    black = png(torch.zeros(3, 8, 8, dtype=torch.uint8))
    return [{"image": image, "png": black} for image in sorted({entry["image"] for entry in selected})]


def long_tailed(k: int, p: int) -> dict:
    """The selection from a pool with ten images of the rarest class, of which a larger P finds more."""
    n = entries_within(k)
    row = {"p": p, "k": k, "labels": 10 * n, "correct": 8 * n}
    return {**row, "rarest_images": 10, "rarest_labels": n, "rarest_correct": min(n, p * n // 2)}
