"""Problem 2's runs as artefacts, with planted accuracies and a planted selection."""

from compute.core.runs import Run, write_run
from compute.data import png
from tests.conftest import make_run

CLASSES, TEST = 10, 100
KS, PS = (500, 2000, 4000, 6000, 8000), (1, 2, 5)
RANKS = range(500, 8000, 1000)  # that a selection holds: every thousandth only, as a whole one would be slow to write
NOISE = {0: (70, 60), 10: (66, 59), 25: (60, 57), 50: (50, 54)}  # correct of each class, by percentage: by the own last layer, after transfer
SAMPLING = {"natural": (80, 30), "sqrt": (75, 45), "uniform": (70, 55)}  # of a head class and of all others


def plant_supervision(runs, seeds: int = 2) -> None:
    """Every experiment; seed s gets s test images more of every class right."""
    for seed in range(seeds):
        for noise, (direct, linear) in NOISE.items():
            right = {"direct": [direct + seed] * CLASSES, "linear": [linear + seed] * CLASSES, "untrained": [20] * CLASSES}
            plant(runs, "noise", {"noise": noise}, seed, right)
        sizes = [1000 // (1 + (c + seed) % CLASSES) for c in range(CLASSES)]
        head = sorted(range(CLASSES), key=lambda c: -sizes[c])[:3]
        for sampling, (common, rare) in SAMPLING.items():
            right = [common if c in head else rare for c in range(CLASSES)]
            plant(runs, "resampling", {"sampling": sampling, "zipf": 1.0}, seed, {"direct": right, "linear": right}, more={"sizes": sizes})
        plant_teacher(runs, "resnet20", 20, seed, 65)
        plant_teacher(runs, "resnet8", 8, seed, 58 + seed)
        teacher = f"supervision-teacher-resnet20-small-s{seed}"
        for k in KS:
            for p in PS if k > min(KS) else (2,):
                right = {stage: [correct + taken(k) - p] * CLASSES for stage, correct in (("pretrained", 60), ("final", 64))}
                plant(runs, "student", {"kind": "selected", "k": k, "p": p}, seed, right, inputs=(teacher,))
            plant(runs, "student", {"kind": "oracle", "k": k, "p": 2}, seed, {"pretrained": [70] * CLASSES, "final": [75] * CLASSES}, inputs=(teacher,))
        own = f"supervision-teacher-resnet8-small-s{seed}"
        plant(runs, "student", {"kind": "self", "k": 4000, "p": 2}, seed, {"pretrained": [59] * CLASSES, "final": [61] * CLASSES}, inputs=(own,))


def taken(k: int) -> int:
    """How many images of a class a planted selection holds for K = k."""
    return sum(rank <= k for rank in RANKS)


def run(job: str, **changes) -> Run:
    """A run of Problem 2 at cpu scale."""
    fields = {"problem": "supervision", "scale": "small", "provenance": "measured", "dataset": "cifar10", "device": "AMD EPYC", "gpu_type": None, "model": "resnet8"}
    return make_run(**{**fields, "job": job, **changes})


def evaluated(right: dict[str, list[int]]) -> dict[str, list[dict]]:
    """Scores and class accuracies on the test images."""
    return {
        "scores": [{"stage": stage, "split": "test", "images": CLASSES * TEST, "correct": sum(each), "loss": 1.0} for stage, each in right.items()],
        "class_accuracy": [{"stage": s, "class_id": c, "correct": n, "images": TEST} for s, each in right.items() for c, n in enumerate(each)],
    }


def plant(runs, job: str, value: dict, seed: int, right: dict[str, list[int]], inputs: tuple[str, ...] = (), more: dict | None = None) -> None:
    """One run with its metrics."""
    config = {"source_images": 1000, "epochs": 1, "batch": 128, "precision": "bf16", "labelled": 400, **value, **(more or {})}
    epochs = [
        {"epoch": epoch, "step": step, "lr": 0.1, "train_loss": 1.0, "train_accuracy": 0.5, "seconds": 1.0, "images_per_s": 1280.0}
        for epoch, step in enumerate((10, 14))  # the second is the fine-tuning's
    ]
    write_run(run(job, identity=tuple(value), config=config, seed=seed, inputs=inputs), {**evaluated(right), "epochs": epochs}, runs)


def plant_teacher(runs, model: str, depth: int, seed: int, right: int) -> None:
    """A teacher whose first half of ranks is correct; with P = 2 the first image of each class is the next class's second.

    Its loss of an image is the place at which P = 1 takes it, over 10.
    """
    import torch

    rows = []
    for p in PS:
        for c in range(CLASSES):
            for n, rank in enumerate(RANKS, start=1):
                true_id = c if n <= len(RANKS) // 2 else (c + 1) % CLASSES
                rows.append({"p": p, "class_id": c, "rank": rank, "image": 100 * c + n, "score": 1 - n / 100, "true_id": true_id})
            if p == 2:
                rows[-len(RANKS) + 1] |= {"image": 100 * ((c - 1) % CLASSES) + 1, "true_id": (c - 1) % CLASSES}
    shown = png(torch.zeros(3, 8, 8, dtype=torch.uint8))
    pictures = [{"image": image, "png": shown} for image in sorted({row["image"] for row in rows})]
    tables = {
        **evaluated({"final": [right] * CLASSES}),
        "selected": rows,
        "pictures": pictures if seed == 0 else [],
        "selection_spread": [{"p": p, "k": k, "spread": 1.0 + taken(k) / 10} for p in PS for k in KS],
        "unlabelled_losses": [{"image": 100 * c + n, "loss": n / 10} for c in range(CLASSES) for n in range(1, len(RANKS) + 1)],
        "long_tailed": [
            {"p": p, "k": k, "labels": 10 * n, "correct": 8 * n, "rarest_images": 10, "rarest_labels": n, "rarest_correct": min(n, p * n // 2)}
            for p in PS
            for k, n in zip(KS, map(taken, KS), strict=True)
        ],
    }
    tables["scores"].append({"stage": "final", "split": "train", "images": 1000, "correct": 10 * right - 20, "loss": None})
    config = {"ks": list(KS), "ps": list(PS), "labelled": 400, "batch": 128, "precision": "bf16", "classes": [f"class {c}" for c in range(CLASSES)]}
    write_run(run("teacher", identity=("model",), config=config, model=model, depth=depth, seed=seed), tables, runs)
