"""Labels as files give them become classes 0, 1, 2, ... with names, the same in all splits."""

from collections import Counter

import torch
from torch import Tensor

from compute import ComputeError
from compute.data.split import Split, some

UNLABELLED = -1  # the Hub's label of images whose class is not published


def classes_of(splits: dict[str, Split]) -> tuple[tuple[str, ...], dict[str, Tensor], list[str]]:
    """Class names, int64 labels of each split, and lines on what was mapped.

    Where the files name their classes, a number counts these names and a text is one of them. Elsewhere the different
    labels of the train split are the classes, in order. Raises ComputeError for labels without a class.
    """
    names, values = given_names(splits), splits["train"].values
    refuse_unlabelled(splits, names)
    notes = []
    if names:
        times = Counter(names)
        classes = tuple(each if times[each] == 1 else f"{each} ({i})" for i, each in enumerate(names))
        known = {i: i for i in range(len(names))} | {each: i for i, each in enumerate(names) if times[each] == 1}
        if twice := [each for each in classes if each not in times]:
            notes.append(f"several classes have the same name; they are called {some(tuple(twice))}")
    else:
        classes, known = tuple(map(str, values)), {value: i for i, value in enumerate(values)}
        last = len(classes) - 1
        if isinstance(values[0], str):
            notes.append(f"the text labels {some(classes)} are the classes 0 ... {last}, in alphabetical order")
        elif values != tuple(range(len(values))):
            notes.append(f"the labels {some(classes)} were mapped to the classes 0 ... {last}")
    labels = {each: mapped(split, known, names) for each, split in splits.items()}
    counts = torch.bincount(labels["train"], minlength=len(classes))
    if empty := tuple(classes[i] for i in (counts == 0).nonzero().flatten().tolist()):
        notes.append(f"{len(empty)} of {len(classes)} classes have no train images: {some(empty)}")
    return classes, labels, notes


def given_names(splits: dict[str, Split]) -> tuple[str, ...]:
    """The class names that the files give, () where none does.

    Raises ComputeError where two splits give different ones.
    """
    given = {each: split.names for each, split in splits.items() if split.names}
    for each, names in given.items():
        first = next(iter(given))
        if names != given[first]:
            raise ComputeError(
                f"{splits[each].files[0][0]}: names its classes {some(names)}, but the {first} split "
                f"{some(given[first])}; a number must mean the same class in all splits"
            )
    return next(iter(given.values()), ())


def refuse_unlabelled(splits: dict[str, Split], names: tuple[str, ...]) -> None:
    """Raise ComputeError where -1 marks images without a class: where the other labels are 0, 1, 2, ... without it."""
    rest = set(splits["train"].values) - {UNLABELLED}
    for split in splits.values():
        if UNLABELLED in split.values and (names or rest == set(range(len(rest)))):
            raise ComputeError(
                f"{split.first(UNLABELLED)} has the label -1, by which the Hub marks images without a label; "
                "leave them out, or use a split that has labels"
            )


def mapped(split: Split, known: dict[int | str, int], names: tuple[str, ...]) -> Tensor:
    """The classes of a split's images, int64.

    Raises ComputeError that names file and row for a label that is not `known`.
    """
    for value in split.values:
        if value not in known:
            why = f"but there are {len(names)} class names ({some(names)})" if names else "which no train image has"
            raise ComputeError(f"{split.first(value)} has the label {value}, {why}")
    return torch.tensor([known[value] for value in split.values])[split.codes]
