"""What the numbers of a line of a text log are, from the texts between them."""

import re
from dataclasses import dataclass, field

from compute.logs.names import OTHER, TEST, TRAIN, VAL, Meaning, meaning, tokens

# up to three words at the end of a text, what joins them to the number, and an opening bracket
PHRASE = r"[A-Za-z_][\w@/.+-]*(?:[ ]+[A-Za-z_][\w@/.+-]*){0,2}"
KEY = re.compile(rf"""({PHRASE})["'\])]?\s*[:=]?\s*["']?(?P<bracket>[(\[]?)\s*$""")
MEAN = re.compile(r"^\s*\(\s*(?:avg|ave|average|mean)?\s*[:=]?\s*$", re.IGNORECASE)
WORD = re.compile(r"(?<![\w/-])[A-Za-z]+(?![\w/-])")
# a loss with something else than a number behind it
NO_NUMBER = re.compile(
    r"""(?<![\w/-])((?:train(?:ing)?[ _])?loss)["']?\s*[:=]\s*["']?([A-Za-z?][^\s,;'"]*)""", re.IGNORECASE
)
UNITS = {"ms": 1e-3, "s": 1.0, "": 1.0}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number of a template: the column that it feeds, and its place `at` among the line's numbers.

    `clock` is how many numbers a time h:mm:ss spans. `test`: it counts only where the line's test counter is
    at its end. `role` where the name alone does not say it. `running`: it is a mean in brackets.
    """

    name: str
    at: int
    clock: int = 1
    scale: float = 1.0
    test: bool = False
    role: str | None = None
    running: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a template's numbers are.

    `testing`: whether this line, and those after it that do not say it, speak of the test images. `counter`:
    the place of n in a test line's n/N. `refuse` is the reason where the line cannot be used.
    """

    cells: tuple[Cell, ...]
    testing: bool
    counter: int | None
    refuse: str | None


@dataclass
class _Line:
    """What has been found in a line up to the number at hand."""

    cells: dict[str, Cell] = field(default_factory=dict)
    first: str | None = None  # the split that the line begins with
    split: str | None = None  # the one that holds now
    counted: bool = False  # whether it has an epoch or a step
    counter: int | None = None
    last: str | None = None  # what the number before was: epoch, step, or their total

    def add(self, name: str, at: int, **more) -> None:
        self.cells.setdefault(name, Cell(name=name, at=at, **more))


def plan(texts: tuple[str, ...], testing: bool, wanted: frozenset[str]) -> Plan | None:
    """The plan of a template, given by the texts around its numbers; None where none of these means anything.

    `testing` says what the lines before spoke of, and holds for a line with neither a word for it nor a counter.
    """
    line, used = _Line(), 0
    for at, before in enumerate(texts[:-1]):
        if at >= used:
            used = at + _number(line, texts, at, before, testing, wanted)
    if not line.split and not line.counted and not line.cells:
        return None
    cells = tuple(line.cells.values())
    if not any(_is_value(cell, wanted) for cell in cells):
        # a time alone is no row of the log, but an epoch holds for the lines below
        cells = tuple(cell for cell in cells if cell.name == "epoch")
    broken = NO_NUMBER.search("\0".join(texts)) if line.counted and line.first != "test" else None
    refuse = f"{broken[1]!r} holds {broken[2]!r} where a number belongs" if broken else None
    testing = line.split == "test" if line.split or line.counted else testing
    return Plan(cells=cells, testing=testing, counter=line.counter, refuse=refuse)


def _number(line: _Line, texts: tuple[str, ...], at: int, before: str, testing: bool, wanted: frozenset[str]) -> int:
    """Take in the number `at`; returns how many numbers it takes up."""
    after = texts[at + 1]
    if before.strip() == "/" and line.last in ("epoch", "step"):
        if line.last == "step":
            line.add("steps_per_epoch", at, role="steps_per_epoch")
        line.last = f"{line.last} total"
        return 1
    match = KEY.search(before[-80:])
    phrase = match[1] if match else ""
    name, known = _known(phrase, wanted)
    counts = match is not None and match["bracket"] == "[" and phrase.lower() in TEST | VAL | TRAIN
    _note_split(line, before, "" if counts or (known and known.kind != "bare") else phrase)
    if counts or (name is None and line.last in ("epoch", "epoch total") and _within(before, after)):
        return _count(line, texts, at)
    line.last = None
    if name is None:
        return 1
    if known and known.kind in ("epoch", "step"):
        if known.kind == "step" and line.split == "test":
            line.counted, line.counter = True, at if after.strip() == "/" else None
            return 1
        line.counted, line.last = True, known.kind
        line.add("epoch" if known.kind == "epoch" else name, at)
        return 1
    if known and known.kind == "time":
        return _time(line, name, texts, at)
    return _value(line, name, known, texts, at, testing)


