"""Words and rules of Problem 2 that its experiments, queries and pages share."""

from collections.abc import Sequence
from enum import StrEnum

# shares of wrong labels that networks are pretrained with, in percent
NOISE_PERCENTS = (0, 10, 25, 50)

# exponent of the Zipf distribution of a long-tailed source and of a long-tailed pool
ZIPF_EXPONENT = 1.0

# how a long-tailed source is sampled: a class gets a share in proportion to its number of images to this power
SAMPLINGS = {"natural": 1.0, "sqrt": 0.5, "uniform": 0.0}

# images at either end of each ranking that are kept, and shown, as pictures
PICTURES_AT_EACH_END = 4


class StudentKind(StrEnum):
    """What a student is pretrained on before its fine-tuning on labelled images; tables list kinds in this order."""

    SUPERVISED = "supervised"  # nothing: the supervised baseline, which is trained on labelled images only
    SELF = "self"  # the selection of a teacher of the student's own network (self-training)
    SELECTED = "selected"  # the selection of the larger teacher
    ORACLE = "oracle"  # the images of that selection with their true labels


def middle(values: Sequence[int]) -> int:
    """The middle one of ascending values, of an even number the upper of the two.

    Of the Ks and the Ps it is the one at which every kind of student is trained.
    """
    return values[len(values) // 2]
