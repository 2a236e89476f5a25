"""The experiment `predict`: the loss curve of the held-out depth from coefficients regressed on depth and GPU type.

Question 4.2. The regression sees every depth but the held-out one. The predicted curve is that of the
piecewise model, so that each segment between learning-rate drops has its own regressions, of the
coefficients that most of the trainings identify. Where the loss hardly moves they leave the asymptote β2
open, because 1 / β1 and β2 share the loss between them as it happens; it is held at 0 there for all. Any
other coefficient that is not identified is the trainings' median. Epochs to an accuracy follow through
the relation between loss and accuracy that the other depths showed; their range is that of predictions as
wrong as those of the depths between others, each left out in turn. `compute.optimus.what_if` says what other
depths and schedules would need.

    python -m compute predict

Cost: seconds. Results: the regressions, the curves and the epochs of question 4.2 (tables
`beta_regression`, `regressed_coefficients`, `curve_predictions`, `epochs_to_target`, and for all GPU types
together `depth_curves`, `depth_epochs`, `schedule_epochs`).
"""

import time
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from compute import ComputeError
from compute.core.runs import Run, write_run
from compute.core.vocabulary import HELD_OUT_DEPTH
from compute.optimus.accuracy import ErrorRatio, by_epoch, epochs_to_targets
from compute.optimus.coefficients import SegmentFits, fit_segment, learn, predict, regressed_rows, regression_rows
from compute.optimus.regress import gpu_types_in_order
from compute.optimus.trainings import Training, Trainings, trainings
from compute.optimus.what_if import depth_rows, schedule_rows


def run(runs: Path, scale: str | None) -> Path:
    """Regress, predict, compare with the trainings of the held-out depth, and write the run; returns its folder.

    A training that cannot be fitted, or whose learning rate drops another number of times than that of
    the others, is left out, with a line on standard error. Raises ComputeError where fewer than three
    other depths have been trained.
    """
    start = time.perf_counter()
    sources = of_one_schedule(trainings(runs, scale))
    sources.say_left_out()
    every = sources.fitted
    seen = [t for t in every if t.depth != HELD_OUT_DEPTH]
    if not seen:
        raise ComputeError(
            f"the prediction learns from other depths than {HELD_OUT_DEPTH}, and none has been trained; "
            "python -m compute train"
        )
    segments = [fit_segment(name, every) for name in tqdm(seen[0].segments(), desc="fitting", unit="segment")]
    models = [learn(segment, seen) for segment in segments]
    ratios, curves, targets = error_ratios(segments, seen), [], []
    for gpu_type in gpu_types_in_order(t.gpu_type for t in seen):
        of_type = [t for t in every if t.gpu_type == gpu_type]
        measured = next((t for t in of_type if t.depth == HELD_OUT_DEPTH), None)
        template = measured or of_type[0]
        predicted = by_epoch(predict(models, HELD_OUT_DEPTH, gpu_type, template.milestones), template)
        place = {"depth": HELD_OUT_DEPTH, "gpu_type": gpu_type}
        trained = measured.train_loss.tolist() if measured else [None] * template.epochs
        curves += [
            {**place, "epoch": epoch, "predicted": loss, "measured": real}
            for epoch, (loss, real) in enumerate(zip(predicted.tolist(), trained, strict=True))
        ]
        targets += [{**place, **row} for row in epochs_to_targets(predicted, ratios, seen, measured)]
    template = next((t for t in every if t.depth == HELD_OUT_DEPTH), seen[0])
    depth_curves, depth_epochs = depth_rows(models, ratios, seen, template)
    record = Run(
        problem="optimus",
        job="predict",
        scale=sources.scale,
        provenance="modelled",
        config={
            "held_out_depth": HELD_OUT_DEPTH,
            "trainings": len(seen),
            "normalised": False,
            "left_out": list(sources.left_out),
        },
        depth=HELD_OUT_DEPTH,
        inputs=tuple(training.run_id for training in every),
        seconds=round(time.perf_counter() - start, 3),
    )
    fitted = zip(segments, models, strict=True)
    tables = {
        "regressed_coefficients": [row for fits, model in fitted for row in regressed_rows(fits, model, every)],
        "beta_regression": [row for model in models for row in regression_rows(model)],
        "curve_predictions": curves,
        "epochs_to_target": targets,
        "depth_curves": depth_curves,
        "depth_epochs": depth_epochs,
        "schedule_epochs": schedule_rows(models, seen, template),
    }
    return write_run(record, tables, runs)


def of_one_schedule(sources: Trainings) -> Trainings:
    """The trainings with the number of learning-rate drops that most of them have, of equal ones the larger."""
    counts = Counter(len(t.milestones) for t in sources.fitted)
    usual = max(counts, key=lambda drops: (counts[drops], drops))
    return sources.without(
        lambda t: (
            None
            if len(t.milestones) == usual
            else f"its learning rate drops {len(t.milestones)} times, that of most trainings {usual} times"
        )
    )


def error_ratios(segments: list[SegmentFits], seen: list[Training]) -> list[ErrorRatio]:
    """For each training of a depth between others the real over the predicted loss by epoch, its depth left out.

    Shape (epochs,) each; none where too few depths are left.
    """
    found = []
    for depth in sorted({t.depth for t in seen})[1:-1]:
        rest = [t for t in seen if t.depth != depth]
        try:
            models = [learn(segment, rest) for segment in segments]
        except ComputeError:
            return []
        for training in seen:
            if training.depth == depth:
                curve = predict(models, depth, training.gpu_type, training.milestones)
                found.append((training, training.train_loss / by_epoch(curve, training)))
    return found
