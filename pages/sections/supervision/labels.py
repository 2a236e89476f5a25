"""How the pages of Problem 2 name what its tables hold: stages, kinds of student, samplings, shapes of a curve."""

from compute.core.supervision import StudentKind

STAGES = {
    "untrained": "before any training",
    "direct": "by its own last layer",
    "linear": "after transfer",
    "pretrained": "before fine-tuning",
    "final": "after fine-tuning",
}
STUDENTS = {
    StudentKind.SUPERVISED: "supervised baseline: labelled images only",
    StudentKind.SELF: "self-training: a teacher of the student's own network",
    StudentKind.SELECTED: "the teacher's selection",
    StudentKind.ORACLE: "oracle: the same images with true labels",
}
SERIES = {
    StudentKind.SELECTED: "P = {p:.0f}",
    StudentKind.ORACLE: "oracle (true labels), P = {p:.0f}",
    StudentKind.SELF: "self-training, P = {p:.0f}",
    StudentKind.SUPERVISED: "supervised baseline",
}
SAMPLINGS = {"natural": "natural", "sqrt": "square-root", "uniform": "uniform"}
SHAPES = {
    "rises to the end": "still rises at the largest K that was tried",
    "falls from the start": "falls from the smallest K on",
    "rises and falls": "rises and then falls",
    "rises": "rises, and whether it falls in the end the seeds leave open",
    "falls": "falls in the end, and whether it rises before the seeds leave open",
    "unresolved": "neither rises nor falls by more than the seeds leave open",
}
