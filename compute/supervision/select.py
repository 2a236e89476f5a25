"""Which unlabelled images become a labelled set: the P best classes of each image, then the K best images of each class.

The procedure of Yalniz et al. 2019 (arXiv 1905.00546) between teacher and student: the scores of
the P classes that the teacher finds most probable are kept for each image, within each class the
images that kept it are ranked by that score, and the first K get the class as their label. An image
is taken by up to P classes, and then has several labels.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from compute import ComputeError


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The labelled set: int class_id, int rank (from 1 within its class), int image, float score, all of shape (entries,), by class and rank."""

    class_id: np.ndarray
    rank: np.ndarray
    image: np.ndarray
    score: np.ndarray

    def first(self, k: int) -> "Selection":
        """The selection with a smaller K."""
        mine = self.rank <= k
        return Selection(class_id=self.class_id[mine], rank=self.rank[mine], image=self.image[mine], score=self.score[mine])


def kept(scores: np.ndarray, p: int) -> np.ndarray:
    """Which classes each image keeps: bool, images x classes, with `p` of each row True; of equal scores those of the lower class."""
    classes = scores.shape[1]
    least = np.partition(scores, classes - p, axis=1)[:, classes - p, None]
    above, equal = scores > least, scores == least
    return above | (equal & (equal.cumsum(axis=1) <= p - above.sum(axis=1, keepdims=True)))


def select(chunks: Iterable[np.ndarray], *, k: int, p: int) -> Selection:
    """The K best images of each class among those that keep it, from scores that come in chunks of images x classes.

    Images are numbered through all chunks. Of equal scores the image that comes first wins. A class
    that fewer than K images keep takes all of those. Memory is that of a chunk and of some 2 K entries
    a class, whatever the number of images. Raises ComputeError for an impossible K or P, and for
    chunks that do not fit each other.
    """
    if k < 1:
        raise ComputeError(f"K is {k}; it must be at least 1")
    best, buffer, floor, seen, classes = empty(), [], None, 0, None
    waiting = 0
    for scores in chunks:
        if scores.ndim != 2 or (classes is not None and scores.shape[1] != classes):
            raise ComputeError(f"scores of shape {scores.shape} do not fit; they must be images x {classes or 'classes'}")
        classes = scores.shape[1]
        if not 1 <= p <= classes:
            raise ComputeError(f"P is {p}; it must lie between 1 and the number of classes, {classes}")
        floor = np.full(classes, -np.inf) if floor is None else floor
        image, class_id = np.nonzero(kept(scores, p))
        score = scores[image, class_id]
        # an image that comes later loses against an equal score, so only what is above a full class's last is of use
        of_use = score > floor[class_id]
        buffer.append((class_id[of_use], image[of_use] + seen, score[of_use]))
        waiting += int(of_use.sum())
        seen += len(scores)
        if waiting > k * classes:
            best, buffer, waiting = merge(best, buffer, k), [], 0
            full = best.rank == k
            floor[best.class_id[full]] = best.score[full]
    return merge(best, buffer, k)


def merge(best: Selection, more: list[tuple[np.ndarray, np.ndarray, np.ndarray]], k: int) -> Selection:
    """The first `k` of each class among `best` and `more` (class, image, score)."""
    class_id, image, score = (np.concatenate(parts) for parts in zip((best.class_id, best.image, best.score), *more, strict=True))
    order = np.lexsort((image, -score, class_id))
    class_id, image, score = class_id[order], image[order], score[order]
    begins = np.flatnonzero(np.diff(class_id, prepend=-1))
    rank = np.arange(len(class_id)) - np.repeat(begins, np.diff(np.append(begins, len(class_id)))) + 1
    return Selection(class_id=class_id, rank=rank, image=image, score=score).first(k)


def empty() -> Selection:
    """Nothing selected yet."""
    none = np.empty(0, dtype=np.int64)
    return Selection(class_id=none, rank=none, image=none, score=np.empty(0, dtype=np.float32))
