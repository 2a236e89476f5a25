"""The labelled set that a teacher makes of unlabelled images: K images of each class, P classes of each image.

The procedure of Yalniz et al. 2019 (arXiv 1905.00546) between teacher and student. Of each image the scores of
its P most probable classes are kept; within each class the images that kept it are ranked by that score, and
the first K get the class as their label. An image can be among the first K of up to P classes, and then has
several labels.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from compute import ComputeError


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The labelled set, one entry a label, by class and rank.

    class_id, rank (from 1 within its class) and image are integers, score is a float, all of shape (entries,).
    """

    class_id: np.ndarray
    rank: np.ndarray
    image: np.ndarray
    score: np.ndarray

    def first(self, k: int) -> "Selection":
        """The selection for a smaller K."""
        within = self.rank <= k
        return Selection(
            class_id=self.class_id[within], rank=self.rank[within], image=self.image[within], score=self.score[within]
        )


def kept(scores: np.ndarray, p: int) -> np.ndarray:
    """Which `p` classes each image keeps: bool, images x classes; of equal scores that of the lower class."""
    classes = scores.shape[1]
    lowest = np.partition(scores, classes - p, axis=1)[:, classes - p, None]
    above, equal = scores > lowest, scores == lowest
    return above | (equal & (equal.cumsum(axis=1) <= p - above.sum(axis=1, keepdims=True)))


def select(chunks: Iterable[np.ndarray], *, k: int, p: int) -> Selection:
    """The K best images of each class among those that keep it, from scores in chunks of images x classes.

    Images are numbered through all chunks. Of equal scores the image that comes first wins. A class that fewer
    than K images keep takes all of those. Memory is that of a chunk and of some 2 K entries a class, whatever
    the number of images. Raises ComputeError for an impossible K or P, and for chunks of different widths.
    """
    if k < 1:
        raise ComputeError(f"K is {k}; it must be at least 1")
    best, pending, pending_entries, seen = empty_selection(), [], 0, 0
    lowest_needed: np.ndarray | None = None  # for each class: the score above which an image is among its K best
    for scores in chunks:
        if lowest_needed is None and scores.ndim == 2:
            lowest_needed = np.full(scores.shape[1], -np.inf)
        if lowest_needed is None or scores.ndim != 2 or scores.shape[1] != len(lowest_needed):
            width = "classes" if lowest_needed is None else len(lowest_needed)
            raise ComputeError(f"scores of shape {scores.shape} do not fit; they must be images x {width}")
        classes = len(lowest_needed)
        if not 1 <= p <= classes:
            raise ComputeError(f"P is {p}; it must lie between 1 and the number of classes, {classes}")
        image, class_id = np.nonzero(kept(scores, p))
        score = scores[image, class_id]
        # a later image loses against an equal score, so only what is above the K-th score of a class can be taken
        candidate = score > lowest_needed[class_id]
        pending.append((class_id[candidate], image[candidate] + seen, score[candidate]))
        pending_entries += int(candidate.sum())
        seen += len(scores)
        if pending_entries > k * classes:
            best, pending, pending_entries = merged(best, pending, k), [], 0
            full = best.rank == k
            lowest_needed[best.class_id[full]] = best.score[full]
    return merged(best, pending, k)


def merged(best: Selection, pending: list[tuple[np.ndarray, np.ndarray, np.ndarray]], k: int) -> Selection:
    """The first `k` of each class among `best` and the entries of `pending` (class, image, score)."""
    columns = zip((best.class_id, best.image, best.score), *pending, strict=True)
    class_id, image, score = (np.concatenate(column) for column in columns)
    order = np.lexsort((image, -score, class_id))
    class_id, image, score = class_id[order], image[order], score[order]
    starts = np.flatnonzero(np.diff(class_id, prepend=-1))
    rank = np.arange(len(class_id)) - np.repeat(starts, np.diff(np.append(starts, len(class_id)))) + 1
    return Selection(class_id=class_id, rank=rank, image=image, score=score).first(k)


def empty_selection() -> Selection:
    """A selection without entries."""
    none = np.empty(0, dtype=np.int64)
    return Selection(class_id=none, rank=none, image=none, score=np.empty(0, dtype=np.float32))