def _value(line: _Line, name: str, known: Meaning | None, texts: tuple[str, ...], at: int, testing: bool) -> int:
    """A loss, an accuracy, a rate or what the reader wants; of `1.2 (1.3)` the mean counts, and of losses both."""
    split = (known.split if known else None) or line.split or ("test" if testing and not line.counted else None)
    test = split in ("test", "val")
    named = known is None or known.split or known.kind not in ("loss", "accuracy", "error") or not split
    column = name if named else f"{split} {name}"
    if not _has_mean(texts, at):
        line.add(column, at, test=test)
        return 1
    if known and known.kind == "loss" and not test:
        line.add(column, at)
        line.add(f"{column} mean", at + 1, role="epoch_loss", running=True)
    else:
        line.add(column, at + 1, test=test, running=True)
    return 2


def _has_mean(texts: tuple[str, ...], at: int) -> bool:
    """Whether a number has another one in brackets behind it."""
    return len(texts) > at + 2 and MEAN.match(texts[at + 1]) is not None and texts[at + 2].lstrip().startswith(")")


def _known(phrase: str, wanted: frozenset[str]) -> tuple[str | None, Meaning | None]:
    """The longest end of a phrase that means something, and what.

    Nothing where one of its words makes it something else, as in `best loss`, and for `epochs`, a setting.
    """
    words = phrase.split()
    names = [" ".join(words[first:]) for first in range(len(words))]
    if name := next((name for name in names if name in wanted), None):
        return name, meaning(name)
    if set(tokens(phrase)) & OTHER:
        return None, None
    return next(
        ((name, known) for name in names if (known := meaning(name)) and name.lower() != "epochs"), (None, None)
    )


def _note_split(line: _Line, before: str, key: str) -> None:
    """Note the words for training and testing in a text, but for the `key` that is itself one."""
    if set(tokens(key)) & OTHER:
        return
    text = before.rpartition(key)[0] if key and key.lower() in TEST | VAL | TRAIN else before
    for word in WORD.findall(text):
        if split := "test" if word.lower() in TEST | VAL else "train" if word.lower() in TRAIN else None:
            line.first, line.split = line.first or split, split


def _within(before: str, after: str) -> bool:
    """Whether a number behind an epoch counts steps: `[3][50/391]`, `3 [50/391]`, `3: 50/391`."""
    return before.strip() in ("][", "] [") or (before.strip() in ("[", ":", ",", "", "-", "|") and after.strip() == "/")


def _count(line: _Line, texts: tuple[str, ...], at: int) -> int:
    """A counter without a name of its own: of test batches, of images (`[640/60000 (1%)]`), or of an epoch's steps."""
    line.counted = True
    of = texts[at + 1].strip() == "/"
    if line.split == "test":
        line.counter = at if of else None
        return 2 if of else 1
    if of and len(texts) > at + 3 and texts[at + 2].strip() == "(" and texts[at + 3].startswith("%"):
        line.add("images", at, role="images")
        line.add("images of an epoch", at + 1, role="epoch_images")
        return 3
    line.last = "step"
    line.add("batch", at)
    return 1


def _time(line: _Line, name: str, texts: tuple[str, ...], at: int) -> int:
    """A time in seconds, ms or h:mm:ss; the mean in brackets is that of a step."""
    if line.first == "test":
        return 1
    if texts[at + 1].strip() == ":":
        clock = 3 if texts[at + 2 : at + 3] and texts[at + 2].strip() == ":" else 2
        line.add(name, at, clock=clock)
        return clock
    if _has_mean(texts, at):
        line.add(f"{name} mean", at + 1, role="step_s")
        return 2
    unit = re.match(r"[a-z/]*", texts[at + 1])[0]
    if unit in UNITS:
        line.add(name, at, scale=UNITS[unit])
    return 1


def _is_value(cell: Cell, wanted: frozenset[str]) -> bool:
    """Whether a cell is more than a counter or a time."""
    known = meaning(cell.name)
    return (
        cell.name in wanted
        or cell.role == "epoch_loss"
        or (known is not None and known.kind in ("loss", "accuracy", "error", "lr", "bare"))
    )
