"""The Parquet files of a split, found in every layout in which data sets are exported, cloned or converted.

A split's files lie beside each other (`train-00000-of-00002.parquet`, `train.parquet`) or in a folder named after it
(`train/0000.parquet`), in the data set's folder itself or one below (`data/`, `default/`, `plain_text/`). Files that
are missing, or that are there twice, are refused: neither shows in the data afterwards.
"""

import filecmp
import re
from pathlib import Path

from compute import ComputeError
from compute.data.download import SOURCES

SPLITS = {"train": ("train",), "val": ("val", "validation", "valid", "dev"), "test": ("test",)}
HUB_FOLDERS = ("data", "default")  # of a clone from the Hub, and of its own conversions to Parquet

_OF = re.compile(r"(\d+)[-_]of[-_](\d+)(-[0-9a-f]{8,})?")


def home(place: Path, name: str) -> Path | None:
    """The folder that holds the data set's train files: `place`, or one in it; None where there is none.

    Raises ComputeError where several could be meant.
    """
    if not place.is_dir():
        return None
    below = [each for each in sorted(place.iterdir()) if each.is_dir() and not each.name.startswith(".")]
    known = [each for each in below if each.name in HUB_FOLDERS and groups(each, "train")]
    if groups(place, "train"):
        if known:
            raise ComputeError(
                f"{place} holds the train split twice, in the folder itself and in {known[0].name}/; keep one of them"
            )
        return place
    if (place / name).is_dir() and not known and (own := home(place / name, name)):
        return own
    # a folder with another known data set's name would be read under a wrong name
    others = [each for each in below if groups(each, "train") and (each.name == name or each.name not in SOURCES)]
    found = known or others
    if len(found) > 1:
        listed = ", ".join(each.name for each in found)
        raise ComputeError(f"{place} holds several data sets ({listed}); name one of these folders with --data")
    return found[0] if found else None


def files(folder: Path, split: str) -> list[Path]:
    """The files of a split in `folder`, in order; none where the split is not there.

    Raises ComputeError for a split that is incomplete or there twice.
    """
    found = groups(folder, split)
    if len(found) > 1:
        first, second = (shown(folder, each[0]) for each in list(found.values())[:2])
        raise ComputeError(f"{folder} holds the {split} split twice ({first} and {second}); keep one of them")
    if not found:
        return []
    (((alias, _), members),) = found.items()
    if alias.startswith("partial-"):
        raise ComputeError(f"{folder / alias} holds only the first part of the split; get the original files instead")
    return complete(folder, members, alias)


def groups(folder: Path, split: str) -> dict[tuple[str, bool], list[Path]]:
    """Files that could be a split's, by the name that the split has there and whether that is a folder of its own."""
    found = {}
    for alias in SPLITS[split]:
        beside = [file for file in parquet_files(folder) if re.fullmatch(rf"{alias}([-._ (].*)?", file.stem)]
        found |= {(alias, False): beside} if beside else {}
        for name in (alias, f"partial-{alias}"):
            inside = parquet_files(folder / name)
            found |= {(name, True): inside} if inside else {}
    return found


def parquet_files(folder: Path) -> list[Path]:
    """The Parquet files of a folder by name, without the hidden ones that file managers leave."""
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.glob("*.parquet") if file.is_file() and not file.name.startswith("."))


def complete(folder: Path, members: list[Path], alias: str) -> list[Path]:
    """`members` in order, if by their names they are all there and none twice; raises ComputeError otherwise."""
    numbers: dict[Path, tuple[int | None, int | None]] = {}
    for file in members:
        numbers[file] = numbering(file, alias)
        for other in members[: len(numbers) - 1]:
            if doubled(file, other, numbers):
                raise ComputeError(
                    f"{folder} holds {shown(folder, other)} beside {shown(folder, file)}, which look like two copies "
                    "of one split; keep one, or number the files as train-00000-of-00002"
                )
    (_, total), present = next(iter(numbers.values())), {number for number, _ in numbers.values()}
    if None in present:
        return members
    first = 1 if 0 not in present and (total or 1) in present else 0
    wanted = set(range(first, first + (total or max(present) + 1 - first)))
    if missing := sorted(wanted - present):
        example, (number, _) = next(iter(numbers.items()))
        names = [example.name.replace(padded(example, number), padded(example, n, number), 1) for n in missing]
        raise ComputeError(
            f"{folder}: {len(missing)} of {len(wanted)} files of the split are missing, the first is {names[0]}"
            f"{leftover(example.parent, names[0])}; download them again"
        )
    if present > wanted:
        raise ComputeError(
            f"{folder}: {max(numbers, key=numbers.get).name} is one file more than its name says there are"
        )
    return sorted(members, key=numbers.__getitem__)


def numbering(file: Path, alias: str) -> tuple[int | None, int | None]:
    """A file's number and the number of files, each None where the name does not say it."""
    rest = file.stem.removeprefix(alias).lstrip("-._ ")
    if match := _OF.fullmatch(rest):
        return int(match[1]), int(match[2])
    return (int(rest), None) if rest.isascii() and rest.isdigit() else (None, None)


def doubled(file: Path, other: Path, numbers: dict[Path, tuple[int | None, int | None]]) -> bool:
    """Whether two files cannot both be parts of one split."""
    (number, total), (other_number, other_total) = numbers[file], numbers[other]
    if number is None and other_number is None:
        whole = len({file.stem, other.stem} & {alias for aliases in SPLITS.values() for alias in aliases}) > 0
        return whole or filecmp.cmp(file, other, shallow=False)
    return total != other_total or number == other_number or None in (number, other_number)


def padded(file: Path, number: int, like: int | None = None) -> str:
    """A number as `file` writes its own (`like`, or `number` itself), with leading zeros."""
    width = len(re.search(rf"0*{number if like is None else like}(?!\d)", file.stem)[0])
    return f"{number:0{width}d}"


def leftover(folder: Path, name: str) -> str:
    """Words on an unfinished download of the file, if there is one."""
    stem = name.removesuffix(".parquet").partition("-of-")[0]
    unfinished = [file.name for file in folder.glob(f"{stem}*") if file.suffix != ".parquet"]
    return f" ({unfinished[0]} is an unfinished download)" if unfinished else ""


def shown(folder: Path, members: Path | list[Path]) -> str:
    """A file, or the first of several, by its name in `folder`."""
    first = members if isinstance(members, Path) else members[0]
    return first.relative_to(folder).as_posix()
