"""A data set by its name, as tensors: from a folder of Parquet files, or downloaded through torchvision.

Every problem that the owner of a data set can solve ends in one ComputeError that names the file; what had to be
decided is said in a line.
"""

import os
from dataclasses import replace
from pathlib import Path

from compute import ComputeError
from compute.data import shards
from compute.data.classes import classes_of
from compute.data.download import SOURCES, download
from compute.data.images import Images, split_off_val
from compute.data.location import Location
from compute.data.split import read_split
from compute.notice import say

ROOT = Path(__file__).parents[2]
Place = Location | Path | str | None


def load(name: str, place: Place = None, *, test: str = "test", px: int | None = None) -> Images:
    """The data set `name` from the folder `place`, or from $REPORT_DATA/name, data/name, or torchvision, in this order.

    `test` names the split to evaluate on (`val` to choose by). `px` crops to a square and resizes;
    without it all images must have one size.
    """
    return load_splits(name, place, ("train", test), px)[test]


def load_choosing(name: str, place: Place = None, *, px: int | None = None) -> tuple[Images, Images]:
    """A data set to choose by (its test split is `val`) and the same one to report by (its test split is `test`).

    Without a val split a fixed stratified tenth of `train` becomes it, in both.
    """
    if shards.files(find(name, Location.of(place)), "val"):
        loaded = load_splits(name, place, ("train", "val", "test"), px)
        return loaded["val"], loaded["test"]
    choose, report = split_off_val(load(name, place, px=px))
    say(f"{name}: there is no val split; a fixed tenth of train ({len(choose.test_labels)} images) takes its place")
    return choose, report


def load_splits(name: str, place: Place, wanted: tuple[str, ...], px: int | None) -> dict[str, Images]:
    """The data set with the train split to train on and each other split to test on, by the name of that split."""
    location = Location.of(place)
    home = find(name, location)
    found = {split: shards.files(home, split) for split in wanted}
    for split, files in found.items():
        if not files:
            other = "; to test on its validation split, name these files test-*" if shards.files(home, "val") else ""
            raise ComputeError(f"{home} holds no {split}-*.parquet; {advice(home)}{other if split == 'test' else ''}")
    splits = {split: read_split(files, location, px) for split, files in found.items()}
    classes, labels, notes = classes_of(splits)
    for note in [*notes, *(f"{split}: {note}" for split, each in splits.items() for note in each.notes)]:
        say(f"{name}: {note}")
    if len({each.images.shape[1:] for each in splits.values()}) > 1:
        sizes = ", ".join(f"{split} {each.images.shape[3]}x{each.images.shape[2]}" for split, each in splits.items())
        raise ComputeError(f"{home}: the splits differ in the size of their images ({sizes}); give all images one size")
    train = Images(
        name=name,
        classes=classes,
        train_images=splits["train"].images,
        train_labels=labels["train"],
        test_images=splits["train"].images,
        test_labels=labels["train"],
    )
    return {
        split: replace(train, test_images=splits[split].images, test_labels=labels[split])
        for split in wanted
        if split != "train"
    }


def find(name: str, location: Location) -> Path:
    """The folder that holds the data set's train files; downloads what torchvision knows to data/ if there is none."""
    shared, own = os.environ.get("REPORT_DATA"), ROOT / "data" / name
    default = [*([Path(shared) / name] if shared else []), own]
    for place in [location.folder] if location.folder else default:
        if home := shards.home(place, name):
            return home
    if location.folder:
        hint = advice(location.folder)
        raise ComputeError(f"{location.folder} holds no train-*.parquet; {hint}; --data names the folder of {name}")
    if name not in SOURCES:
        raise ComputeError(
            f"{default[0]} holds no train-*.parquet; name the folder of the data set {name} with --data DIR"
        )
    return download(name, own)


def advice(folder: Path) -> str:
    """What a folder without the wanted files holds instead."""
    if not folder.exists():
        return "there is no such folder"
    if folder.is_file():
        return "it is a file"
    names = sorted(each.name + "/" * each.is_dir() for each in folder.iterdir() if not each.name.startswith("."))
    return f"it holds {', '.join(names[:6])}{', ...' if len(names) > 6 else ''}" if names else "it is empty"
