"""A teacher's selections as rows of the store's tables: labels, spread of features, a long-tailed pool, pictures."""

import numpy as np
import torch
from torch import Tensor

from compute.core.supervision import PICTURES_AT_EACH_END, ZIPF_EXPONENT
from compute.data import png
from compute.supervision.selection import Selection, select
from compute.supervision.subsets import long_tail, zipf_sizes

CHUNK = 8192  # images whose scores are taken in at once
DOUBLE_PICTURES = 8  # images with two labels of which pictures are kept, for each K and P
SCORE_DIGITS = 5


def selection_of(scores: np.ndarray, k: int, p: int) -> Selection:
    """The selection from scores, images x classes, taken in by chunks."""
    return select(np.array_split(scores, max(1, len(scores) // CHUNK)), k=k, p=p)


def selected_rows(selection: Selection, p: int, rows: Tensor, labels: Tensor) -> list[dict]:
    """Rows of the table `selected`; `rows` are the pool's row numbers in the train split, `labels` its true labels."""
    image = rows[torch.from_numpy(selection.image)]
    scores = [round(min(1.0, score), SCORE_DIGITS) for score in selection.score.tolist()]
    entries = zip(
        selection.class_id.tolist(),
        selection.rank.tolist(),
        image.tolist(),
        scores,
        labels[image].tolist(),
        strict=True,
    )
    columns = ("p", "class_id", "rank", "image", "score", "true_id")
    return [dict(zip(columns, (p, *entry), strict=True)) for entry in entries]


def feature_spread(selection: Selection, features: np.ndarray, true_id: np.ndarray) -> float:
    """Root mean square distance of features (images x channels) from their class's mean, mean over the classes.

    Only images whose label is their `true_id` (one for each row of `features`) count: others are far from their
    class's mean because they are wrong. 0 where there are none.
    """
    distances, correct = [], true_id[selection.image] == selection.class_id
    for class_id in np.unique(selection.class_id[correct]):
        members = features[selection.image[correct & (selection.class_id == class_id)]]
        distances.append(float(np.sqrt(np.mean(np.sum((members - members.mean(axis=0)) ** 2, axis=1)))))
    return float(np.mean(distances)) if distances else 0.0


def long_tailed_rows(
    scores: np.ndarray, true_id: Tensor, ks: tuple[int, ...], ps: tuple[int, ...], seed: int
) -> list[dict]:
    """Rows of the table `long_tailed`: the selection from a part of the pool whose classes are Zipf-distributed."""
    sizes = zipf_sizes(int(torch.bincount(true_id).min()), scores.shape[1], ZIPF_EXPONENT, seed)
    pool = long_tail(true_id, sizes)
    true_of, rarest, rows = true_id[pool].numpy(), int(np.argmin(sizes)), []
    for p in ps:
        longest = selection_of(scores[pool.numpy()], max(ks), p)
        for k in ks:
            selection = longest.first(k)
            correct, is_rarest = true_of[selection.image] == selection.class_id, selection.class_id == rarest
            rows.append(
                {
                    "p": p,
                    "k": k,
                    "labels": len(correct),
                    "correct": int(correct.sum()),
                    "rarest_images": min(sizes),
                    "rarest_labels": int(is_rarest.sum()),
                    "rarest_correct": int(correct[is_rarest].sum()),
                }
            )
    return rows


def picture_rows(
    selections: dict[int, Selection], ks: tuple[int, ...], rows: Tensor, train_images: Tensor
) -> list[dict]:
    """Rows of the table `pictures`: the images at both ends of each class's ranking, and some that have two labels.

    They are taken for each K and P; `selections` are by P, `rows` are the pool's row numbers among
    `train_images`, uint8 N x C x H x W.
    """
    shown: set[int] = set()
    for longest in selections.values():
        for k in ks:
            selection = longest.first(k)
            ranks_below = np.bincount(selection.class_id)[selection.class_id] - selection.rank
            at_an_end = (selection.rank <= PICTURES_AT_EACH_END) | (ranks_below < PICTURES_AT_EACH_END)
            image, labels = np.unique(selection.image, return_counts=True)
            shown |= {*selection.image[at_an_end].tolist(), *image[labels > 1][:DOUBLE_PICTURES].tolist()}
    train_rows = sorted(int(rows[image]) for image in shown)
    return [{"image": row, "png": png(train_images[row])} for row in train_rows]
