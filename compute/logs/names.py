"""What the name of a column, or the word before a number, stands for."""

import re
from dataclasses import dataclass
from functools import lru_cache

TRAIN = {"train", "training", "tr", "trn"}
TEST = {"test", "testing"}
VAL = {"val", "valid", "validation", "validating", "eval", "evaluation", "evaluate", "dev"}
LOSS = {"loss", "losses", "nll", "xent", "ce", "crossentropy", "objective"}
ACCURACY = {"acc", "accuracy", "acc1", "acc@1", "accuracy@1", "prec1", "prec@1", "top1", "top@1"}
ERROR = {"err", "error", "err1", "err@1", "error1", "error@1"}
LR = {"lr", "learning", "rate", "learningrate"}
EPOCH = {"epoch", "epochs", "ep"}
# of several counters that with the smallest number is meant
STEP = {"step": 1, "steps": 1, "iteration": 2, "iterations": 2, "iter": 3, "iters": 3, "it": 3}
STEP |= {"update": 3, "updates": 3, "batch": 4, "batches": 4, "minibatch": 4}
ELAPSED = {"elapsed", "runtime", "timestamp", "walltime", "wall"}
TIME = ELAPSED | {"time", "times", "seconds", "secs", "sec", "duration"}

# a name with one of these says something else: a best value so far, a part of the time, a configuration
OTHER = {"best", "max", "min", "ema", "std", "var", "norm", "grad", "size", "num", "decay"}
OTHER |= {"remaining", "eta", "arrival", "fetch", "data", "load", "loading", "samples", "images", "img"}
# words that leave the meaning of a loss, an accuracy, a rate or a counter as it is
SMOOTHED = {"avg", "average", "mean", "running", "smoothed"}
PLAIN = SMOOTHED | set(STEP) | {"epoch", "total", "current", "cross", "entropy"}
PLAIN_ACCURACY = PLAIN | {
    "top",
    "1",
    "sparse",
    "categorical",
    "binary",
    "multiclass",
    "percent",
    "pct",
    "score",
    "rate",
}
PLAIN_LR = set(STEP) | {"epoch", "current", "group", "param", "0"}
PLAIN_STEP = {"global", "current", "idx", "index", "id", "i", "trainer"}
JOINED = re.compile(r"^(train|training|tr|test|val|valid|validation|eval)(loss|acc|accuracy|err|error)$")


@dataclass(frozen=True)
class Meaning:
    """What a name stands for.

    `kind`: loss, accuracy, error, lr, step, epoch, time, or bare for a split's name alone. `split`:
    train, test, val or None where the name does not say. `per`: step, epoch or elapsed where it says. Of
    several names with one meaning that with the smallest `rank` is meant.
    """

    kind: str
    split: str | None = None
    per: str | None = None
    rank: int = 0


@lru_cache(maxsize=4096)
def meaning(name: str) -> Meaning | None:
    """What a name stands for; None for one that is not known."""
    words = tokens(name)
    kept = set(words)
    if not words or kept & OTHER:
        return None
    split = "test" if kept & TEST else "val" if kept & VAL else "train" if kept & TRAIN else None
    rest = kept - TEST - VAL - TRAIN
    per = "epoch" if "epoch" in rest else "step" if rest & set(STEP) else None
    if not rest:
        return Meaning("bare", split) if len(words) == 1 else None
    if rest & LOSS or {"cross", "entropy"} <= rest:
        rank = 2 if rest & SMOOTHED else 1 if "total" in rest else 0
        return Meaning("loss", split, per, rank) if rest <= LOSS | PLAIN else None
    if rest & (ACCURACY | ERROR) or {"top", "1"} <= rest:
        kind = "error" if rest & ERROR else "accuracy"
        return Meaning(kind, split, per, int(per == "step")) if rest <= ACCURACY | ERROR | PLAIN_ACCURACY else None
    if (rest & LR - {"rate"} and rest <= LR | PLAIN_LR) or name.lower().startswith("lr-"):  # Lightning's lr-SGD
        return Meaning("lr", split, per)
    if rest & EPOCH and rest <= EPOCH | {"current"}:
        return Meaning("epoch", split, rank=int("epochs" in rest))
    if rest & set(STEP) and rest <= set(STEP) | PLAIN_STEP:
        return Meaning("step", split, rank=0 if "global" in rest else min(STEP[word] for word in rest & set(STEP)))
    if (rest & TIME or (words[-1] == "s" and len(words) > 1)) and split in (None, "train"):
        rank = {"epoch": 0, "step": 2}.get(per, 1)
        return Meaning("time", split, per or ("elapsed" if rest & ELAPSED else None), rank)
    return None


def tokens(name: str) -> list[str]:
    """The words of a name in lower case, `trainLoss` and `train_loss` alike."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = []
    for word in re.findall(r"[a-z0-9@]+", name.lower()):
        joined = JOINED.match(word)
        words += joined.groups() if joined else [word]
    return words
